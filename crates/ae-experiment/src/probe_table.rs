//! The results of probes as a table.

use ae_analysis::MeanInterval;
use ae_apply::ProbeResult;

use crate::record::TableRecord;

/// The headings of the table.
const HEADINGS: [&str; 6] =
    ["numbers", "length", "labels", "logistic regression", "5 nearest neighbours", "repetitions"];

/// The results of probes as a table, without a file name.
pub fn probe_table(probed: &[ProbeResult], caption: &str) -> TableRecord {
    TableRecord {
        file: String::new(),
        title: "Probes of frozen codes".to_owned(),
        caption: caption.to_owned(),
        columns: HEADINGS.map(str::to_owned).to_vec(),
        rows: probed.iter().map(row).collect(),
    }
}

/// The row of a table: accuracies with the half-width of their 95 % interval.
fn row(probed: &ProbeResult) -> Vec<String> {
    let labels = probed.labels.map_or_else(|| "all".to_owned(), |labels| labels.to_string());
    vec![
        probed.name.clone(),
        probed.columns.to_string(),
        labels,
        with_interval(probed.logistic),
        with_interval(probed.neighbours),
        probed.repetitions.to_string(),
    ]
}

fn with_interval(accuracy: MeanInterval) -> String {
    let MeanInterval { mean, half_width } = accuracy;
    match half_width {
        Some(half_width) => format!("{mean:.4} ± {half_width:.4}"),
        None => format!("{mean:.4}"),
    }
}
