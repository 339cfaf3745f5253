//! The learning curve, as `curve.csv` holds it, and its charts.

use std::collections::BTreeSet;
use std::path::Path;

use ae_report::page::{CurveChart, CurveLine, CurveReference};
use ae_training::{EpochRecord, Metrics};

use super::{bound_in_words, learned};
use crate::{Bound, ExperimentError, Judgement};

/// The largest curve that is read, in bytes.
const LARGEST: u64 = 1 << 26;

/// The epochs of a run.
#[derive(Debug, Default)]
pub(super) struct Curve {
    pub(super) rows: Vec<CurveRow>,
}

/// An epoch; the learning rate is among the metrics.
#[derive(Debug)]
pub(crate) struct CurveRow {
    pub(super) epoch: u32,
    pub(super) metrics: Metrics,
}

impl From<&EpochRecord> for CurveRow {
    fn from(record: &EpochRecord) -> Self {
        let mut metrics = record.metrics.clone();
        metrics.insert("learning_rate".to_owned(), record.learning_rate);
        Self { epoch: record.epoch, metrics }
    }
}

/// The epochs of a text that is written as `curve.csv`. Lines that are no epochs are left out.
pub(crate) fn curve_rows(text: &str) -> Vec<CurveRow> {
    Curve::parse(text).rows
}

impl Curve {
    /// Reads a `curve.csv`; empty if there is none. Lines that are no epochs are left out.
    pub(super) fn read(path: &Path) -> Result<Self, ExperimentError> {
        if !path.is_file() {
            return Ok(Self::default());
        }
        let bytes = ae_files::read_bounded(path, LARGEST)?;
        Ok(Self::parse(&String::from_utf8_lossy(&bytes)))
    }

    fn parse(text: &str) -> Self {
        let mut lines = text.lines();
        let names: Vec<&str> = lines.next().unwrap_or_default().split(',').skip(1).collect();
        let row = |line: &str| {
            let mut cells = line.split(',');
            let epoch = cells.next()?.parse().ok()?;
            let metrics = names.iter().zip(cells);
            let metrics = metrics
                .filter_map(|(name, cell)| Some(((*name).to_owned(), cell.parse().ok()?)))
                .collect();
            Some(CurveRow { epoch, metrics })
        };
        Self { rows: lines.filter_map(row).collect() }
    }

    /// Puts newer epochs in place of those from the first of them on.
    pub(super) fn go_on_with(&mut self, newer: Vec<CurveRow>) {
        if let Some(first) = newer.first().map(|row| row.epoch) {
            self.rows.retain(|row| row.epoch < first);
            self.rows.extend(newer);
        }
    }

    /// A metric with its epoch, where it has a finite value.
    pub(super) fn of(&self, metric: &str) -> Vec<(u32, f64)> {
        let rows = self.rows.iter();
        rows.filter_map(|row| Some((row.epoch, *row.metrics.get(metric)?)))
            .filter(|(_, value)| value.is_finite())
            .collect()
    }
}

/// A chart for each metric that the training or the validation has, that of the loss first, the learning rate last if
/// it changes. `main` is the name of the validation loss.
pub(super) fn charts(curve: &Curve, main: Option<&str>, expected: &[Judgement]) -> Vec<CurveChart> {
    let mut names: Vec<&str> = curve
        .rows
        .iter()
        .flat_map(|row| row.metrics.keys())
        .map(|name| learned::without_prefix(name))
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    let main = main.map(learned::without_prefix);
    names.sort_by_key(|&name| (Some(name) != main, name == "learning_rate"));
    let is_shown =
        |name: &&str| *name != "learning_rate" || !is_constant(&curve.of("learning_rate"));
    let charts = names.into_iter().filter(is_shown).map(|name| chart(curve, name, expected));
    charts.filter(CurveChart::is_drawable).collect()
}

fn chart(curve: &Curve, name: &str, expected: &[Judgement]) -> CurveChart {
    let line = |label: &str, metric: String| {
        let values = curve.rows.iter().map(|row| row.metrics.get(&metric).copied()).collect();
        CurveLine { label: label.to_owned(), values }
    };
    let lines = [
        line("training", format!("train_{name}")),
        line("validation", format!("val_{name}")),
        line(&learned::words_of(name), name.to_owned()),
    ];
    let has_values = |line: &CurveLine| line.values.iter().any(Option::is_some);
    let validation = format!("val_{name}");
    let references = expected.iter().filter(|judgement| judgement.metric == validation);
    CurveChart {
        title: learned::words_of(name),
        caption: String::new(),
        epochs: curve.rows.iter().map(|row| row.epoch).collect(),
        lines: lines.into_iter().filter(has_values).collect(),
        references: references
            .map(|judgement| {
                let (Bound::AtMost(value) | Bound::AtLeast(value)) = judgement.bound;
                CurveReference { label: bound_in_words(judgement.bound), value }
            })
            .collect(),
    }
}

fn is_constant(values: &[(u32, f64)]) -> bool {
    values.windows(2).all(|pair| pair[0].1 == pair[1].1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CSV: &str = "epoch,learning_rate,train_bce,val_bce,val_mse\n\
                       1,0.001,0.3,0.2,0.04\n2,0.001,0.2,NaN,0.03\nbroken\n3,0.001,0.1,,0.02\n";

    #[test]
    fn a_curve_is_read_with_its_gaps() {
        let curve = Curve::parse(CSV);
        assert_eq!(curve.rows.iter().map(|row| row.epoch).collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!(curve.of("val_bce"), [(1, 0.2)]);
        assert_eq!(curve.of("train_bce").len(), 3);
        assert!(Curve::parse("").rows.is_empty());
    }

    #[test]
    fn newer_epochs_replace_those_of_the_file() {
        let mut curve = Curve::parse(CSV);
        curve.go_on_with(Vec::new());
        assert_eq!(curve.rows.len(), 3);
        curve.go_on_with(curve_rows(
            "epoch,learning_rate,val_bce\n2,0.001,0.5\n3,0.001,0.4\n4,0.001,0.3\n",
        ));
        assert_eq!(curve.of("val_bce"), [(1, 0.2), (2, 0.5), (3, 0.4), (4, 0.3)]);
    }

    #[test]
    fn the_chart_of_the_loss_is_first_and_a_constant_learning_rate_is_not_shown() {
        let curve = Curve::parse(CSV);
        let titles = |main| {
            let charts = charts(&curve, Some(main), &[]);
            charts.into_iter().map(|chart| (chart.title, chart.lines.len())).collect::<Vec<_>>()
        };
        let [bce, mse] = [("binary cross-entropy".to_owned(), 2), ("squared error".to_owned(), 1)];
        assert_eq!(titles("val_bce"), [bce.clone(), mse.clone()]);
        assert_eq!(titles("val_mse"), [mse, bce]);
        let falling = Curve::parse("epoch,learning_rate,val_mse\n1,0.1,1\n2,0.05,1\n");
        assert_eq!(charts(&falling, Some("val_mse"), &[])[1].title, "learning rate");
    }
}
