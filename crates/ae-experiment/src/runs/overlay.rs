//! The curves of several runs in one chart.

use std::collections::BTreeSet;

use ae_report::{Axes, Figure, Series, loss_curves};

use super::Comparison;
use crate::ExperimentError;

/// Metrics that charts are drawn of; a curve has fewer.
const MOST_CHARTS: usize = 64;

/// A chart of one metric over the epochs of several runs.
#[derive(Debug)]
pub struct OverlaidCurves {
    /// The metric.
    pub metric: String,
    /// A name for its files, without an ending.
    pub file_name: String,
    /// The chart.
    pub figure: Figure,
}

/// Draws a chart of every metric that a curve has, with a line for each run that has it. Studies have no curves.
///
/// # Errors
/// If a chart cannot be drawn.
pub fn overlaid_curves(comparison: &Comparison) -> Result<Vec<OverlaidCurves>, ExperimentError> {
    let rows = comparison.runs.iter().flat_map(|run| &run.curve);
    let metrics: BTreeSet<&str> =
        rows.flat_map(|row| row.metrics.keys().map(String::as_str)).collect();
    let files = ae_files::file_names(metrics.iter().copied());
    let caption = caption(comparison);
    let chart = |(metric, file_name): (&str, String)| {
        let figure = chart(comparison, metric, &caption)?;
        Ok(OverlaidCurves { metric: metric.to_owned(), file_name, figure })
    };
    metrics.into_iter().zip(files).take(MOST_CHARTS).map(chart).collect()
}

fn chart(comparison: &Comparison, metric: &str, caption: &str) -> Result<Figure, ExperimentError> {
    let labels: Vec<String> =
        comparison.runs.iter().map(|run| run.folder.display().to_string()).collect();
    let lines = comparison.runs.iter().zip(&labels).map(|(run, label)| {
        let value = |row: &ae_training::EpochRecord| {
            Some((f64::from(row.epoch), *row.metrics.get(metric)?))
        };
        Series { label, points: run.curve.iter().filter_map(value).collect() }
    });
    let lines: Vec<Series> = lines.filter(|line| !line.points.is_empty()).collect();
    let axes = Axes { x: "epoch", y: metric };
    Ok(loss_curves(&lines, &[], axes, metric, caption)?)
}

/// The data, and what makes the curves hard to compare.
fn caption(comparison: &Comparison) -> String {
    let data: BTreeSet<&str> = comparison.runs.iter().map(|run| run.data.as_str()).collect();
    let mut sentences = vec![format!("data {}", data.into_iter().collect::<Vec<_>>().join(", "))];
    sentences.extend(comparison.warnings.iter().cloned());
    sentences.join(". ")
}
