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

/// Reads a curve from the CSV text that [`curve_csv`] writes.
///
/// # Errors
/// A sentence with the line and what is wrong with it, if the text is none that [`curve_csv`] writes.
pub fn parse_curve_csv(text: &str) -> Result<Vec<EpochRecord>, String> {
    let mut lines = text.lines();
    let header = lines.next().unwrap_or_default();
    let names = header.strip_prefix("epoch,learning_rate").ok_or_else(|| {
        format!("line 1: expected `epoch,learning_rate,..`, found {}", quoted(header))
    })?;
    let names: Vec<&str> = names.split(',').skip(1).collect();
    let mut curve: Vec<EpochRecord> = Vec::new();
    for (line, number) in lines.zip(2..) {
        let row = parse_row(line, &names).map_err(|reason| format!("line {number}: {reason}"))?;
        let past = curve.last().map_or(0, |row| row.epoch);
        if row.epoch <= past {
            return Err(format!("line {number}: epoch {} follows epoch {past}", row.epoch));
        }
        curve.push(row);
    }
    Ok(curve)
}

fn parse_row(line: &str, names: &[&str]) -> Result<EpochRecord, String> {
    let fields: Vec<&str> = line.split(',').collect();
    let (expected, found) = (names.len() + 2, fields.len());
    if found != expected {
        return Err(format!("expected {expected} columns, found {found}"));
    }
    let number = |field: &str| {
        field.parse::<f64>().map_err(|_| format!("expected a number, found {}", quoted(field)))
    };
    let epoch = fields[0].parse();
    let epoch = epoch.map_err(|_| format!("expected an epoch, found {}", quoted(fields[0])))?;
    let mut metrics = Metrics::new();
    for (name, field) in names.iter().zip(&fields[2..]).filter(|(_, field)| !field.is_empty()) {
        metrics.insert((*name).to_owned(), number(field)?);
    }
    Ok(EpochRecord { epoch, learning_rate: number(fields[1])?, metrics })
}

/// The beginning of a text in quotes, for an error.
fn quoted(text: &str) -> String {
    let mut shown: String = text.chars().take(40).collect();
    if shown.len() < text.len() {
        shown.push_str("..");
    }
    format!("`{}`", ae_files::printable(&shown))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn row(epoch: u32, metrics: &[(&str, f64)]) -> EpochRecord {
        let metrics = metrics.iter().map(|&(name, value)| (name.to_owned(), value)).collect();
        EpochRecord { epoch, learning_rate: 0.001 / f64::from(epoch), metrics }
    }

    #[test]
    fn what_is_written_is_read_bit_for_bit() {
        let curve = [
            row(1, &[("train_bce", 0.1 + 0.2), ("val_bce", 1e-300)]),
            row(2, &[("train_bce", f64::INFINITY)]),
            row(7, &[("train_bce", -0.0), ("val_bce", 1.0 / 3.0)]),
        ];
        assert_eq!(parse_curve_csv(&curve_csv(&curve)).unwrap(), curve);
        assert_eq!(parse_curve_csv(&curve_csv(&[])).unwrap(), []);
    }

    #[test]
    fn damage_is_named_with_its_line() {
        for (text, told) in [
            ("", "line 1: expected `epoch,learning_rate,..`, found ``"),
            ("epoch,learning_rate,a\n1,0.1", "line 2: expected 3 columns, found 2"),
            ("epoch,learning_rate,a\n1,0.1,2\n2,0.1,x", "line 3: expected a number, found `x`"),
            ("epoch,learning_rate\nx,0.1", "line 2: expected an epoch, found `x`"),
            ("epoch,learning_rate\n2,0.1\n2,0.1", "line 3: epoch 2 follows epoch 2"),
            ("epoch,learning_rate\n0,0.1", "line 2: epoch 0 follows epoch 0"),
        ] {
            assert_eq!(parse_curve_csv(text).unwrap_err(), told);
        }
    }
}
