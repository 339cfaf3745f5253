//! How well scores separate anomalies from normal items, over all thresholds.

use crate::AnalysisError;
use crate::error::{check_count, check_scores};

/// The number of normal items and anomalies above a threshold, for every threshold.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranking {
    /// Normal items and anomalies at or above each distinct score, from the largest score down.
    counts: Vec<[usize; 2]>,
    normals: usize,
    anomalies: usize,
}

/// A point of a curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CurvePoint {
    /// Horizontal.
    pub x: f64,
    /// Vertical.
    pub y: f64,
}

impl Ranking {
    /// Ranks items by their scores; equal scores stay together.
    ///
    /// # Errors
    /// If scores and labels differ in number, a score is not finite, or all items are of one class.
    pub fn new(scores: &[f64], is_anomaly: &[bool]) -> Result<Self, AnalysisError> {
        check_count("labels", scores.len(), is_anomaly.len())?;
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

    /// The area under the ROC curve: the probability that a random anomaly scores higher than a random normal item;
    /// ties count half (the statistic of Mann and Whitney 1947).
    pub fn auroc(&self) -> f64 {
        let points = self.roc();
        let pairs = points.iter().zip(points.iter().skip(1));
        pairs.map(|(a, b)| (b.x - a.x) * f64::midpoint(a.y, b.y)).sum()
    }

    /// The fraction of anomalies among all items: the average precision of random scores.
    pub fn share_of_anomalies(&self) -> f64 {
        self.anomalies as f64 / (self.anomalies + self.normals) as f64
    }

    /// The average precision: the mean of the precision over the recall, without interpolation.
    pub fn average_precision(&self) -> f64 {
        let mut last = 0.0;
        let steps = self.precision_recall().into_iter().map(|point| {
            let step = (point.x - last) * point.y;
            last = point.x;
            step
        });
        steps.sum()
    }

    /// The ROC curve, from (0, 0) to (1, 1): `x` is the false-alarm rate, `y` the detection rate.
    pub fn roc(&self) -> Vec<CurvePoint> {
        let points = self.counts.iter().map(|&[false_alarms, found]| CurvePoint {
            x: false_alarms as f64 / self.normals as f64,
            y: found as f64 / self.anomalies as f64,
        });
        std::iter::once(CurvePoint { x: 0.0, y: 0.0 }).chain(points).collect()
    }

    /// The precision-recall curve, by rising recall: `x` is the recall, `y` the precision.
    pub fn precision_recall(&self) -> Vec<CurvePoint> {
        let points = self.counts.iter().map(|&[false_alarms, found]| CurvePoint {
            x: found as f64 / self.anomalies as f64,
            y: found as f64 / (found + false_alarms) as f64,
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
        let expected =
            rates.map(|(a, b)| CurvePoint { x: f64::from(a) / 5.0, y: f64::from(b) / 4.0 });
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
