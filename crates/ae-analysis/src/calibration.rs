//! From a score to a p-value and a label, by the scores of normals.

use serde::{Deserialize, Serialize};

use crate::AnalysisError;

/// Scores that are kept of normals; of more, as many quantiles at equal distances.
const KEPT: usize = 1000;

/// Where the threshold comes from.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ThresholdRule {
    /// The data hold this part of anomalies, above 0 and at most 0.5: they are above the threshold.
    Contamination(f64),
    /// The data are normal, and this part of them, above 0 and below 1, is at or below the threshold.
    Quantile(f64),
}

/// The scores of normals, as quantiles, and the score above which an item is an anomaly.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    rule: ThresholdRule,
    items: usize,
    threshold: f64,
    /// In rising order.
    quantiles: Vec<f64>,
}

impl Calibration {
    /// Fits threshold and quantiles to scores.
    ///
    /// # Errors
    /// If there is no score, one is not finite, or the rule's number is out of its range.
    pub fn fit(scores: &[f64], rule: ThresholdRule) -> Result<Self, AnalysisError> {
        let part = match rule {
            ThresholdRule::Contamination(rate) if rate > 0.0 && rate <= 0.5 => 1.0 - rate,
            ThresholdRule::Quantile(part) if part > 0.0 && part < 1.0 => part,
            ThresholdRule::Contamination(found) => {
                return Err(AnalysisError::Contamination { found });
            }
            ThresholdRule::Quantile(found) => return Err(AnalysisError::Quantile { found }),
        };
        check_finite(scores)?;
        if scores.is_empty() {
            return Err(AnalysisError::NotWholeRows { columns: 1, values: 0 });
        }
        let mut sorted = scores.to_vec();
        sorted.sort_by(f64::total_cmp);
        let threshold = quantile(&sorted, part);
        let items = sorted.len();
        let quantiles = if items <= KEPT {
            sorted
        } else {
            (0..KEPT).map(|i| quantile(&sorted, i as f64 / (KEPT - 1) as f64)).collect()
        };
        Ok(Self { rule, items, threshold, quantiles })
    }

    /// Where the threshold came from.
    pub fn rule(&self) -> ThresholdRule {
        self.rule
    }

    /// How many scores it was fitted to.
    pub fn items(&self) -> usize {
        self.items
    }

    /// The largest score that is normal.
    pub fn threshold(&self) -> f64 {
        self.threshold
    }

    /// Whether there are quantiles, finite and in order, and a finite threshold: what one that was read
    /// from a file must be.
    pub fn is_sound(&self) -> bool {
        !self.quantiles.is_empty()
            && self.threshold.is_finite()
            && self.quantiles.iter().all(|score| score.is_finite())
            && self.quantiles.is_sorted()
    }

    /// Whether a score is that of an anomaly.
    pub fn is_anomaly(&self, score: f64) -> bool {
        score > self.threshold
    }

    /// How probable a score as large or larger is for a normal item: `(1 + k) / (1 + n)`, with `k` of the
    /// `n` quantiles at or above it (Phipson and Smyth 2010: a p-value from samples is never 0).
    pub fn p_value(&self, score: f64) -> f64 {
        let below = self.quantiles.partition_point(|&quantile| quantile < score);
        (1 + self.quantiles.len() - below) as f64 / (1 + self.quantiles.len()) as f64
    }
}

/// A quantile of sorted numbers, linear between the two nearest (NumPy's default).
fn quantile(sorted: &[f64], part: f64) -> f64 {
    let place = part * (sorted.len() - 1) as f64;
    let below = (place as usize).min(sorted.len() - 1);
    let above = (below + 1).min(sorted.len() - 1);
    let (low, high) = (sorted[below], sorted[above]);
    low + (place - below as f64) * (high - low)
}

/// Checks that every score is a finite number.
pub(crate) fn check_finite(scores: &[f64]) -> Result<(), AnalysisError> {
    match scores.iter().position(|score| !score.is_finite()) {
        None => Ok(()),
        Some(row) => Err(AnalysisError::NotFinite { row, column: 0, value: scores[row] as f32 }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_threshold_is_numpys_quantile() {
        // np.quantile([3, 1, 4, 1, 5, 9, 2, 6], [0.9, 0.5, 0.99])
        let scores = [3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0];
        for (rule, expected) in [
            (ThresholdRule::Contamination(0.1), 6.9),
            (ThresholdRule::Contamination(0.5), 3.5),
            (ThresholdRule::Quantile(0.99), 8.79),
        ] {
            let fitted = Calibration::fit(&scores, rule).unwrap();
            assert!((fitted.threshold() - expected).abs() < 1e-12, "{}", fitted.threshold());
            assert!(fitted.is_anomaly(9.0) && !fitted.is_anomaly(fitted.threshold()));
            assert!(fitted.is_sound());
        }
    }

    #[test]
    fn p_values_count_the_normals_that_are_as_strange() {
        let scores: Vec<f64> = (1..=99).map(f64::from).collect();
        let fitted = Calibration::fit(&scores, ThresholdRule::Quantile(0.99)).unwrap();
        for (score, expected) in [(100.0, 0.01), (99.0, 0.02), (50.0, 0.51), (0.0, 1.0)] {
            assert!((fitted.p_value(score) - expected).abs() < 1e-12, "{score}");
        }
        // Quantiles of many scores give nearly the same.
        let many: Vec<f64> = (0..20_000).map(|i| f64::from(i) / 20_000.0).collect();
        let fitted = Calibration::fit(&many, ThresholdRule::Quantile(0.9)).unwrap();
        for score in [0.1, 0.5, 0.9, 0.99] {
            assert!((fitted.p_value(score) - (1.0 - score)).abs() < 0.002, "{score}");
        }
    }

    #[test]
    fn rates_out_of_range_are_refused() {
        for rate in [0.0, -0.1, 0.51, f64::NAN] {
            let error = Calibration::fit(&[1.0], ThresholdRule::Contamination(rate)).unwrap_err();
            assert!(error.to_string().starts_with("the contamination must be above 0"), "{error}");
        }
        for part in [0.0, 1.0, f64::NAN] {
            let error = Calibration::fit(&[1.0], ThresholdRule::Quantile(part)).unwrap_err();
            assert!(error.to_string().starts_with("the quantile must be above 0"), "{error}");
        }
        assert!(Calibration::fit(&[], ThresholdRule::Quantile(0.5)).is_err());
        assert!(Calibration::fit(&[f64::NAN], ThresholdRule::Quantile(0.5)).is_err());
    }
}
