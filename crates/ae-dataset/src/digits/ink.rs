//! Draws strokes as pixels and places them as in MNIST's images (LeCun, Bottou, Bengio and Haffner, "Gradient-based
//! learning applied to document recognition", 1998, section III.A).

use super::curve::PenPoint;

/// Rows and columns of an image.
pub(super) const SIDE: usize = 28;
/// Rows and columns of the box that a digit fills on its longer side.
const BOX: usize = 20;
/// The width of the fading edge of a stroke, in pixels.
const FADE: f32 = 1.35;

/// Draws strokes into an empty image: scaled to the box, with the centre of mass at the centre of the image.
pub(super) fn draw(strokes: &[Vec<PenPoint>], image: &mut [u8]) {
    let mut canvas = Canvas::empty();
    for stroke in fit(strokes) {
        for ends in stroke.windows(2) {
            canvas.line(ends[0], ends[1]);
        }
    }
    canvas.frame(image);
}

/// The strokes, scaled and moved to the pixels of the box.
fn fit(strokes: &[Vec<PenPoint>]) -> Vec<Vec<PenPoint>> {
    let points = || strokes.iter().flatten();
    let range = |axis: usize| {
        points().fold([f32::INFINITY, f32::NEG_INFINITY], |[low, high], point| {
            [low.min(point[axis]), high.max(point[axis])]
        })
    };
    let ([left, right], [top, bottom], [_, pen]) = (range(0), range(1), range(2));
    let scale = (BOX as f32 - pen) / (right - left).max(bottom - top);
    let middle = BOX as f32 / 2.0;
    let place = |&[x, y, pen]: &PenPoint| {
        [
            middle + scale * (x - 0.5 * (left + right)),
            middle + scale * (y - 0.5 * (top + bottom)),
            pen,
        ]
    };
    strokes.iter().map(|stroke| stroke.iter().map(place).collect()).collect()
}

/// For each pixel of the box, the distance of its centre from the edge of the ink: positive inside, negative outside.
struct Canvas {
    depth: [[f32; BOX]; BOX],
}

impl Canvas {
    fn empty() -> Self {
        Self { depth: [[-FADE; BOX]; BOX] }
    }

    /// Draws a straight line with a round pen whose width may change along it.
    fn line(&mut self, [x0, y0, pen0]: PenPoint, [x1, y1, pen1]: PenPoint) {
        let reach = 0.5 * (pen0.max(pen1) + FADE);
        let (dx, dy) = (x1 - x0, y1 - y0);
        let per_length_squared = 1.0 / (dx * dx + dy * dy).max(1e-6);
        let columns = pixels(x0.min(x1) - reach, x0.max(x1) + reach);
        for row in pixels(y0.min(y1) - reach, y0.max(y1) + reach) {
            let y = row as f32 + 0.5 - y0;
            for column in columns.clone() {
                let x = column as f32 + 0.5 - x0;
                let t = ((x * dx + y * dy) * per_length_squared).clamp(0.0, 1.0);
                let (off_x, off_y) = (x - t * dx, y - t * dy);
                let radius = 0.5 * (pen0 + t * (pen1 - pen0));
                let depth = radius - (off_x * off_x + off_y * off_y).sqrt();
                self.depth[row][column] = self.depth[row][column].max(depth);
            }
        }
    }

    /// Copies the box into the image, moved by whole pixels, so that its centre of mass is at the centre.
    fn frame(&self, image: &mut [u8]) {
        let ink = self.depth.map(|row| row.map(opacity));
        let (mut mass, mut moment_x, mut moment_y) = (0.0, 0.0, 0.0);
        for (y, row) in ink.iter().enumerate() {
            for (x, &ink) in row.iter().enumerate() {
                mass += ink;
                moment_x += ink * x as f32;
                moment_y += ink * y as f32;
            }
        }
        let (left, top) = (margin(moment_x / mass), margin(moment_y / mass));
        for (row, line) in ink.iter().zip(image.chunks_exact_mut(SIDE).skip(top)) {
            for (&ink, pixel) in row.iter().zip(&mut line[left..]) {
                *pixel = (255.0 * ink + 0.5) as u8;
            }
        }
    }
}

/// The opacity of ink, 0 to 1, at a depth inside its edge: a smooth step.
fn opacity(depth: f32) -> f32 {
    let t = (depth / FADE + 0.5).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// The pixels of the box whose centres are between two positions.
fn pixels(from: f32, to: f32) -> std::ops::Range<usize> {
    // Conversion to whole numbers saturates at 0.
    let end = (to + 0.5) as usize;
    (from + 0.5) as usize..end.min(BOX)
}

/// The number of empty pixels before the box that brings its centre of mass to pixel 14 of the image. This is MNIST's
/// centre, half a pixel to the right of and below the middle.
fn margin(centre_of_mass: f32) -> usize {
    let room = SIDE - BOX;
    (((SIDE / 2) as f32 - centre_of_mass + 0.5) as usize).min(room)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row_mass(image: &[u8], row: usize) -> f32 {
        image[row * SIDE..][..SIDE].iter().map(|&pixel| f32::from(pixel) / 255.0).sum()
    }

    #[test]
    fn an_upright_line_fills_the_box_and_is_as_wide_as_the_pen() {
        for pen in [2.0, 3.3, 5.0] {
            let mut image = [0; SIDE * SIDE];
            draw(&[vec![[0.3, 0.0, pen], [0.3, 7.0, pen]]], &mut image);
            let rows: Vec<usize> = (0..SIDE).filter(|&row| row_mass(&image, row) > 0.0).collect();
            // The centre of mass is between two pixels, so either may be at the centre.
            assert!(rows.len() == BOX && (4..=5).contains(&rows[0]), "pen {pen}: {rows:?}");
            assert!((row_mass(&image, 14) - pen).abs() < 0.05, "pen {pen}");
        }
    }

    #[test]
    fn the_scale_and_the_position_of_the_strokes_do_not_matter() {
        let strokes = |scale: f32, shift: f32| {
            let point = |x: f32, y: f32| [scale * x + shift, scale * y - shift, 2.5];
            vec![vec![point(0.0, 1.0), point(2.0, 0.0)], vec![point(1.0, 0.0), point(1.5, 3.0)]]
        };
        let (mut one, mut other) = ([0; SIDE * SIDE], [0; SIDE * SIDE]);
        draw(&strokes(1.0, 0.0), &mut one);
        draw(&strokes(0.25, 8.0), &mut other);
        assert_eq!(one, other);
    }

    #[test]
    fn the_pen_widens_along_a_line() {
        let mut image = [0; SIDE * SIDE];
        draw(&[vec![[0.0, 0.0, 2.0], [0.0, 1.0, 6.0]]], &mut image);
        let widths: Vec<f32> = (8..18).map(|row| row_mass(&image, row)).collect();
        assert!(widths.is_sorted() && widths[9] - widths[0] > 1.5, "{widths:?}");
    }
}
