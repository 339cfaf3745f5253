//! How well scores tell anomalies from normals, whatever the threshold.

use super::calibration::check_scores;
use crate::AnalysisError;

/// Counts above a threshold, for every threshold from the largest score down.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranking {
    /// Normals and anomalies at or above each distinct score.
    counts: Vec<[usize; 2]>,
    normals: usize,
    anomalies: usize,
}

impl Ranking {
    /// Ranks items by their scores; equal scores stay together.
    ///
    /// # Errors
    /// If there are not as many labels as scores, a score is not finite, or all items are of one class.
    pub fn new(scores: &[f64], is_anomaly: &[bool]) -> Result<Self, AnalysisError> {
        if scores.len() != is_anomaly.len() {
            let (expected, found) = (scores.len(), is_anomaly.len());
            return Err(AnalysisError::Count { expected, found });
        }
        check_scores(scores)?;
        let mut items: Vec<(f64, bool)> =
            scores.iter().copied().zip(is_anomaly.iter().copied()).collect();
        items.sort_by(|a, b| b.0.total_cmp(&a.0));
        let (mut counts, mut above) = (Vec::new(), [0; 2]);
        for group in items.chunk_by(|a, b| a.0 == b.0) {
            for &(_, is_anomaly) in group {
                above[usize::from(is_anomaly)] += 1;
            }
            counts.push(above);
        }
        let [normals, anomalies] = above;
        if normals == 0 || anomalies == 0 {
            return Err(AnalysisError::OneClass { normals, anomalies });
        }
        Ok(Self { counts, normals, anomalies })
    }

    /// The area under the ROC curve: how often an anomaly scores above a normal item, ties half (the
    /// statistic of Mann and Whitney 1947).
    pub fn auroc(&self) -> f64 {
        let points = self.roc();
        let pairs = points.iter().zip(points.iter().skip(1));
        pairs.map(|(a, b)| (b.0 - a.0) * f64::midpoint(a.1, b.1)).sum()
    }

    /// The anomalies' part of all items: the average precision of scores without any meaning.
    pub fn share_of_anomalies(&self) -> f64 {
        self.anomalies as f64 / (self.anomalies + self.normals) as f64
    }

    /// The average precision: the mean of the precision over the recall, without interpolation.
    pub fn average_precision(&self) -> f64 {
        let mut last = 0.0;
        let steps = self.precision_recall().into_iter().map(|(recall, precision)| {
            let step = (recall - last) * precision;
            last = recall;
            step
        });
        steps.sum()
    }

    /// The ROC curve: rates of false and of true alarms, from (0, 0) to (1, 1).
    pub fn roc(&self) -> Vec<(f64, f64)> {
        let part = |count: usize, all: usize| count as f64 / all as f64;
        let points = self.counts.iter();
        let points = points.map(|&[false_alarms, found]| {
            (part(false_alarms, self.normals), part(found, self.anomalies))
        });
        std::iter::once((0.0, 0.0)).chain(points).collect()
    }

    /// Recall and precision, by rising recall.
    pub fn precision_recall(&self) -> Vec<(f64, f64)> {
        let points = self.counts.iter().map(|&[false_alarms, found]| {
            (found as f64 / self.anomalies as f64, found as f64 / (found + false_alarms) as f64)
        });
        points.collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn areas_are_those_of_scikit_learn_with_ties() {
        // s = [.1, .4, .35, .8, .4, .7, .1, .9, .4]; y = [0, 0, 1, 1, 1, 0, 0, 1, 0]
        // roc_auc_score(y, s); average_precision_score(y, s)
        let scores = [0.1, 0.4, 0.35, 0.8, 0.4, 0.7, 0.1, 0.9, 0.4];
        let labels = [0, 0, 1, 1, 1, 0, 0, 1, 0].map(|label| label == 1);
        let ranking = Ranking::new(&scores, &labels).unwrap();
        assert!((ranking.auroc() - 0.75).abs() < 1e-12, "{}", ranking.auroc());
        let found = ranking.average_precision();
        assert!((found - 0.7678571428571428).abs() < 1e-12, "{found}");
        // roc_curve(y, s, drop_intermediate=False)[:2]
        let rates = [(0, 0), (0, 1), (0, 2), (1, 2), (3, 3), (3, 4), (5, 4)];
        let expected = rates.map(|(a, b)| (f64::from(a) / 5.0, f64::from(b) / 4.0));
        assert_eq!(ranking.roc(), expected);
    }

    #[test]
    fn one_class_has_no_ranking() {
        let error = Ranking::new(&[1.0, 2.0], &[false, false]).unwrap_err().to_string();
        assert_eq!(error, "2 normal items and 0 anomalies: a ranking needs both");
        assert!(Ranking::new(&[1.0], &[false, true]).is_err());
        assert!(Ranking::new(&[1.0, f64::NAN], &[false, true]).is_err());
        let constant = Ranking::new(&[1.0; 4], &[true, false, false, false]).unwrap();
        assert_eq!((constant.auroc(), constant.average_precision()), (0.5, 0.25));
        assert_eq!(constant.share_of_anomalies(), 0.25);
    }

    proptest! {
        #[test]
        fn the_area_counts_pairs(items in prop::collection::vec((0_u8..6, any::<bool>()), 2..40)) {
            let scores: Vec<f64> = items.iter().map(|item| f64::from(item.0)).collect();
            let labels: Vec<bool> = items.iter().map(|item| item.1).collect();
            let of = |class| items.iter().filter(move |item| item.1 == class).map(|item| item.0);
            let pairs: Vec<f64> = of(true)
                .flat_map(|a| of(false).map(move |n| f64::from(u8::from(a > n)) + f64::from(u8::from(a == n)) / 2.0))
                .collect();
            match Ranking::new(&scores, &labels) {
                Ok(ranking) => {
                    let expected = pairs.iter().sum::<f64>() / pairs.len() as f64;
                    prop_assert!((ranking.auroc() - expected).abs() < 1e-12);
                }
                Err(_) => prop_assert!(pairs.is_empty()),
            }
        }
    }
}
