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
    /// What stands behind the strength in its text: `name:strength`, and further parameters.
    after: &'static str,
    /// The least strength of the slider.
    least: f64,
    /// The greatest strength of the slider.
    greatest: f64,
    step: f64,
    /// Where the slider begins.
    strength: f64,
}

/// A noise whose strength is a fraction or a standard deviation.
const fn fraction(name: &'static str, label: &'static str, strength: f64) -> OfferedNoise {
    OfferedNoise { name, label, after: "", least: 0.0, greatest: 1.0, step: 0.01, strength }
}

/// A noise whose strength is a peak or a quality.
const fn hundred(name: &'static str, label: &'static str, strength: f64) -> OfferedNoise {
    OfferedNoise { name, label, after: "", least: 1.0, greatest: 100.0, step: 1.0, strength }
}

/// All noises of ae-corruption.
const NOISES: [OfferedNoise; 13] = [
    fraction("gaussian", "Gaussian", 0.5),
    fraction("masking", "Masking", 0.25),
    fraction("salt-and-pepper", "Salt and pepper", 0.1),
    OfferedNoise { greatest: 2.0, step: 0.02, ..fraction("speckle", "Speckle", 0.5) },
    hundred("poisson", "Poisson (peak)", 10.0),
    OfferedNoise { least: 0.1, step: 0.02, ..fraction("occlusion", "Occlusion", 0.4) },
    OfferedNoise { greatest: 5.0, step: 0.1, ..fraction("blur", "Blur", 1.0) },
    OfferedNoise { after: ",0.7", ..fraction("correlated", "Correlated", 0.3) },
    OfferedNoise { after: ",0.05", ..hundred("poisson-gaussian", "Sensor (peak)", 20.0) },
    hundred("jpeg", "JPEG (quality)", 10.0),
    fraction("stripes", "Stripes", 0.2),
    fraction("stains", "Stains", 0.5),
    fraction("uneven-light", "Uneven light", 0.5),
];

/// The noises that suit a format.
pub(crate) fn offered(format: &InputFormat) -> Vec<OfferedNoise> {
    NOISES.into_iter().filter(|noise| noise.suits(format)).collect()
}

impl OfferedNoise {
    /// The text of a strength.
    fn text(&self, strength: f64) -> String {
        format!("{}:{strength}{}", self.name, self.after)
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
