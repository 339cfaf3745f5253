//! The outlines of leaves: convex shapes around the origin.

use ae_random::Stream;

use super::{between, direction};

/// The most half-planes that bound a polygon.
const MOST_SIDES: usize = 6;

/// A convex outline around the origin.
#[derive(Debug, Clone, Copy)]
pub(super) enum Outline {
    /// The points with `a x^2 + 2 b x y + c y^2 <= 1`.
    Ellipse { a: f32, b: f32, c: f32 },
    /// The points with `n . p <= d` for every side `[n_x, n_y, d]`.
    Polygon([[f32; 3]; MOST_SIDES]),
}

impl Outline {
    /// A random outline within a disc of this radius: a disc, an ellipse or a polygon.
    pub(super) fn drawn(radius: f32, stream: &mut Stream) -> Self {
        match stream.below(8) {
            0..=2 => Self::ellipse(radius, radius, [1.0, 0.0]),
            3 | 4 => {
                let minor = radius * between(0.25, 1.0, stream);
                Self::ellipse(radius, minor, direction(stream))
            }
            _ => Self::polygon(radius, stream),
        }
    }

    /// An ellipse whose major half-axis has this direction.
    fn ellipse(major: f32, minor: f32, [x, y]: [f32; 2]) -> Self {
        let (major, minor) = (1.0 / (major * major), 1.0 / (minor * minor));
        Self::Ellipse {
            a: x * x * major + y * y * minor,
            b: x * y * (major - minor),
            c: y * y * major + x * x * minor,
        }
    }

    /// A rectangle whose corners lie on the circle, or nearer, cut off by two random lines.
    fn polygon(radius: f32, stream: &mut Stream) -> Self {
        let [x, y] = direction(stream);
        let slim = between(0.1, 1.0, stream);
        // Half the sides of a rectangle whose half-diagonal is the radius.
        let long = radius / (1.0 + slim * slim).sqrt();
        let wide = slim * long;
        let mut cut = || {
            let [x, y] = direction(stream);
            [x, y, radius * between(0.3, 1.2, stream)]
        };
        let cuts = [cut(), cut()];
        Self::Polygon([
            [x, y, long],
            [-x, -y, long],
            [-y, x, wide],
            [y, -x, wide],
            cuts[0],
            cuts[1],
        ])
    }

    /// The least and the greatest `x` of the outline at this `y`; the first is the greater one where there is none.
    pub(super) fn span(&self, y: f32) -> [f32; 2] {
        match *self {
            Self::Ellipse { a, b, c } => {
                let discriminant = b * b * y * y - a * (c * y * y - 1.0);
                if discriminant < 0.0 {
                    return [1.0, -1.0];
                }
                let root = discriminant.sqrt();
                [(-b * y - root) / a, (-b * y + root) / a]
            }
            Self::Polygon(sides) => {
                let [mut low, mut high] = [f32::MIN, f32::MAX];
                for [x, slope, distance] in sides {
                    let right = distance - slope * y;
                    if x > 0.0 {
                        high = high.min(right / x);
                    } else if x < 0.0 {
                        low = low.max(right / x);
                    } else if right < 0.0 {
                        return [1.0, -1.0];
                    }
                }
                [low, high]
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ae_random::Seed;

    /// Points inside by the definition, along many lines.
    fn is_inside(outline: &Outline, x: f32, y: f32) -> bool {
        match *outline {
            Outline::Ellipse { a, b, c } => a * x * x + 2.0 * b * x * y + c * y * y <= 1.0,
            Outline::Polygon(sides) => sides.iter().all(|[nx, ny, d]| nx * x + ny * y <= *d),
        }
    }

    #[test]
    fn a_span_holds_the_points_inside_and_no_others() {
        let mut stream = Seed::new(1).stream("outline");
        for _ in 0..300 {
            let outline = Outline::drawn(10.0, &mut stream);
            for line in -60..60 {
                let y = line as f32 / 5.0 + 0.05;
                let [low, high] = outline.span(y);
                for place in -60..60 {
                    let x = place as f32 / 5.0 + 0.05;
                    // Rounding decides within a thousandth of the outline.
                    if (x - low).abs() > 1e-3 && (x - high).abs() > 1e-3 {
                        let inside = is_inside(&outline, x, y);
                        assert_eq!((low..=high).contains(&x), inside, "{outline:?} {x} {y}");
                    }
                }
            }
        }
    }

    #[test]
    fn every_outline_lies_within_its_radius() {
        let mut stream = Seed::new(2).stream("outline");
        for _ in 0..1000 {
            let outline = Outline::drawn(10.0, &mut stream);
            for line in -110..=110 {
                let y = line as f32 / 10.0;
                let [low, high] = outline.span(y);
                if low <= high {
                    let far = low.abs().max(high.abs());
                    assert!((far * far + y * y).sqrt() < 10.01, "{outline:?} at {y}");
                }
            }
        }
    }

    #[test]
    fn a_disc_is_as_wide_as_pythagoras_says() {
        let disc = Outline::ellipse(5.0, 5.0, [0.6, 0.8]);
        let [low, high] = disc.span(3.0);
        assert!((low + 4.0).abs() < 1e-4 && (high - 4.0).abs() < 1e-4, "{low} to {high}");
        let [low, high] = disc.span(5.1);
        assert!(low > high);
    }
}
