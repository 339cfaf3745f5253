//! Which direction of a metric is better: the one place that knows.

use serde::Serialize;

/// The better direction of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Better {
    /// An error, a loss or a size.
    Lower,
    /// A quality.
    Higher,
}

impl Better {
    /// The index of the best of some values; the first of equals. Values that are not finite count as missing.
    #[must_use]
    pub fn best(self, values: &[Option<f64>]) -> Option<usize> {
        let known = values.iter().enumerate();
        let known = known.filter_map(|(at, value)| Some((at, value.filter(|it| it.is_finite())?)));
        let best =
            known.reduce(|best, next| if self.is_better(next.1, best.1) { next } else { best });
        best.map(|(at, _)| at)
    }

    /// Whether one value is better than another.
    #[must_use]
    pub fn is_better(self, one: f64, other: f64) -> bool {
        match self {
            Self::Lower => one < other,
            Self::Higher => one > other,
        }
    }
}

/// Words of a metric's name that say that less is better. They win over [`HIGHER`]: `logistic_error` is an error.
const LOWER: [&str; 12] =
    ["bce", "mse", "mae", "sse", "ce", "error", "elbo", "nll", "bytes", "exact", "most", "loss"];
/// Words that say that more is better. `logistic` and `neighbours` are accuracies of classifiers.
const HIGHER: [&str; 9] = [
    "psnr",
    "ssim",
    "gain",
    "auroc",
    "precision",
    "accuracy",
    "trustworthiness",
    "logistic",
    "neighbours",
];
/// Words of metrics that are no measure of quality: properties of the noise, penalties, intervals.
const NEITHER: [&str; 3] = ["noisy", "half", "kl"];

/// Which direction of a metric is better, by its name in curves and records; none if neither is, or if it is not known.
///
/// `val_mse` is better if lower, `val_psnr` if higher. The divergence of a variational code, `val_kl`, is a matter of
/// balance, and `noisy_psnr` is a property of the noise.
#[must_use]
pub fn better(metric: &str) -> Option<Better> {
    let has = |known: &[&str]| metric.split('_').any(|word| known.contains(&word));
    match metric {
        _ if has(&NEITHER) => None,
        _ if has(&LOWER) => Some(Better::Lower),
        _ if has(&HIGHER) => Some(Better::Higher),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::expectation::Bound;
    use crate::spec::Spec;

    /// Whoever wrote `at_most` into an experiment knew that less is better.
    #[test]
    fn the_directions_are_those_of_the_expectations_of_all_experiments() {
        // Of the peers, that a study does not beat: their bounds say that the study measures them rightly.
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ae-studies/experiments");
        let mut compared = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let spec = Spec::read(&entry.unwrap().path()).unwrap();
            for expected in spec.expected {
                let direction = match expected.bound {
                    Bound::AtMost(_) => Better::Lower,
                    Bound::AtLeast(_) => Better::Higher,
                };
                assert_eq!(better(&expected.metric), Some(direction), "{}", expected.metric);
                compared += 1;
            }
        }
        assert!(compared >= 20, "{compared}");
    }

    #[test]
    fn what_is_no_quality_has_no_direction() {
        for metric in
            ["noisy_psnr", "val_kl", "train_kl", "auroc_best_half_width", "bsd68_pictures"]
        {
            assert_eq!(better(metric), None, "{metric}");
        }
        assert_eq!(better("val_ssim"), Some(Better::Higher));
    }

    #[test]
    fn the_best_is_the_first_of_equals_and_never_one_that_is_missing() {
        let values = [None, Some(2.0), Some(f64::NAN), Some(1.0), Some(1.0), Some(f64::INFINITY)];
        assert_eq!(Better::Lower.best(&values), Some(3));
        assert_eq!(Better::Higher.best(&values), Some(1));
        assert_eq!(Better::Higher.best(&[None, Some(f64::NAN)]), None);
    }
}
