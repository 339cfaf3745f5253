//! The table of what was reached and what was expected.

use super::Run;
use super::record::{Bound, Dataset, Expectation, Record, Verdict};

pub(crate) const HEADINGS: [&str; 7] =
    ["experiment", "metric", "reached", "expected", "published", "verdict", "seconds"];

/// The columns with numbers, which are aligned at their end.
const NUMBERS: [usize; 2] = [2, 6];

/// What is shown of a run that has no expectations.
const MAIN_METRICS: [&str; 2] = ["val_bce", "val_mse"];

const NOTHING: &str = "-";

/// One line of the table, a text for each heading.
pub(crate) type Row = [String; 7];

/// The table's lines: one for each expectation, at least one for each run.
pub(crate) fn rows(runs: &[Run]) -> Vec<Row> {
    runs.iter().flat_map(rows_of_run).collect()
}

/// The table as aligned text.
pub(crate) fn text(rows: &[Row]) -> String {
    let heading = HEADINGS.map(str::to_owned);
    let lines: Vec<&Row> = std::iter::once(&heading).chain(rows).collect();
    let mut widths = [0; 7];
    for line in &lines {
        for (width, cell) in widths.iter_mut().zip(line.iter()) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut text = String::new();
    for line in lines {
        let cells = line.iter().zip(widths).enumerate().map(|(column, (cell, width))| {
            if NUMBERS.contains(&column) {
                format!("{cell:>width$}")
            } else {
                format!("{cell:<width$}")
            }
        });
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}

/// One line about the data.
pub(crate) fn describe(data: &Dataset) -> String {
    let Dataset { name, location, train_images, test_images, height, width, .. } = data;
    let images = format!("{train_images} training and {test_images} test images");
    let substituted = data.substituted.as_ref().map(|why| format!("; {why}")).unwrap_or_default();
    format!("{name} ({location}): {images} of {height} x {width}{substituted}")
}

fn rows_of_run(run: &Run) -> Vec<Row> {
    let nothing = || NOTHING.to_owned();
    match &run.result {
        Err(_) => {
            let failed = "failed".to_owned();
            vec![[run.name.clone(), nothing(), nothing(), nothing(), nothing(), failed, nothing()]]
        }
        Ok(record) if record.expected.is_empty() => rows_without_expectations(record),
        Ok(record) => record.expected.iter().map(|expected| row(record, expected)).collect(),
    }
}

fn row(record: &Record, expectation: &Expectation) -> Row {
    let expected = match expectation.bound {
        Bound::AtMost(bound) => format!("<= {bound}"),
        Bound::AtLeast(bound) => format!(">= {bound}"),
    };
    let verdict = match expectation.verdict {
        Verdict::Held => "held",
        Verdict::Short => "short",
        Verdict::NotJudged => "not judged",
    };
    [
        record.name.clone(),
        expectation.metric.clone(),
        rounded(expectation.reached),
        expected,
        expectation.published.clone(),
        verdict.to_owned(),
        seconds(record),
    ]
}

fn rows_without_expectations(record: &Record) -> Vec<Row> {
    let row = |metric: &str| {
        let reached = record.metrics.get(metric).copied().flatten();
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
    let Some(value) = value else { return NOTHING.to_owned() };
    let magnitude = if value == 0.0 { 0.0 } else { value.abs().log10().floor() };
    let decimals = (4.0 - magnitude).clamp(0.0, 12.0) as usize;
    format!("{value:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::super::tests::{example_run, failed_run};
    use super::*;

    #[test]
    fn the_table_is_aligned_and_complete() {
        let mut unjudged = example_run();
        unjudged.name = "plain".to_owned();
        let record = unjudged.result.as_mut().unwrap();
        record.name = "plain".to_owned();
        record.expected.clear();
        let expected = "\
experiment  metric      reached  expected  published  verdict     seconds
regular     val_bce    0.091520  <= 0.092  0.093      held           12.3
regular     val_psnr          -  >= 20.5   -          not judged     12.3
plain       val_bce    0.091520  -         -          not judged     12.3
plain       val_mse   0.0096210  -         -          not judged     12.3
denoising   -                 -  -         -          failed            -
";
        assert_eq!(text(&rows(&[example_run(), unjudged, failed_run()])), expected);
    }

    #[test]
    fn numbers_keep_five_digits_whatever_their_size() {
        for (value, expected) in [
            (0.0, "0.0000"),
            (0.092_000_4, "0.092000"),
            (20.1234567, "20.123"),
            (-1.5, "-1.5000"),
            (1.0e9, "1000000000"),
        ] {
            assert_eq!(rounded(Some(value)), expected);
        }
    }

    #[test]
    fn a_substitution_is_said_beside_the_data() {
        let mut data = example_run().result.unwrap().dataset;
        let plain = "mnist (data/<mnist>): 60000 training and 10000 test images of 28 x 28";
        assert_eq!(describe(&data), plain);
        data.substituted = Some("digits stand in for MNIST".to_owned());
        assert_eq!(describe(&data), format!("{plain}; digits stand in for MNIST"));
    }
}
