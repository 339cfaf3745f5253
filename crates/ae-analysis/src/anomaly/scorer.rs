//! Anomaly scores: how far an item is from the normal items that a model has learned.

use serde::{Deserialize, Serialize};

use super::covariance::Covariance;
use crate::error::{check_count, check_scores};
use crate::{AnalysisError, Rows};

/// The kind of an anomaly score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum AnomalyScore {
    /// The sum of the squared residuals.
    Squared,
    /// The same, with each residual standardised by its pixel's mean and variance among normal items.
    Standardised,
    /// The squared Mahalanobis distance of the code from the codes of normal items.
    Latent,
    /// The distance of the code plus the squared residuals over their mean variance. Up to a constant, this is
    /// twice the negative log-likelihood of probabilistic PCA (Tipping and Bishop 1999), with the autoencoder in
    /// place of the projection.
    Likelihood,
}

/// A score with its parameters, fitted to normal items.
///
/// Residuals are reconstruction minus input, `n x pixels`; codes are `n x latent_dim`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "score", rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum AnomalyScorer {
    /// See [`AnomalyScore::Squared`].
    Squared {},
    /// See [`AnomalyScore::Standardised`].
    Standardised {
        /// The mean residual of each pixel.
        mean: Vec<f64>,
        /// Its variance, at least a tenth of the mean over all pixels, and at least 1e-13.
        variance: Vec<f64>,
    },
    /// See [`AnomalyScore::Latent`].
    Latent {
        /// Mean and covariance of the codes.
        codes: Covariance,
    },
    /// See [`AnomalyScore::Likelihood`].
    Likelihood {
        /// Mean and covariance of the codes.
        codes: Covariance,
        /// The mean squared residual of a pixel.
        variance: f64,
    },
}

impl AnomalyScorer {
    /// The kind of the score.
    pub fn score(&self) -> AnomalyScore {
        match self {
            Self::Squared {} => AnomalyScore::Squared,
            Self::Standardised { .. } => AnomalyScore::Standardised,
            Self::Latent { .. } => AnomalyScore::Latent,
            Self::Likelihood { .. } => AnomalyScore::Likelihood,
        }
    }

    /// Whether it belongs to a model of this many pixels and this `latent_dim`. Check this after reading it from a
    /// file.
    pub fn fits(&self, pixels: usize, latent: usize) -> bool {
        match self {
            Self::Squared {} => true,
            Self::Standardised { mean, variance } => {
                mean.len() == pixels
                    && variance.len() == pixels
                    && mean.iter().all(|mean| mean.is_finite())
                    && variance.iter().all(|&one| one.is_finite() && one > 0.0)
            }
            Self::Latent { codes } => codes.fits(latent),
            Self::Likelihood { codes, variance } => codes.fits(latent) && *variance > 0.0,
        }
    }

    /// The score of each item. A larger score is more anomalous.
    ///
    /// # Errors
    /// If residuals and codes differ in number, or in length from those of the fit. [`AnalysisError::Score`] names
    /// the first item whose score is not finite.
    pub fn scores(&self, residuals: Rows<'_>, codes: Rows<'_>) -> Result<Vec<f64>, AnalysisError> {
        check_count("codes", residuals.len(), codes.len())?;
        let errors = || residuals.iter().map(|residual| self.errors(residual).sum::<f64>());
        let scores: Vec<f64> = match self {
            Self::Squared {} => errors().collect(),
            Self::Standardised { mean, .. } => {
                residuals.check_columns(mean.len())?;
                errors().collect()
            }
            Self::Latent { codes: normal } => normal.distances(codes)?,
            Self::Likelihood { codes: normal, .. } => {
                let distances = normal.distances(codes)?;
                distances.iter().zip(errors()).map(|(distance, error)| distance + error).collect()
            }
        };
        check_scores(&scores)?;
        Ok(scores)
    }

    /// The error map of one item, one number for each pixel: the terms of its score, without the distance of the
    /// code, which has no place in the image. For the latent score, the squared residuals.
    pub fn errors<'a>(&'a self, residual: &'a [f32]) -> Box<dyn Iterator<Item = f64> + 'a> {
        let squares = residual.iter().map(|&r| f64::from(r) * f64::from(r));
        match self {
            Self::Squared {} | Self::Latent { .. } => Box::new(squares),
            Self::Likelihood { variance, .. } => Box::new(squares.map(move |s| s / variance)),
            Self::Standardised { mean, variance } => {
                let of_pixel = residual.iter().zip(mean.iter().zip(variance));
                Box::new(of_pixel.map(|(&r, (mean, variance))| {
                    let centred = f64::from(r) - mean;
                    centred * centred / variance
                }))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::normal_moments::NormalMoments;
    use super::*;

    const RESIDUALS: [f32; 8] = [0.5, -0.25, 0.0, 0.125, -0.5, 0.75, 1.0, 0.0];
    const CODES: [f32; 4] = [1.0, 3.0, 2.0, 6.0];
    const FITTED: [AnomalyScore; 3] =
        [AnomalyScore::Standardised, AnomalyScore::Latent, AnomalyScore::Likelihood];

    fn scores(score: AnomalyScore) -> Vec<f64> {
        let (residuals, codes) = (Rows::new(&RESIDUALS, 2).unwrap(), Rows::new(&CODES, 1).unwrap());
        let mut moments = NormalMoments::new(2, 1);
        moments.add(residuals, codes).unwrap();
        AnomalyScorer::fit(score, &moments).unwrap().scores(residuals, codes).unwrap()
    }

    #[test]
    fn scores_are_those_of_numpy() {
        // r = np.array([[.5, -.25], [0, .125], [-.5, .75], [1, 0]]); z = np.array([1, 3, 2, 6.])
        // (r**2).sum(1); ((r - r.mean(0))**2 / r.var(0)).sum(1)
        // d = (z - z.mean())**2 / z.var(); d; d + (r**2).sum(1) / (r**2).mean()
        let near = |found: Vec<f64>, expected: [f64; 4]| {
            for (found, expected) in found.iter().zip(expected) {
                // A covariance has a ridge of a thousand-millionth.
                assert!((found - expected).abs() < 1e-8, "{found} for {expected}");
            }
        };
        near(scores(AnomalyScore::Squared), [0.3125, 0.015625, 0.8125, 1.0]);
        near(
            scores(AnomalyScore::Standardised),
            [1.4158273381294963, 0.20719424460431657, 4.397122302158273, 1.9798561151079137],
        );
        near(
            scores(AnomalyScore::Latent),
            [1.1428571428571428, 0.0, 0.2857142857142857, 2.5714285714285716],
        );
        near(
            scores(AnomalyScore::Likelihood),
            [2.310740354535975, 0.058394160583941604, 3.322210636079249, 6.308654848800835],
        );
    }

    #[test]
    fn chunks_give_the_same_bits_as_all_at_once() {
        let mut whole = NormalMoments::new(2, 1);
        let rows = |values, columns| Rows::new(values, columns).unwrap();
        whole.add(rows(&RESIDUALS, 2), rows(&CODES, 1)).unwrap();
        let mut parts = NormalMoments::new(2, 1);
        parts.add(rows(&RESIDUALS[..6], 2), rows(&CODES[..3], 1)).unwrap();
        parts.add(rows(&RESIDUALS[6..], 2), rows(&CODES[3..], 1)).unwrap();
        assert_eq!(parts, whole);
    }

    #[test]
    fn residuals_that_do_not_vary_are_measured_by_rounding_and_codes_not_at_all() {
        let mut moments = NormalMoments::new(2, 1);
        let same = [0.0_f32; 6];
        let (residuals, codes) = (Rows::new(&same, 2).unwrap(), Rows::new(&same[..3], 1).unwrap());
        moments.add(residuals, codes).unwrap();
        for score in [AnomalyScore::Squared, AnomalyScore::Standardised] {
            let scorer = AnomalyScorer::fit(score, &moments).unwrap();
            assert!(scorer.fits(2, 1));
            assert_eq!(scorer.scores(residuals, codes).unwrap(), [0.0; 3]);
            let other = Rows::new(&[0.0, 0.001], 2).unwrap();
            let code = Rows::new(&[0.0], 1).unwrap();
            assert!(scorer.scores(other, code).unwrap()[0] > 0.0, "{score:?}");
        }
        for score in [AnomalyScore::Latent, AnomalyScore::Likelihood] {
            let error = AnomalyScorer::fit(score, &moments).unwrap_err().to_string();
            assert!(error.starts_with("the codes of the normal items do not vary"), "{error}");
            assert!(error.contains("`squared`"), "{error}");
        }
        let few = AnomalyScorer::Squared {}.scores(residuals, Rows::new(&same[..2], 1).unwrap());
        assert_eq!(few.unwrap_err().to_string(), "expected 3 codes, found 2");
    }

    #[test]
    fn a_score_that_is_no_number_is_an_error_that_names_the_item() {
        let mut moments = NormalMoments::new(2, 1);
        moments.add(Rows::new(&RESIDUALS, 2).unwrap(), Rows::new(&CODES, 1).unwrap()).unwrap();
        let residuals = [0.5, -0.25, 0.0, f32::NAN, f32::INFINITY, 0.0];
        for (score, codes, told) in [
            (AnomalyScore::Squared, [0.0; 3], "item 1 is NaN"),
            (AnomalyScore::Standardised, [0.0; 3], "item 1 is NaN"),
            (AnomalyScore::Likelihood, [0.0; 3], "item 1 is NaN"),
            (AnomalyScore::Latent, [0.0, 1.0, f32::NAN], "item 2 is NaN"),
            (AnomalyScore::Latent, [0.0, f32::INFINITY, 1.0], "item 1 is inf"),
        ] {
            let scorer = AnomalyScorer::fit(score, &moments).unwrap();
            let rows = Rows::new(&residuals, 2).unwrap();
            let error = scorer.scores(rows, Rows::new(&codes, 1).unwrap()).unwrap_err().to_string();
            assert!(error.contains(told), "{score:?}: {error}");
        }
    }

    #[test]
    fn two_normals_are_too_few() {
        for score in FITTED {
            let mut moments = NormalMoments::new(2, 1);
            let rows = |values, columns| Rows::new(values, columns).unwrap();
            moments.add(rows(&RESIDUALS[..4], 2), rows(&CODES[..2], 1)).unwrap();
            let error = AnomalyScorer::fit(score, &moments).unwrap_err().to_string();
            assert!(error.contains("at least 3 normal items, found 2"), "{error}");
        }
    }
}
