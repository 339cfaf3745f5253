//! The learning curve: the metrics of each epoch.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

/// Metrics by name (`train_bce`, `val_bce`, `val_mse`, ...), in the order of their names.
pub type Metrics = BTreeMap<String, f64>;

/// One epoch of a learning curve.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EpochRecord {
    /// The epoch, counted from 1.
    pub epoch: u32,
    /// The learning rate of its last step.
    pub learning_rate: f64,
    /// The metrics. The training loss is the running mean over the epoch, as in Keras.
    pub metrics: Metrics,
}

/// The curve as CSV: `epoch,learning_rate,<metrics by name>`, one row per epoch.
///
/// Numbers are written so that reading them gives the same bits. It holds no times, so the curve
/// of a run that was killed and resumed equals that of one that was not.
pub fn curve_csv(curve: &[EpochRecord]) -> String {
    let names: Vec<&String> =
        curve.first().map(|row| row.metrics.keys().collect()).unwrap_or_default();
    let mut csv = String::from("epoch,learning_rate");
    names.iter().for_each(|name| {
        csv.push(',');
        csv.push_str(name);
    });
    csv.push('\n');
    for row in curve {
        // Writing to a string does not fail.
        let _ = write!(csv, "{},{}", row.epoch, row.learning_rate);
        for name in &names {
            let _ = match row.metrics.get(*name) {
                Some(value) => write!(csv, ",{value}"),
                None => write!(csv, ","),
            };
        }
        csv.push('\n');
    }
    csv
}

/// The epoch (counted from 1) in which a metric was lowest, the first of equals.
pub fn best_epoch(curve: &[EpochRecord], metric: &str) -> Option<u32> {
    let mut best: Option<(u32, f64)> = None;
    for row in curve {
        if let Some(&value) = row.metrics.get(metric)
            && best.is_none_or(|(_, lowest)| value < lowest)
        {
            best = Some((row.epoch, value));
        }
    }
    best.map(|(epoch, _)| epoch)
}
