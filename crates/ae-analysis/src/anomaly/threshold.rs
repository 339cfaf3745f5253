//! The threshold: the score above which an item is an anomaly.

use serde::{Deserialize, Serialize};

use crate::AnalysisError;

/// The rule that chooses the threshold.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ThresholdRule {
    /// The data hold this fraction of anomalies, above 0 and at most 0.5. It is the fraction above the threshold.
    Contamination(f64),
    /// The data are normal. This fraction of them, above 0 and below 1, is at or below the threshold.
    Quantile(f64),
}

impl ThresholdRule {
    /// Checks that its number is in its range.
    ///
    /// # Errors
    /// If it is not.
    pub fn check(self) -> Result<(), AnalysisError> {
        match self {
            Self::Contamination(rate) if rate > 0.0 && rate <= 0.5 => Ok(()),
            Self::Quantile(part) if part > 0.0 && part < 1.0 => Ok(()),
            Self::Contamination(found) => Err(AnalysisError::Contamination { found }),
            Self::Quantile(found) => Err(AnalysisError::Quantile { found }),
        }
    }

    /// The fraction of items above the threshold. If all items of the fit are normal, this is the false-alarm
    /// rate.
    pub fn alarm_rate(self) -> f64 {
        match self {
            Self::Contamination(rate) => rate,
            Self::Quantile(part) => 1.0 - part,
        }
    }

    /// The number of scores that the rule needs, `1 / alarm_rate`. With fewer scores, the threshold is about the
    /// largest score, which says little about how rarely normal items exceed it.
    pub fn fewest_scores(self) -> usize {
        // 1 - 0.99 is not quite 0.01.
        (1.0 / self.alarm_rate() * (1.0 - 1e-12)).ceil() as usize
    }
}

/// A score of the calibration set and its p-value.
#[derive(Debug, Clone, Copy)]
pub(super) struct ScoredP {
    pub(super) score: f64,
    pub(super) p_value: f64,
}

/// The score that has this p-value, interpolated, or the largest score if even its p-value is larger.
pub(super) fn score_at(places: &[ScoredP], p_value: f64) -> f64 {
    // 1 - 0.99 is not 0.01: a p-value that equals it but for rounding does.
    let above = places.partition_point(|place| place.p_value > p_value * (1.0 + 1e-12));
    match (above.checked_sub(1).and_then(|below| places.get(below)), places.get(above)) {
        (Some(lower), Some(upper)) => {
            let part = (lower.p_value - p_value) / (lower.p_value - upper.p_value);
            lower.score + part.clamp(0.0, 1.0) * (upper.score - lower.score)
        }
        (None, Some(only)) | (Some(only), None) => only.score,
        (None, None) => f64::NAN,
    }
}
