//! From a score to a p-value and a verdict, by the scores of normal items.

use std::num::NonZeroUsize;

use serde::{Deserialize, Serialize};

use super::threshold::{ScoredP, ThresholdRule, score_at};
use crate::AnalysisError;
use crate::error::{check_enough, check_scores};

/// The largest number of scores that are stored of the distribution.
const KEPT: usize = 1000;
/// If there are more scores, this many of the largest are all kept, because p-values are small there.
const KEPT_LARGEST: usize = 500;

/// The distribution of normal items' scores (the calibration set), and the score above which an item is an
/// anomaly.
///
/// The scores must come from a scorer that was not fitted to the same items, as those of
/// [`LeaveOneOut`](crate::LeaveOneOut) do. Then an item's p-value is the estimated probability that a normal
/// item scores as high or higher. Of `n` scores, the `k`-th largest has the p-value `k / (n + 1)`, the expected
/// value for an order statistic (Hyndman and Fan 1996, definition 6; Weibull). Between two scores the p-value is
/// interpolated, which is exact for uniform scores and slightly too large in the long tails of others (Hutson
/// 1999, "Calculating nonparametric confidence intervals for quantiles using fractional order statistics").
/// Above all scores it is `1 / (n + 1)`, never 0 (Phipson and Smyth 2010); below all scores it is 1. An item that
/// ties with several scores counts all of them as larger.
///
/// The threshold is the score whose p-value equals the rule's alarm rate: an item is an anomaly if its p-value is
/// smaller. If `n` is too small for that ([`ThresholdRule::fewest_scores`]), it is the largest score.
///
/// The largest of several scores has their number times its p-value, at most 1 (the bound of Bonferroni; Dunn 1961,
/// "Multiple comparisons among means"). The bound holds for any dependence between the scores, and is conservative if
/// they are correlated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    rule: ThresholdRule,
    items: usize,
    threshold: f64,
    /// In rising order.
    quantiles: Vec<f64>,
    /// The p-value of each quantile. Fits of earlier versions have none; their p-values are counted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    p_values: Vec<f64>,
}

impl Calibration {
    /// Fits threshold and p-values to scores.
    ///
    /// # Errors
    /// If there are fewer than 3 scores, one is not finite, or the rule's number is out of its range.
    pub fn fit(scores: &[f64], rule: ThresholdRule) -> Result<Self, AnalysisError> {
        rule.check()?;
        check_enough(scores.len())?;
        check_scores(scores)?;
        let mut sorted = scores.to_vec();
        sorted.sort_by(f64::total_cmp);
        let places = thinned(places(&sorted));
        Ok(Self {
            rule,
            items: sorted.len(),
            threshold: score_at(&places, rule.alarm_rate()),
            quantiles: places.iter().map(|place| place.score).collect(),
            p_values: places.iter().map(|place| place.p_value).collect(),
        })
    }

    /// The rule that chose the threshold.
    pub fn rule(&self) -> ThresholdRule {
        self.rule
    }

    /// The number of scores of the fit.
    pub fn items(&self) -> usize {
        self.items
    }

    /// The largest score that is normal.
    pub fn threshold(&self) -> f64 {
        self.threshold
    }

    /// The largest normal score where a score is the largest of several: that whose p-value times their number equals
    /// the alarm rate, or the largest score of the fit if there are too few for that.
    pub fn threshold_of_largest(&self, scores: NonZeroUsize) -> f64 {
        if scores.get() == 1 {
            return self.threshold;
        }
        let all = (1 + self.quantiles.len()) as f64;
        let counted = |place: usize| (1 + self.quantiles.len() - place) as f64 / all;
        let p_value = |place| self.p_values.get(place).copied().unwrap_or_else(|| counted(place));
        let places = self.quantiles.iter().enumerate();
        let places: Vec<ScoredP> =
            places.map(|(place, &score)| ScoredP { score, p_value: p_value(place) }).collect();
        score_at(&places, self.rule.alarm_rate() / scores.get() as f64)
    }

    /// The probability that the largest of so many normal items' scores is as large or larger, at most 1; see
    /// [`Calibration`].
    ///
    /// # Errors
    /// If the score is not finite.
    pub fn p_value_of_largest(
        &self,
        score: f64,
        scores: NonZeroUsize,
    ) -> Result<f64, AnalysisError> {
        Ok((self.p_value(score)? * scores.get() as f64).min(1.0))
    }

    /// Whether its numbers are possible. Check this after reading it from a file: there must be quantiles, finite
    /// and in order, p-values in order or none, and a finite threshold.
    pub fn is_sound(&self) -> bool {
        let falls = |pair: &[f64]| matches!(pair, [one, next] if one >= next);
        let has_p_values = self.p_values.len() == self.quantiles.len()
            && self.p_values.iter().all(|&p| p > 0.0 && p <= 1.0)
            && self.p_values.windows(2).all(falls);
        !self.quantiles.is_empty()
            && self.threshold.is_finite()
            && self.quantiles.iter().all(|score| score.is_finite())
            && self.quantiles.is_sorted()
            && (has_p_values || self.p_values.is_empty())
    }

    /// Whether a score is that of an anomaly.
    ///
    /// # Errors
    /// If it is not finite.
    pub fn is_anomaly(&self, score: f64) -> Result<bool, AnalysisError> {
        check_scores(&[score])?;
        Ok(score > self.threshold)
    }

    /// The probability of a score as large or larger for a normal item, above 0 and at most 1; see
    /// [`Calibration`]. For fits of earlier versions it is `(1 + k) / (1 + n)`, with `k` of the `n` quantiles at
    /// or above the score.
    ///
    /// # Errors
    /// If the score is not finite.
    pub fn p_value(&self, score: f64) -> Result<f64, AnalysisError> {
        check_scores(&[score])?;
        let below = self.quantiles.partition_point(|&quantile| quantile < score);
        if self.p_values.is_empty() {
            let quantiles = self.quantiles.len();
            return Ok((1 + quantiles - below) as f64 / (1 + quantiles) as f64);
        }
        let place = |index: usize| {
            let p_value = self.p_values.get(index).copied();
            self.quantiles
                .get(index)
                .zip(p_value)
                .map(|(&score, p_value)| ScoredP { score, p_value })
        };
        let lower = below.checked_sub(1).and_then(place);
        Ok(match (lower, place(below)) {
            (Some(lower), Some(upper)) => {
                let part = (score - lower.score) / (upper.score - lower.score);
                lower.p_value + part * (upper.p_value - lower.p_value)
            }
            (None, Some(first)) if score == first.score => first.p_value,
            (None, _) => 1.0,
            (Some(last), None) => last.p_value,
        })
    }
}

/// The p-value of each score, of scores in rising order. A score that several items have is there twice: with the
/// p-value of the tie, and with the p-value just above it.
fn places(sorted: &[f64]) -> Vec<ScoredP> {
    let all = (sorted.len() + 1) as f64;
    let mut as_large = sorted.len();
    let mut places = Vec::with_capacity(sorted.len());
    for group in sorted.chunk_by(|one, next| one == next) {
        let score = group[0];
        if group.len() > 1 {
            places.push(ScoredP { score, p_value: (as_large + 1) as f64 / all });
        }
        as_large -= group.len();
        places.push(ScoredP { score, p_value: (as_large + 1) as f64 / all });
    }
    places
}

/// At most [`KEPT`] scores: the largest, and the others at equal distances.
fn thinned(places: Vec<ScoredP>) -> Vec<ScoredP> {
    if places.len() <= KEPT {
        return places;
    }
    let (smaller, largest) = places.split_at(places.len() - KEPT_LARGEST);
    let kept = KEPT - KEPT_LARGEST;
    let spread = (0..kept).map(|i| smaller[i * (smaller.len() - 1) / (kept - 1)]);
    spread.chain(largest.iter().copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCORES: [f64; 8] = [3.0, 1.0, 4.0, 1.5, 5.0, 9.0, 2.0, 6.0];

    #[test]
    fn the_threshold_is_numpys_weibull_quantile() {
        // np.quantile([3, 1, 4, 1.5, 5, 9, 2, 6], [0.85, 0.5, 0.99], method="weibull")
        for (rule, expected) in [
            (ThresholdRule::Contamination(0.15), 7.95),
            (ThresholdRule::Contamination(0.5), 3.5),
            (ThresholdRule::Quantile(0.99), 9.0),
        ] {
            let fitted = Calibration::fit(&SCORES, rule).unwrap();
            assert!((fitted.threshold() - expected).abs() < 1e-12, "{}", fitted.threshold());
            assert!(fitted.is_anomaly(9.1).unwrap());
            assert!(!fitted.is_anomaly(fitted.threshold()).unwrap());
            assert!(fitted.is_sound());
        }
    }

    #[test]
    fn p_values_interpolate_between_order_statistics() {
        let scores: Vec<f64> = (1..=99).map(f64::from).collect();
        let fitted = Calibration::fit(&scores, ThresholdRule::Quantile(0.99)).unwrap();
        for (score, expected) in [
            (100.0, 0.01),
            (99.0, 0.01),
            (98.0, 0.02),
            (98.25, 0.0175),
            (50.0, 0.5),
            (1.0, 0.99),
            (0.5, 1.0),
        ] {
            let found = fitted.p_value(score).unwrap();
            assert!((found - expected).abs() < 1e-12, "{score}: {found}");
        }
        // Of many, the largest keep their own.
        let many: Vec<f64> = (1..20_000).map(|i| f64::from(i) / 20_000.0).collect();
        let fitted = Calibration::fit(&many, ThresholdRule::Quantile(0.9)).unwrap();
        assert!((fitted.threshold() - 0.9).abs() < 1e-9, "{}", fitted.threshold());
        for score in [0.1, 0.5, 0.9, 0.99, 0.9999] {
            assert!((fitted.p_value(score).unwrap() - (1.0 - score)).abs() < 1e-9, "{score}");
        }
    }

    #[test]
    fn an_anomaly_is_what_has_a_smaller_p_value_than_the_alarm_rate() {
        for rule in [ThresholdRule::Quantile(0.7), ThresholdRule::Contamination(0.33)] {
            let fitted = Calibration::fit(&SCORES, rule).unwrap();
            for step in 0..200 {
                let score = f64::from(step) / 20.0;
                let is_unlikely = fitted.p_value(score).unwrap() < rule.alarm_rate() - 1e-9;
                let above = score > fitted.threshold() + 1e-9;
                assert_eq!(is_unlikely, above, "{score}: {}", fitted.threshold());
            }
        }
    }

    #[test]
    fn the_largest_of_several_scores_needs_a_smaller_p_value() {
        let scores: Vec<f64> = (1..=999).map(f64::from).collect();
        let fitted = Calibration::fit(&scores, ThresholdRule::Quantile(0.9)).unwrap();
        let of = |count| NonZeroUsize::new(count).unwrap();
        for (score, count, expected) in
            [(990.0, 1, 0.01), (990.0, 4, 0.04), (990.0, 100, 1.0), (990.0, 101, 1.0)]
        {
            let found = fitted.p_value_of_largest(score, of(count)).unwrap();
            assert!((found - expected).abs() < 1e-12, "{score} of {count}: {found}");
        }
        // 0.1, 0.1 / 4 and 0.1 / 100 of 1000; of more the largest is all there is.
        for (count, expected) in [(1, 900.0), (4, 975.0), (100, 999.0), (1000, 999.0)] {
            let found = fitted.threshold_of_largest(of(count));
            assert!((found - expected).abs() < 1e-9, "{count}: {found}");
        }
        // Of uniform scores of which no two in five are large at once, the bound is exact.
        let uniform = |place: u32| f64::from(place.wrapping_mul(2_654_435_761)) / 2_f64.powi(32);
        let threshold = fitted.threshold_of_largest(of(5)) / 1000.0;
        let groups = (0..10_000_u32).map(|group| (5 * group..5 * group + 5).map(uniform));
        let alarms = groups.filter(|group| group.clone().any(|score| score > threshold)).count();
        assert!((900..=1010).contains(&alarms), "{alarms}");
    }

    #[test]
    fn ties_count_in_full() {
        let fitted =
            Calibration::fit(&[0.0, 0.0, 0.0, 1.0, 2.0, 2.0], ThresholdRule::Quantile(0.5));
        let fitted = fitted.unwrap();
        for (score, sevenths) in
            [(-1.0, 7.0), (0.0, 7.0), (1e-9, 4.0), (1.0, 3.0), (1.5, 3.0), (2.0, 3.0), (2.1, 1.0)]
        {
            let found = fitted.p_value(score).unwrap();
            assert!((found - sevenths / 7.0).abs() < 1e-8, "{score}: {found}");
        }
        // If nothing varies, equal scores are normal and all larger ones are anomalies.
        let fitted = Calibration::fit(&[0.0; 20], ThresholdRule::Quantile(0.99)).unwrap();
        assert_eq!((fitted.threshold(), fitted.p_value(0.0).unwrap()), (0.0, 1.0));
        assert!(fitted.is_anomaly(1e-9).unwrap() && fitted.p_value(1e-9).unwrap() < 0.05);
    }

    #[test]
    fn a_quantile_needs_as_many_scores_as_its_tail_is_rare() {
        for (rule, fewest) in [
            (ThresholdRule::Quantile(0.99), 100),
            (ThresholdRule::Quantile(0.999), 1000),
            (ThresholdRule::Quantile(0.5), 2),
            (ThresholdRule::Contamination(0.02), 50),
        ] {
            assert_eq!(rule.fewest_scores(), fewest, "{rule:?}");
        }
        // np.quantile(np.arange(1, 101), 0.99, method="weibull"); with 99 scores the largest
        let scores: Vec<f64> = (1..=100).map(f64::from).collect();
        let rule = ThresholdRule::Quantile(0.99);
        let threshold = |scores| Calibration::fit(scores, rule).unwrap().threshold();
        assert!((threshold(&scores) - 99.99).abs() < 1e-9);
        assert!((threshold(&scores[..99]) - 99.0).abs() < 1e-9);
        assert_eq!(threshold(&scores[..60]), 60.0);
    }

    #[test]
    fn a_score_that_is_no_number_is_refused() {
        let fitted = Calibration::fit(&SCORES, ThresholdRule::Quantile(0.9)).unwrap();
        for score in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let told = fitted.p_value(score).unwrap_err().to_string();
            assert_eq!(told, format!("the score of item 0 is {score}, expected a finite number"));
            assert!(fitted.is_anomaly(score).is_err());
        }
        let scores = [1.0, 2.0, f64::NAN, 4.0];
        let told = Calibration::fit(&scores, ThresholdRule::Quantile(0.5)).unwrap_err();
        assert_eq!(told.to_string(), "the score of item 2 is NaN, expected a finite number");
    }

    #[test]
    fn a_fit_of_an_earlier_version_counts_as_it_did() {
        let json =
            r#"{"rule":{"quantile":0.5},"items":3,"threshold":2.0,"quantiles":[1.0,2.0,4.0]}"#;
        let fitted: Calibration = serde_json::from_str(json).unwrap();
        assert!(fitted.is_sound());
        for (score, quarters) in [(0.0, 4.0), (1.0, 4.0), (1.5, 3.0), (4.0, 2.0), (5.0, 1.0)] {
            assert_eq!(fitted.p_value(score).unwrap(), quarters / 4.0, "{score}");
        }
        let kept = serde_json::to_string(&fitted).unwrap();
        assert_eq!(kept, json);
        for unsound in ["0.5", "0.9,0.5,0.6", "1.5,0.5,0.4", "0.5,0.4,0"] {
            let json = json.replace("4.0]", &format!("4.0],\"p_values\":[{unsound}]"));
            let fitted: Calibration = serde_json::from_str(&json).unwrap();
            assert!(!fitted.is_sound(), "{unsound}");
        }
    }

    #[test]
    fn rates_out_of_range_and_too_few_scores_are_refused() {
        for rate in [0.0, -0.1, 0.51, f64::NAN] {
            let error = Calibration::fit(&SCORES, ThresholdRule::Contamination(rate)).unwrap_err();
            assert!(error.to_string().starts_with("the contamination must be above 0"), "{error}");
        }
        for part in [0.0, 1.0, f64::NAN] {
            let error = Calibration::fit(&SCORES, ThresholdRule::Quantile(part)).unwrap_err();
            assert!(error.to_string().starts_with("the quantile must be above 0"), "{error}");
        }
        for few in 0..3 {
            let error = Calibration::fit(&SCORES[..few], ThresholdRule::Quantile(0.5)).unwrap_err();
            assert!(error.to_string().contains("at least 3 normal items"), "{error}");
        }
        assert!(Calibration::fit(&SCORES[..3], ThresholdRule::Quantile(0.5)).is_ok());
    }
}
