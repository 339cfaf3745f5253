//! What a picture shows: the leaf that is seen at each place, and how leaves look.

use ae_random::Stream;

use super::outline::Outline;
use super::palette::Palette;
use super::texture::{Grain, Textures};
use super::{bell, between, direction};

/// The share of the places that leaves leave open at the end. The rest takes the leaf beside it: the last leaves would be many
/// and cover little.
const OPEN_AT_THE_END: f32 = 0.002;

/// The look of a leaf.
#[derive(Debug, Clone, Copy)]
struct Look {
    colour: [f32; 3],
    /// The lightness that is added: a constant and its growth along the columns and rows.
    shade: [f32; 3],
    grain: Option<Grain>,
}

/// A picture at twice its size: the number of a look for each place, row by row.
#[derive(Debug)]
pub(super) struct Scene {
    width: usize,
    seen: Vec<u32>,
    looks: Vec<Look>,
}

impl Scene {
    /// Leaves fall on the picture, seen from below: a place shows the first leaf that covers it. This is the stationary
    /// distribution of the model (Kendall and Thoennes, "Perfect simulation in stochastic geometry", Pattern Recognition 32,
    /// 1999), and ends when all is covered.
    pub(super) fn drawn(
        [height, width]: [usize; 2],
        textures: &Textures,
        stream: &mut Stream,
    ) -> Self {
        let palette = Palette::drawn(stream);
        let manner = Manner::drawn(height, width, stream);
        let background = manner.background(&palette, stream);
        let mut scene = Self { width, seen: vec![0; height * width], looks: vec![background] };
        let mut open = scene.seen.len();
        let open_at_the_end = (manner.open_share * open as f32) as usize;
        // Every leaf has a chance to cover something. The bound is a guard, far above what is needed.
        for _ in 0..scene.seen.len() + 1000 {
            if open <= open_at_the_end {
                break;
            }
            let (place, radius) = manner.place(height, width, stream);
            let outline = Outline::drawn(radius, stream);
            let look = manner.look(place, radius, &palette, textures, stream);
            open -= scene.cover(&outline, place, radius, look);
        }
        if !manner.has_background {
            scene.close_gaps();
        }
        scene
    }

    /// Covers the open places within an outline, and returns their number.
    fn cover(&mut self, outline: &Outline, [x, y]: [f32; 2], radius: f32, look: Look) -> usize {
        let height = self.seen.len() / self.width;
        let number = self.looks.len() as u32;
        let mut covered = 0;
        for row in clipped(y - radius, y + radius, height) {
            let [low, high] = outline.span(row as f32 + 0.5 - y);
            if low > high {
                continue;
            }
            let columns = clipped(x + low, x + high, self.width);
            for seen in &mut self.seen[row * self.width..][columns] {
                if *seen == 0 {
                    *seen = number;
                    covered += 1;
                }
            }
        }
        if covered > 0 {
            self.looks.push(look);
        }
        covered
    }

    /// Gives open places the leaf to the left, or that to the right at the beginning of a row, or that above.
    fn close_gaps(&mut self) {
        for start in (0..self.seen.len()).step_by(self.width) {
            let (above, row) = self.seen.split_at_mut(start);
            let row = &mut row[..self.width];
            let first = row.iter().copied().find(|&seen| seen != 0);
            let first = first.or_else(|| above.iter().rev().copied().find(|&seen| seen != 0));
            let mut left = first.unwrap_or(0);
            for seen in row {
                if *seen == 0 {
                    *seen = left;
                }
                left = *seen;
            }
        }
    }

    /// The colours of a row of places, as one row for each of the channels: lightness for a grey picture.
    pub(super) fn shade(&self, row: usize, textures: &Textures, channels: &mut [Vec<f32>]) {
        let seen = &self.seen[row * self.width..][..self.width];
        let y = row as f32 + 0.5;
        let mut column = 0;
        for run in seen.chunk_by(|one, other| one == other) {
            let look = &self.looks[run[0] as usize];
            let [constant, slope, down] = look.shade;
            for place in column..column + run.len() {
                let x = place as f32 + 0.5;
                let grain = look.grain.map_or(0.0, |grain| grain.at(textures, x, y));
                let added = constant + slope * x + down * y + grain;
                if let [grey] = channels {
                    grey[place] = lightness(look.colour) + added;
                } else {
                    for (channel, colour) in channels.iter_mut().zip(look.colour) {
                        channel[place] = colour + added;
                    }
                }
            }
            column += run.len();
        }
    }
}

/// ITU-R BT.601, as in the palette's chroma: the lightness that a colour was made of.
fn lightness([red, green, blue]: [f32; 3]) -> f32 {
    0.299 * red + 0.587 * green + 0.114 * blue
}

/// The places whose middles lie between two coordinates, on an axis of this length.
fn clipped(low: f32, high: f32, length: usize) -> std::ops::Range<usize> {
    // A float that is cast is brought into the range of the integer.
    let first = (low - 0.5).ceil().max(0.0) as usize;
    let end = ((high - 0.5).floor() + 1.0).max(0.0) as usize;
    let end = end.min(length);
    first.min(end)..end
}

/// What all leaves of a picture share.
#[derive(Debug)]
struct Manner {
    /// The range of the radii, at twice the picture's size.
    radii: [f32; 2],
    open_share: f32,
    has_background: bool,
    /// The greatest difference of lightness across a leaf.
    shading: f32,
    /// The share of leaves that have a texture, and the greatest amplitude.
    textured: f32,
    roughness: f32,
    /// Light and shadow: what is added to the lightness of a whole leaf by its place.
    zones: Grain,
    side: f32,
}

impl Manner {
    fn drawn(height: usize, width: usize, stream: &mut Stream) -> Self {
        let side = height.max(width) as f32;
        // From one pixel, which is 2 places, to 8; small ones are more frequent.
        let u = stream.uniform();
        let least = (2.0 + 14.0 * u * u * u * u).min(side / 2.0);
        let has_background = stream.below(5) == 0;
        let open_share = if has_background { between(0.2, 0.7, stream) } else { OPEN_AT_THE_END };
        Self {
            radii: [least, side.max(2.0 * least)],
            open_share,
            has_background,
            shading: between(0.02, 0.25, stream),
            textured: between(0.7, 1.0, stream),
            roughness: between(0.03, 0.25, stream),
            zones: Grain::smooth(between(0.0, 0.32, stream), side, stream),
            side,
        }
    }

    /// The centre and the radius of the next leaf: of the density `r^-3`, and uniform among all places from which it reaches
    /// the picture.
    fn place(&self, height: usize, width: usize, stream: &mut Stream) -> ([f32; 2], f32) {
        let [least, greatest] = self.radii;
        let (height, width) = (height as f32, width as f32);
        let area = |radius: f32| (height + 2.0 * radius) * (width + 2.0 * radius);
        loop {
            // If r has the density r^-3, r^-2 is uniform.
            let (high, low) = (1.0 / (least * least), 1.0 / (greatest * greatest));
            let radius = 1.0 / between(low, high, stream).sqrt();
            if stream.uniform() * area(greatest) <= area(radius) {
                let x = between(-radius, width + radius, stream);
                let y = between(-radius, height + radius, stream);
                return ([x, y], radius);
            }
        }
    }

    fn look(
        &self,
        [x, y]: [f32; 2],
        radius: f32,
        palette: &Palette,
        textures: &Textures,
        stream: &mut Stream,
    ) -> Look {
        let colour = palette.colour(self.zones.at(textures, x, y), stream);
        let [right, down] = direction(stream);
        let steepness = self.shading * stream.uniform() / radius.max(8.0) / 2.0;
        let (right, down) = (steepness * right, steepness * down);
        let grain = (stream.uniform() < self.textured).then(|| {
            let u = stream.uniform();
            Grain::drawn(self.roughness * u * (0.2 + 0.8 * u), stream)
        });
        Look { colour, shade: [-right * x - down * y, right, down], grain }
    }

    /// What is seen behind the leaves, out of focus.
    fn background(&self, palette: &Palette, stream: &mut Stream) -> Look {
        let colour = palette.colour(0.0, stream);
        let down = 0.15 * bell(stream) / self.side;
        let grain = Grain::smooth(between(0.01, 0.1, stream), self.side, stream);
        Look { colour, shade: [-0.5 * down * self.side, 0.0, down], grain: Some(grain) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ae_random::Seed;

    /// Without rejection, the share of radii below r is (r_min^-2 - r^-2) / (r_min^-2 - r_max^-2). A leaf is kept with a
    /// probability in proportion to the area from which it reaches the picture, so each kept one counts as 1 / area.
    #[test]
    fn radii_have_the_density_of_the_inverse_cube() {
        let mut stream = Seed::new(5).stream("scene");
        let (height, width) = (300, 200);
        let manner = Manner { radii: [2.0, 300.0], ..Manner::drawn(height, width, &mut stream) };
        let (mut sum, mut below) = (0.0, [0.0; 4]);
        let radii = [2.5_f32, 4.0, 8.0, 30.0];
        for _ in 0..200_000 {
            let (_, radius) = manner.place(height, width, &mut stream);
            let weight =
                1.0 / ((300.0 + 2.0 * f64::from(radius)) * (200.0 + 2.0 * f64::from(radius)));
            sum += weight;
            for (below, bound) in below.iter_mut().zip(radii) {
                *below += if radius < bound { weight } else { 0.0 };
            }
        }
        for (below, radius) in below.into_iter().zip(radii) {
            let inverse_square = |r: f32| 1.0 / f64::from(r * r);
            let expected = (inverse_square(2.0) - inverse_square(radius))
                / (inverse_square(2.0) - inverse_square(300.0));
            // Five standard errors of a share among 200 000.
            let tolerance = 5.0 * (expected * (1.0 - expected) / 200_000.0).sqrt();
            assert!((below / sum - expected).abs() < tolerance, "{radius}: {}", below / sum);
        }
    }

    #[test]
    fn all_places_show_a_leaf_or_the_background() {
        let textures = Textures::drawn(&Seed::new(6).stream("textures"));
        for item in 0..30 {
            let mut stream = Seed::new(6).stream("scene").at(0, item);
            let scene = Scene::drawn([60, 80], &textures, &mut stream);
            assert!(scene.seen.iter().all(|&seen| (seen as usize) < scene.looks.len()));
            let open = scene.seen.iter().filter(|&&seen| seen == 0).count();
            assert!(open == 0 || open * 10 > scene.seen.len(), "{open} places are open");
        }
    }
}
