//! Opponent colours: brightness and two differences of colours, so that a grey denoiser cleans a colour picture.
//!
//! The colours of a photograph are alike, so their differences are smooth, and noise in them is removed more thoroughly
//! than in the colours themselves. It is the transform of CBM3D (Dabov, Foi, Katkovnik and Egiazarian, "Color image
//! denoising via sparse 3D collaborative filtering with grouping constraint in luminance-chrominance space", ICIP
//! 2007).
//!
//! | plane | value | share of the colours' noise |
//! |---|---|---|
//! | brightness | `(R + G + B) / 3` | `1 / sqrt(3)` |
//! | first difference | `(R - B) / 2 + 1/2` | `1 / sqrt(2)` |
//! | second difference | `(R - 2 G + B) / 4 + 1/2` | `sqrt(6) / 4` |

/// The standard deviation of the noise in each plane, where that in each colour is 1 and independent.
pub(super) const SHARES: [f32; 3] = [0.577_350_26, std::f32::consts::FRAC_1_SQRT_2, 0.612_372_4];

/// Replaces red, green and blue by the three planes, all from 0 to 1 if the colours are.
pub(super) fn from_colours(planes: &mut [f32]) {
    each_pixel(planes, |[red, green, blue]| {
        let brightness = (red + green + blue) / 3.0;
        [brightness, (red - blue) / 2.0 + 0.5, (red - 2.0 * green + blue) / 4.0 + 0.5]
    });
}

/// Replaces the three planes by red, green and blue.
pub(super) fn to_colours(planes: &mut [f32]) {
    each_pixel(planes, |[brightness, first, second]| {
        let (first, second) = (first - 0.5, (second - 0.5) * (2.0 / 3.0));
        [brightness + second + first, brightness - 2.0 * second, brightness + second - first]
    });
}

fn each_pixel(planes: &mut [f32], change: impl Fn([f32; 3]) -> [f32; 3]) {
    let area = planes.len() / 3;
    let (first, others) = planes.split_at_mut(area);
    let (second, third) = others.split_at_mut(area);
    for ((a, b), c) in first.iter_mut().zip(second).zip(third) {
        [*a, *b, *c] = change([*a, *b, *c]);
    }
}

#[cfg(test)]
mod tests {
    use ae_random::Seed;

    use super::*;

    #[test]
    fn there_and_back_is_the_same_picture() {
        let mut stream = Seed::new(1).stream("colours");
        let colours: Vec<f32> = (0..300).map(|_| stream.uniform()).collect();
        let mut planes = colours.clone();
        from_colours(&mut planes);
        assert!(planes.iter().all(|value| (0.0..=1.0).contains(value)));
        to_colours(&mut planes);
        assert!(colours.iter().zip(&planes).all(|(a, b)| (a - b).abs() < 1e-6));
    }

    #[test]
    fn grey_has_no_differences() {
        let mut planes = vec![0.3; 3];
        from_colours(&mut planes);
        assert!(planes.iter().zip([0.3, 0.5, 0.5]).all(|(a, b)| (a - b).abs() < 1e-6));
    }

    #[test]
    fn noise_has_the_stated_share_in_each_plane() {
        let mut planes = vec![0.0; 30_000];
        Seed::new(2).stream("noise").fill_normal(&mut planes);
        from_colours(&mut planes);
        for (plane, share) in planes.chunks(10_000).zip(SHARES) {
            let mean = plane.iter().sum::<f32>() / 10_000.0;
            let variance = plane.iter().map(|x| (x - mean).powi(2)).sum::<f32>() / 10_000.0;
            // Three standard errors of a standard deviation of 10 000 numbers.
            assert!((variance.sqrt() / share - 1.0).abs() < 0.022, "{variance} {share}");
        }
    }
}
