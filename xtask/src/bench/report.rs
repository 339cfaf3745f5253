//! What a measurement leaves: every number as JSON, and the speed part of `docs/results.md`.

use std::fs;
use std::path::Path;

use ae_files::write_atomic;
use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::goals::{Row, Verdict};
use super::machine::Machine;
use super::measurements::{Entry, LOSS, Measurements, Missing, Summary};
use super::name;

const BEGIN: &str = "<!-- speed: begin; written by cargo xtask bench -->";
const END: &str = "<!-- speed: end -->";

/// What was measured, where and with which command.
pub(super) struct Report<'a> {
    pub(super) machine: &'a Machine,
    /// The command line.
    pub(super) command: String,
    pub(super) threads: u32,
    pub(super) data: String,
    pub(super) measurements: &'a Measurements,
    pub(super) rows: &'a [Row],
}

impl Report<'_> {
    /// For a terminal and for a page.
    pub(super) fn markdown(&self) -> String {
        let versions = self.measurements.versions();
        let versions: Vec<_> =
            versions.iter().map(|(name, number)| format!("{name} {number}")).collect();
        let missing = |missing: &Missing| {
            let work = missing.work.map_or("all work".to_owned(), name);
            format!("- missing: {} ({work}): {}\n", missing.side.name(), missing.reason)
        };
        let missing: String = self.measurements.missing.iter().map(missing).collect();
        format!(
            "`{}`: medians of runs that alternate between the sides; where runs are short, each side \
             has one before that is not counted.\n{}.\nData: {}. Versions: {}.\n\n\
             An epoch includes validation and, on our side, a checkpoint; the first one is not \
             counted.\n{missing}\n{}\n{}\n",
            self.command,
            self.machine.describe(self.threads),
            self.data,
            versions.join(", "),
            verdicts(self.rows),
            medians(self.measurements),
        )
    }

    /// Writes every measurement, and the tables.
    pub(super) fn write(&self, out: &Path) -> Result<()> {
        fs::create_dir_all(out).with_context(|| format!("cannot make {}", out.display()))?;
        let text = format!("{:#}\n", self.json());
        write_atomic(&out.join("measurements.json"), text.as_bytes())?;
        Ok(write_atomic(&out.join("tables.md"), self.markdown().as_bytes())?)
    }

    fn json(&self) -> Value {
        let sample = |entry: &Entry| {
            json!({
                "work": name(entry.work), "side": entry.side.name(), "run": entry.run,
                "values": entry.sample.values, "epoch_seconds": entry.sample.epochs,
            })
        };
        let missing = |missing: &Missing| {
            let work = missing.work.map(name);
            json!({"work": work, "side": missing.side.name(), "reason": missing.reason})
        };
        json!({
            "schema": 2,
            "command": self.command,
            "threads": self.threads,
            "data": self.data,
            "machine": self.machine,
            "versions": self.measurements.versions(),
            "missing": self.measurements.missing.iter().map(missing).collect::<Vec<_>>(),
            "samples": self.measurements.entries.iter().map(sample).collect::<Vec<_>>(),
        })
    }
}

fn verdict(row: &Row) -> String {
    match &row.verdict {
        Verdict::Held => "held".to_owned(),
        Verdict::Short => "SHORT".to_owned(),
        Verdict::NotJudged(why) => format!("not judged: {why}"),
        Verdict::None => String::new(),
    }
}

/// The comparisons.
fn verdicts(rows: &[Row]) -> String {
    let line = |row: &Row| {
        let figure = |summary: Summary| number(&row.metric, summary.median);
        let times = |ratio: f64| format!("{ratio:.2}x");
        [
            row.measure.clone(),
            row.ours.map(figure).unwrap_or_default(),
            row.rival.map(|(peer, _)| name(peer)).unwrap_or_default(),
            row.rival.map(|(_, theirs)| figure(theirs)).unwrap_or_default(),
            row.ratio.map(times).unwrap_or_default(),
            row.bound.map(times).unwrap_or_default(),
            verdict(row),
        ]
    };
    let headings = ["measure", "ours", "best peer", "theirs", "ratio", "at least", "verdict"];
    table(headings, rows.iter().map(line))
}

/// Every median of every side that has a unit.
fn medians(measurements: &Measurements) -> String {
    let line = |(work, metric, side)| {
        let Summary { median, least, most } = measurements.summary(work, side, metric)?;
        let [median, least, most] = [median, least, most].map(|value| number(metric, value));
        Some([name(work), metric.to_owned(), side.name(), median, format!("{least} - {most}")])
    };
    let shown = measurements.keys().into_iter().filter(|(_, metric, _)| !unit(metric).is_empty());
    table(["work", "metric", "side", "median", "least - most"], shown.filter_map(line))
}

/// A table in Markdown, aligned so that it reads well in a terminal too.
fn table<const N: usize>(headings: [&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let mut rows: Vec<[String; N]> =
        std::iter::once(headings.map(str::to_owned)).chain(rows).collect();
    let width = |at: usize| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0);
    let widths: [usize; N] = std::array::from_fn(width);
    rows.insert(1, widths.map(|width| "-".repeat(width)));
    let line = |row: &[String; N]| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
        format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
    };
    rows.iter().map(line).collect()
}

/// What a metric is counted in; nothing for what is only in the raw files.
fn unit(metric: &str) -> &'static str {
    match metric {
        _ if metric.ends_with("_seconds") => "s",
        _ if metric.ends_with("_mib") => "MiB",
        _ if metric.ends_with("_us") => "us",
        _ if metric.starts_with("images_per_second") => "images/s",
        // By which one sees that all sides do the same work.
        LOSS => "a value",
        _ => "",
    }
}

/// Three significant digits, and the unit.
fn number(metric: &str, value: f64) -> String {
    let decimals = (2.0 - value.abs().max(1e-9).log10().floor()).clamp(0.0, 9.0) as usize;
    format!("{value:.decimals$} {}", unit(metric))
}

/// Puts a text between the two marks of a page; everything else on it stays as it is.
pub(super) fn write_between_marks(page: &Path, text: &str) -> Result<()> {
    let old =
        fs::read_to_string(page).with_context(|| format!("cannot read {}", page.display()))?;
    let parts = old.split_once(BEGIN).zip(old.split_once(END));
    let missing = || format!("{}: expected the lines {BEGIN} and {END}", page.display());
    let ((before, _), (_, after)) = parts.with_context(missing)?;
    let new = format!("{before}{BEGIN}\n{}\n{END}{after}", text.trim_end());
    Ok(write_atomic(page, new.as_bytes())?)
}

#[cfg(test)]
mod tests {
    use super::super::measurements::{EPOCH, Side};
    use super::super::tests::options;
    use super::super::{Bench, Peer, Work, goals, recipes};
    use super::*;

    #[test]
    fn the_tables_are_aligned_and_complete() {
        let mut measurements = Measurements::default();
        for seconds in [0.0812, 0.079, 0.0801] {
            measurements.add(Work::Deep, Side::Ours, EPOCH, seconds);
        }
        measurements.add(Work::Deep, Side::Peer(Peer::Jax), EPOCH, 0.32);
        measurements.add(Work::Deep, Side::Ours, "val_loss", 0.1);
        let expected = "\
| measure    | ours     | best peer | theirs  | ratio | at least | verdict                       |
| ---------- | -------- | --------- | ------- | ----- | -------- | ----------------------------- |
| deep stack | 0.0801 s | jax       | 0.320 s | 4.00x | 1.50x    | not judged: without keras-jax |
";
        let options = Bench { only: vec![Work::Deep], ..options() };
        assert_eq!(verdicts(&goals::rows(&measurements, &options, &recipes().unwrap())), expected);
        let expected = "\
| work | metric        | side | median   | least - most        |
| ---- | ------------- | ---- | -------- | ------------------- |
| deep | epoch_seconds | ours | 0.0801 s | 0.0790 s - 0.0812 s |
| deep | epoch_seconds | jax  | 0.320 s  | 0.320 s - 0.320 s   |
";
        assert_eq!(medians(&measurements), expected);
    }

    #[test]
    fn a_page_keeps_what_stands_outside_the_marks() {
        let dir = tempfile::tempdir().unwrap();
        let page = dir.path().join("results.md");
        fs::write(&page, format!("above\n{BEGIN}\nfirst\n{END}\nbelow\n")).unwrap();
        write_between_marks(&page, "second\n").unwrap();
        let expected = format!("above\n{BEGIN}\nsecond\n{END}\nbelow\n");
        assert_eq!(fs::read_to_string(&page).unwrap(), expected);

        fs::write(&page, format!("{BEGIN}\nprose")).unwrap();
        let error = write_between_marks(&page, "text").unwrap_err();
        assert!(error.to_string().contains("expected the lines"), "{error}");
        assert_eq!(fs::read_to_string(&page).unwrap(), format!("{BEGIN}\nprose"));
    }
}
