//! The noises that the page offers, with the ranges of its slider.

use ae_apply::check_noise;
use ae_dataset::InputFormat;
use serde::Serialize;

/// A noise of one strength.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct OfferedNoise {
    /// Its name in texts.
    pub(crate) name: &'static str,
    /// What a person calls it.
    label: &'static str,
    /// What stands before the strength in its text.
    before: &'static str,
    /// What stands behind it.
    after: &'static str,
    /// The least strength of the slider.
    least: f64,
    /// The greatest strength of the slider.
    greatest: f64,
    step: f64,
    /// Where the slider begins.
    strength: f64,
}

/// Name, label, text before and after the strength, and the slider: least, greatest, step, first.
type Row = (&'static str, &'static str, &'static str, &'static str, [f64; 4]);

/// All noises of ae-corruption.
const ROWS: [Row; 13] = [
    ("gaussian", "Gaussian", "gaussian:", "", [0.0, 1.0, 0.01, 0.5]),
    ("masking", "Masking", "masking:", "", [0.0, 1.0, 0.01, 0.25]),
    ("salt-and-pepper", "Salt and pepper", "salt-and-pepper:", "", [0.0, 1.0, 0.01, 0.1]),
    ("speckle", "Speckle", "speckle:", "", [0.0, 2.0, 0.02, 0.5]),
    ("poisson", "Poisson (peak)", "poisson:", "", [1.0, 100.0, 1.0, 10.0]),
    ("occlusion", "Occlusion", "occlusion:", "", [0.1, 1.0, 0.02, 0.4]),
    ("blur", "Blur", "blur:", "", [0.0, 5.0, 0.1, 1.0]),
    ("correlated", "Correlated", "correlated:", ",0.7", [0.0, 1.0, 0.01, 0.3]),
    ("poisson-gaussian", "Sensor (peak)", "poisson-gaussian:", ",0.05", [1.0, 100.0, 1.0, 20.0]),
    ("jpeg", "JPEG (quality)", "jpeg:", "", [1.0, 100.0, 1.0, 10.0]),
    ("stripes", "Stripes", "stripes:", "", [0.0, 1.0, 0.01, 0.2]),
    ("stains", "Stains", "stains:", "", [0.0, 1.0, 0.01, 0.5]),
    ("uneven-light", "Uneven light", "uneven-light:", "", [0.0, 1.0, 0.01, 0.5]),
];

/// The noises that suit a format.
pub(crate) fn offered(format: &InputFormat) -> Vec<OfferedNoise> {
    let rows =
        ROWS.iter().map(|&(name, label, before, after, [least, greatest, step, strength])| {
            OfferedNoise { name, label, before, after, least, greatest, step, strength }
        });
    rows.filter(|noise| noise.suits(format)).collect()
}

impl OfferedNoise {
    /// The text of a strength.
    fn text(&self, strength: f64) -> String {
        format!("{}{strength}{}", self.before, self.after)
    }

    fn suits(&self, format: &InputFormat) -> bool {
        let noise = self.text(self.strength).parse();
        noise.is_ok_and(|noise| check_noise(&noise, format).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use ae_corruption::Noise;
    use ae_dataset::ImageShape;

    use super::*;

    #[test]
    fn every_noise_is_offered_in_a_range_that_it_has() {
        let format = InputFormat { shape: ImageShape::grey(28, 28), scaling: None };
        let offered = offered(&format);
        let known = "?".parse::<Noise>().unwrap_err().to_string();
        let names: Vec<&str> = offered.iter().map(|noise| noise.name).collect();
        assert!(known.contains(&names.join(", ")), "{known}\n{names:?}");
        for noise in offered {
            for strength in [noise.least, noise.strength, noise.greatest] {
                assert!(noise.text(strength).parse::<Noise>().is_ok(), "{}", noise.text(strength));
            }
        }
    }

    #[test]
    fn rows_have_no_neighbours() {
        let format =
            InputFormat { shape: ImageShape::grey(1, 4), scaling: Some(Default::default()) };
        let names: Vec<&str> = offered(&format).iter().map(|noise| noise.name).collect();
        assert!(names.contains(&"masking") && !names.contains(&"blur"), "{names:?}");
    }
}
