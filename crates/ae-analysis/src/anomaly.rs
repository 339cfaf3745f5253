//! Anomaly scores: how far an item is from the normal ones that a model has learned.

use serde::{Deserialize, Serialize};

use crate::shrinkage::Covariance;
use crate::{AnalysisError, Rows};

/// The least variance of a pixel's residual, as a part of the mean variance: a pixel that hardly varies
/// among normals would decide alone.
const VARIANCE_FLOOR: f64 = 0.1;

/// What a score is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum AnomalyScore {
    /// The sum of the squared residuals.
    Squared,
    /// The same, each residual standardised by its pixel's mean and variance among normals.
    Standardised,
    /// The squared Mahalanobis distance of the code from those of normals.
    Latent,
    /// The distance of the code plus the squared residuals over their mean variance: up to a constant
    /// twice the negative log-likelihood of probabilistic PCA (Tipping and Bishop 1999), with the
    /// autoencoder in place of the projection.
    Likelihood,
}

/// A score with what was fitted to normals for it.
///
/// Residuals are reconstruction less input, `n x pixels`; codes are `n x latent`.
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
        /// Its variance, at least a tenth of all pixels' mean.
        variance: Vec<f64>,
    },
    /// See [`AnomalyScore::Latent`].
    Latent {
        /// The codes' distribution.
        codes: Covariance,
    },
    /// See [`AnomalyScore::Likelihood`].
    Likelihood {
        /// The codes' distribution.
        codes: Covariance,
        /// The mean squared residual of a pixel.
        variance: f64,
    },
}

impl AnomalyScorer {
    /// Fits a score to normals, best ones that the model was not trained on.
    ///
    /// # Errors
    /// If there are fewer than two, a number is not finite, or what the score divides by does not vary
    /// at all.
    pub fn fit(score: AnomalyScore, normals: &NormalMoments) -> Result<Self, AnalysisError> {
        Ok(match score {
            AnomalyScore::Squared => Self::Squared {},
            AnomalyScore::Standardised => {
                let (mean, mut variance) = normals.residuals()?;
                let average = variance.iter().sum::<f64>() / variance.len() as f64;
                positive("the residuals of the normal items", average)?;
                variance.iter_mut().for_each(|one| *one = one.max(VARIANCE_FLOOR * average));
                Self::Standardised { mean, variance }
            }
            AnomalyScore::Latent => Self::Latent { codes: normals.codes()? },
            AnomalyScore::Likelihood => {
                let variance = normals.mean_square();
                positive("the residuals of the normal items", variance)?;
                Self::Likelihood { codes: normals.codes()?, variance }
            }
        })
    }

    /// Which score it is.
    pub fn score(&self) -> AnomalyScore {
        match self {
            Self::Squared {} => AnomalyScore::Squared,
            Self::Standardised { .. } => AnomalyScore::Standardised,
            Self::Latent { .. } => AnomalyScore::Latent,
            Self::Likelihood { .. } => AnomalyScore::Likelihood,
        }
    }

    /// Whether it fits a model of so many pixels and code numbers: what one that was read from a file
    /// must be.
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

    /// The score of each item; larger is stranger.
    ///
    /// # Errors
    /// If residuals and codes are not as many, or of another length than those that it was fitted to.
    pub fn scores(&self, residuals: Rows<'_>, codes: Rows<'_>) -> Result<Vec<f64>, AnalysisError> {
        if residuals.len() != codes.len() {
            return Err(AnalysisError::Count { expected: residuals.len(), found: codes.len() });
        }
        let errors = || residuals.iter().map(|residual| self.errors(residual).sum::<f64>());
        match self {
            Self::Squared {} => Ok(errors().collect()),
            Self::Standardised { mean, .. } => {
                residuals.check_columns(mean.len())?;
                Ok(errors().collect())
            }
            Self::Latent { codes: normal } => normal.distances(codes),
            Self::Likelihood { codes: normal, .. } => {
                let distances = normal.distances(codes)?;
                Ok(distances
                    .iter()
                    .zip(errors())
                    .map(|(distance, error)| distance + error)
                    .collect())
            }
        }
    }

    /// Where the error of one item is, a number a pixel: what its score sums, but for the distance of
    /// the code, which is nowhere. Of the latent score, the squared residuals.
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

/// What scores are fitted to, gathered chunk by chunk: sums of the normals' residuals, and their codes.
#[derive(Debug, Clone, PartialEq)]
pub struct NormalMoments {
    items: usize,
    sum: Vec<f64>,
    squares: Vec<f64>,
    codes: Vec<f32>,
    latent: usize,
}

impl NormalMoments {
    /// Of no items yet.
    pub fn new(pixels: usize, latent: usize) -> Self {
        let (sum, squares) = (vec![0.0; pixels], vec![0.0; pixels]);
        Self { items: 0, sum, squares, codes: Vec::new(), latent }
    }

    /// Takes the next normals, in order.
    ///
    /// # Errors
    /// If residuals and codes are not as many or of another length, or a number is not finite.
    pub fn add(&mut self, residuals: Rows<'_>, codes: Rows<'_>) -> Result<(), AnalysisError> {
        residuals.check_columns(self.sum.len())?;
        codes.check_columns(self.latent)?;
        if residuals.len() != codes.len() {
            return Err(AnalysisError::Count { expected: residuals.len(), found: codes.len() });
        }
        residuals.check_finite()?;
        codes.check_finite()?;
        for residual in residuals.iter() {
            let sums = self.sum.iter_mut().zip(&mut self.squares);
            for ((sum, square), value) in sums.zip(residual.iter().map(|&r| f64::from(r))) {
                *sum += value;
                *square += value * value;
            }
        }
        self.codes.extend(codes.values());
        self.items += residuals.len();
        Ok(())
    }

    /// Mean and variance (divided by the number of items) of each pixel's residual.
    fn residuals(&self) -> Result<(Vec<f64>, Vec<f64>), AnalysisError> {
        crate::pca::in_range("the number of normal items", 2, usize::MAX, self.items)?;
        let n = self.items as f64;
        let mean: Vec<f64> = self.sum.iter().map(|sum| sum / n).collect();
        let pixels = self.squares.iter().zip(&mean);
        let variance = pixels.map(|(square, mean)| (square / n - mean * mean).max(0.0)).collect();
        Ok((mean, variance))
    }

    fn mean_square(&self) -> f64 {
        let numbers = self.items.max(1) * self.squares.len();
        self.squares.iter().sum::<f64>() / numbers as f64
    }

    fn codes(&self) -> Result<Covariance, AnalysisError> {
        crate::pca::in_range("the number of normal items", 2, usize::MAX, self.items)?;
        Covariance::fit(Rows::new(&self.codes, self.latent)?)
    }
}

/// Checks that something varies.
fn positive(what: &'static str, variance: f64) -> Result<(), AnalysisError> {
    if variance > 0.0 { Ok(()) } else { Err(AnalysisError::Constant { what }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RESIDUALS: [f32; 8] = [0.5, -0.25, 0.0, 0.125, -0.5, 0.75, 1.0, 0.0];
    const CODES: [f32; 4] = [1.0, 3.0, 2.0, 6.0];

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
    fn what_does_not_vary_has_no_standardised_score() {
        let mut moments = NormalMoments::new(2, 1);
        let same = [0.0_f32; 6];
        moments.add(Rows::new(&same, 2).unwrap(), Rows::new(&same[..3], 1).unwrap()).unwrap();
        for (score, told) in [
            (AnomalyScore::Standardised, "the residuals of the normal items do not vary"),
            (AnomalyScore::Latent, "the codes of the normal items do not vary"),
            (AnomalyScore::Likelihood, "the residuals of the normal items do not vary"),
        ] {
            let error = AnomalyScorer::fit(score, &moments).unwrap_err().to_string();
            assert!(error.starts_with(told), "{error}");
        }
        let scorer = AnomalyScorer::fit(AnomalyScore::Squared, &moments).unwrap();
        let (residuals, codes) = (Rows::new(&same, 2).unwrap(), Rows::new(&same[..3], 1).unwrap());
        assert_eq!(scorer.scores(residuals, codes).unwrap(), [0.0; 3]);
        let few = scorer.scores(residuals, Rows::new(&same[..2], 1).unwrap()).unwrap_err();
        assert_eq!(few.to_string(), "2 items, expected 3");
    }
}
