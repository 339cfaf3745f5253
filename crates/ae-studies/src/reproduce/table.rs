//! The table of what was reached and what was expected.

use ae_experiment::{Bound, DatasetRecord, Judgement, Record, Verdict};

use super::ReproducedRun;

pub(super) const COLUMNS: [&str; 7] =
    ["experiment", "metric", "reached", "expected", "published", "verdict", "seconds"];

/// What is shown of a run that has no expectations.
const MAIN_METRICS: [&str; 2] = ["val_bce", "val_mse"];

const NOTHING: &str = "-";

/// One line of the table, a text for each column.
pub(super) type Row = [String; 7];

/// The table's lines: one for each expectation, at least one for each run.
pub(super) fn rows(runs: &[ReproducedRun]) -> Vec<Row> {
    runs.iter().flat_map(rows_of_run).collect()
}

/// One line about the data.
pub(super) fn describe(data: &DatasetRecord) -> String {
    let DatasetRecord { name, location, train_images, test_images, height, width, .. } = data;
    let images = format!("{train_images} training and {test_images} test images");
    let substituted = data.substituted.as_ref().map(|why| format!("; {why}")).unwrap_or_default();
    format!("{name} ({location}): {images} of {height} x {width}{substituted}")
}

fn rows_of_run(run: &ReproducedRun) -> Vec<Row> {
    let nothing = || NOTHING.to_owned();
    match &run.result {
        Err(_) => {
            let failed = "failed".to_owned();
            vec![[run.name.clone(), nothing(), nothing(), nothing(), nothing(), failed, nothing()]]
        }
        Ok(record) if record.expected.is_empty() => rows_without_expectations(record),
        Ok(record) => record.expected.iter().map(|judgement| row(record, judgement)).collect(),
    }
}

fn row(record: &Record, judgement: &Judgement) -> Row {
    let expected = match judgement.bound {
        Bound::AtMost(bound) => format!("<= {bound}"),
        Bound::AtLeast(bound) => format!(">= {bound}"),
    };
    let verdict = match judgement.verdict {
        Verdict::Held => "held",
        Verdict::Short => "short",
        Verdict::NotJudged => "not judged",
    };
    [
        record.name.clone(),
        judgement.metric.clone(),
        rounded(judgement.reached),
        expected,
        judgement.published.clone(),
        verdict.to_owned(),
        seconds(record),
    ]
}

fn rows_without_expectations(record: &Record) -> Vec<Row> {
    let row = |metric: &str| {
        let reached = record.metrics.get(metric).copied();
        let [name, metric] = [&record.name, metric].map(str::to_owned);
        let nothing = || NOTHING.to_owned();
        let verdict = "not judged".to_owned();
        [name, metric, rounded(reached), nothing(), nothing(), verdict, seconds(record)]
    };
    MAIN_METRICS.map(row).to_vec()
}

fn seconds(record: &Record) -> String {
    format!("{:.1}", record.seconds)
}

/// Five significant digits.
fn rounded(value: Option<f64>) -> String {
    let Some(value) = value.filter(|value| value.is_finite()) else { return NOTHING.to_owned() };
    let magnitude = if value == 0.0 { 0.0 } else { value.abs().log10().floor() };
    let decimals = (4.0 - magnitude).clamp(0.0, 12.0) as usize;
    format!("{value:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::super::tests::{failed_run, held_run};
    use super::*;

    #[test]
    fn every_expectation_has_a_row_and_every_run_at_least_one() {
        let mut unjudged = held_run();
        let record = unjudged.result.as_mut().unwrap();
        record.name = "plain".to_owned();
        record.expected.clear();
        let rows: Vec<String> =
            rows(&[held_run(), unjudged, failed_run()]).iter().map(|row| row.join(" | ")).collect();
        let expected = [
            "regular | val_bce | 0.091520 | <= 0.092 | 0.093 | held | 12.3",
            "regular | val_psnr | - | >= 20.5 | - | not judged | 12.3",
            "plain | val_bce | 0.091520 | - | - | not judged | 12.3",
            "plain | val_mse | 0.0096210 | - | - | not judged | 12.3",
            "denoising | - | - | - | - | failed | -",
        ];
        assert_eq!(rows, expected);
    }

    #[test]
    fn numbers_keep_five_digits_whatever_their_size() {
        for (value, expected) in [
            (0.0, "0.0000"),
            (0.092_000_4, "0.092000"),
            (20.1234567, "20.123"),
            (-1.5, "-1.5000"),
            (1.0e9, "1000000000"),
            (f64::INFINITY, "-"),
        ] {
            assert_eq!(rounded(Some(value)), expected);
        }
    }

    #[test]
    fn a_substitution_is_said_beside_the_data() {
        let mut data = held_run().result.unwrap().dataset;
        let plain = "mnist (data/<mnist>): 60000 training and 10000 test images of 28 x 28";
        assert_eq!(describe(&data), plain);
        data.substituted = Some("digits stand in for MNIST".to_owned());
        assert_eq!(describe(&data), format!("{plain}; digits stand in for MNIST"));
    }
}
