//! One measurement, and several of them together.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::process::Finished;
use crate::json::Node;

/// Seconds of an epoch with validation, after the first.
pub(super) const EPOCH: &str = "epoch_seconds";
/// Seconds of the whole process.
pub(super) const PROCESS: &str = "process_seconds";
/// Most memory of the process, in MiB.
pub(super) const MEMORY: &str = "peak_mib";

/// What one run of one side gave.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Sample {
    /// By metric; an epoch's is the median of the run's.
    pub(super) values: BTreeMap<String, f64>,
    /// Every epoch after the first.
    pub(super) epochs: Vec<f64>,
    /// Versions of what was run.
    pub(super) versions: BTreeMap<String, String>,
}

/// The median of several numbers, and the least and the most of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Summary {
    pub(super) median: f64,
    pub(super) least: f64,
    pub(super) most: f64,
}

impl Summary {
    /// Of at least one number.
    pub(super) fn of(numbers: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut sorted: Vec<f64> = numbers.into_iter().collect();
        sorted.sort_by(f64::total_cmp);
        let (least, most) = (*sorted.first()?, *sorted.last()?);
        let middle = sorted.len() / 2;
        let median = if sorted.len() % 2 == 1 {
            sorted[middle]
        } else {
            f64::midpoint(sorted[middle - 1], sorted[middle])
        };
        Some(Self { median, least, most })
    }
}

impl Sample {
    /// From a peer's last line, which is JSON: numbers by metric, `epoch_seconds`, `versions`.
    pub(super) fn of_peer(finished: &Finished) -> Result<Self> {
        ensure_success(finished)?;
        let mut sample = Self::of_process(finished);
        let line = finished.stdout.lines().last().unwrap_or_default();
        let value: Value = serde_json::from_str(line)
            .with_context(|| format!("its last line is no JSON: {line}"))?;
        let result = Node::root(&value);
        if let Some(epochs) = result.optional(EPOCH) {
            sample.set_epochs(&epochs.list(|epoch| epoch.number())?)?;
        }
        for (name, number) in value.as_object().into_iter().flatten() {
            if let Some(number) = number.as_f64() {
                sample.values.insert(name.clone(), number);
            }
        }
        let versions = result.optional("versions");
        for (name, version) in versions.iter().filter_map(Node::object).flatten() {
            sample.versions.insert(name.clone(), version.as_str().unwrap_or_default().to_owned());
        }
        Ok(sample)
    }

    /// From `ae train --progress plain`: an epoch lasts from one line to the next, its checkpoint
    /// included.
    pub(super) fn of_training(finished: &Finished) -> Result<Self> {
        ensure_success(finished)?;
        let mut sample = Self::of_process(finished);
        let is_epoch = |line: &&(f64, String)| line.1.starts_with("epoch ");
        let times: Vec<f64> =
            finished.stderr.iter().filter(is_epoch).map(|(seconds, _)| *seconds).collect();
        let first = times.first().copied().unwrap_or_default();
        let between = times.windows(2).map(|pair| pair[1] - pair[0]);
        sample.set_epochs(&std::iter::once(first).chain(between).collect::<Vec<_>>())?;
        Ok(sample)
    }

    /// Of the process alone.
    pub(super) fn of_process(finished: &Finished) -> Self {
        let mut values = BTreeMap::from([(PROCESS.to_owned(), finished.seconds)]);
        values.extend(finished.peak_mib.map(|peak| (MEMORY.to_owned(), peak)));
        Self { values, ..Self::default() }
    }

    /// Leaves out the figures of the process as a whole.
    pub(super) fn forget_process(&mut self) {
        self.values.retain(|metric, _| metric != PROCESS && metric != MEMORY);
    }

    /// The first epoch is left out: there, compilers and caches begin their work.
    fn set_epochs(&mut self, seconds: &[f64]) -> Result<()> {
        self.epochs = seconds.iter().skip(1).copied().collect();
        let summary = Summary::of(self.epochs.iter().copied());
        let median = summary.context("it tells the times of fewer than two epochs")?.median;
        self.values.insert(EPOCH.to_owned(), median);
        Ok(())
    }
}

/// An error holds what the program said last.
pub(super) fn ensure_success(finished: &Finished) -> Result<()> {
    let said: Vec<&str> = finished.stderr.iter().map(|(_, line)| line.as_str()).collect();
    let reason = reason(&said);
    ensure!(finished.status.success(), "ended with {}: {reason}", finished.status);
    Ok(())
}

/// The last line that speaks of an error, or else the last line.
pub(super) fn reason<'a>(lines: &[&'a str]) -> &'a str {
    let said = || lines.iter().rev().map(|line| line.trim()).filter(|line| !line.is_empty());
    let of_error = said().find(|line| line.to_ascii_lowercase().contains("error"));
    of_error.or_else(|| said().next()).unwrap_or("it says nothing")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle() {
        // statistics.median([3, 1, 2]), statistics.median([4, 1, 3, 2])
        let of = |numbers: &[f64]| Summary::of(numbers.iter().copied());
        assert_eq!(of(&[3.0, 1.0, 2.0]), Some(Summary { median: 2.0, least: 1.0, most: 3.0 }));
        assert_eq!(of(&[4.0, 1.0, 3.0, 2.0]).unwrap().median, 2.5);
        assert_eq!(of(&[]), None);
    }

    #[test]
    fn a_reason_is_the_last_error_or_the_last_line() {
        assert_eq!(reason(&["Traceback", "  NameError: x", "try --help", ""]), "NameError: x");
        assert_eq!(reason(&["one", "two ", ""]), "two");
        assert_eq!(reason(&[]), "it says nothing");
    }

    #[cfg(unix)]
    fn finished(stdout: &str, stderr: &[(f64, &str)], code: i32) -> Finished {
        use std::os::unix::process::ExitStatusExt;
        Finished {
            status: std::process::ExitStatus::from_raw(code << 8),
            stdout: stdout.to_owned(),
            stderr: stderr.iter().map(|(at, line)| (*at, (*line).to_owned())).collect(),
            seconds: 9.0,
            peak_mib: Some(100.0),
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_peer_s_last_line_is_read() {
        let line = r#"{"epoch_seconds": [9, 1, 3, 2], "loss": 0.1, "versions": {"jax": "0.10"}}"#;
        let sample = Sample::of_peer(&finished(&format!("chatter\n{line}\n"), &[], 0)).unwrap();
        assert_eq!(sample.epochs, [1.0, 3.0, 2.0]);
        let values = [("epoch_seconds", 2.0), ("loss", 0.1), ("peak_mib", 100.0)];
        for (name, value) in values.into_iter().chain([("process_seconds", 9.0)]) {
            assert_eq!(sample.values[name], value, "{name}");
        }
        assert_eq!(sample.versions["jax"], "0.10");
    }

    #[cfg(unix)]
    #[test]
    fn a_peer_that_fails_or_talks_nonsense_says_so() {
        let raised = [(0.1, "Traceback"), (0.2, "ImportError: jax"), (0.3, "")];
        for (stdout, stderr, code, expected) in [
            ("", raised.as_slice(), 1, "ended with exit status: 1: ImportError: jax"),
            ("nothing\n", &[], 0, "its last line is no JSON: nothing"),
            (r#"{"epoch_seconds": [1]}"#, &[], 0, "fewer than two epochs"),
            (r#"{"epoch_seconds": ["1"]}"#, &[], 0, "epoch_seconds[0]: expected a number"),
        ] {
            let error = Sample::of_peer(&finished(stdout, stderr, code)).unwrap_err();
            assert!(format!("{error:#}").contains(expected), "{error:#}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn our_epochs_last_from_line_to_line() {
        let lines =
            [(0.5, "epoch 1/3: a"), (0.625, "epoch 2/3: b"), (0.65, "x"), (1.0, "epoch 3/3: c")];
        let sample = Sample::of_training(&finished("{}", &lines, 0)).unwrap();
        assert_eq!(sample.epochs, [0.125, 0.375]);
        assert_eq!(sample.values[EPOCH], 0.25);
        assert!(Sample::of_training(&finished("{}", &lines[..1], 0)).is_err());
    }
}
