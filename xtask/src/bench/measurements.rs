//! One measurement, all of a run of the command, and what is missing.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use serde_json::Value;

use super::process::Finished;
use super::{Peer, Work, name};

/// Seconds of an epoch with validation, after the first.
pub(super) const EPOCH: &str = "epoch_seconds";
/// Seconds of the whole process.
pub(super) const PROCESS: &str = "process_seconds";
/// Most memory of the process, in MiB.
pub(super) const MEMORY: &str = "peak_mib";
/// The mean of what is minimised over the last epoch.
pub(super) const LOSS: &str = "loss";

/// Who did the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Side {
    Ours,
    Peer(Peer),
}

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

/// One run of one side.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) work: Work,
    pub(super) side: Side,
    /// Counted from 1.
    pub(super) run: u32,
    pub(super) sample: Sample,
}

/// A side that could not do its work.
#[derive(Debug)]
pub(super) struct Missing {
    /// None: any work at all.
    pub(super) work: Option<Work>,
    pub(super) side: Side,
    pub(super) reason: String,
}

/// Everything that was measured, and what is missing.
#[derive(Debug, Default)]
pub(super) struct Measurements {
    pub(super) entries: Vec<Entry>,
    pub(super) missing: Vec<Missing>,
}

/// The median of several numbers, and the least and the most of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Summary {
    pub(super) median: f64,
    pub(super) least: f64,
    pub(super) most: f64,
}

impl Side {
    /// The name in the results.
    pub(super) fn name(self) -> String {
        match self {
            Self::Ours => "ours".to_owned(),
            Self::Peer(peer) => name(peer),
        }
    }
}

impl Summary {
    /// Of at least one number.
    fn of(numbers: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut sorted: Vec<f64> = numbers.into_iter().collect();
        sorted.sort_by(f64::total_cmp);
        let (least, most) = (*sorted.first()?, *sorted.last()?);
        let (below, above) = (sorted[(sorted.len() - 1) / 2], sorted[sorted.len() / 2]);
        Some(Self { median: f64::midpoint(below, above), least, most })
    }
}

impl Sample {
    /// From the last line of a peer or of the example `throughput`, which is JSON: numbers by metric,
    /// `epoch_seconds`, `versions`.
    pub(super) fn of_peer(finished: &Finished) -> Result<Self> {
        let line = finished.stdout.lines().last().unwrap_or_default();
        let value: Value = serde_json::from_str(line)
            .with_context(|| format!("its last line is no JSON: {line}"))?;
        let mut sample = Self::of_process(finished);
        if let Some(epochs) = value[EPOCH].as_array() {
            let seconds: Option<Vec<f64>> = epochs.iter().map(Value::as_f64).collect();
            let seconds = seconds.with_context(|| format!("{EPOCH} holds more than numbers"))?;
            sample.set_epochs(&seconds)?;
        } else {
            // In inference it takes the times itself, over and over: its own time and memory say nothing.
            sample.values.clear();
        }
        for (name, number) in value.as_object().into_iter().flatten() {
            sample.values.extend(number.as_f64().map(|number| (name.clone(), number)));
        }
        for (name, version) in value["versions"].as_object().into_iter().flatten() {
            sample.versions.insert(name.clone(), version.as_str().unwrap_or_default().to_owned());
        }
        Ok(sample)
    }

    /// From `ae train --progress plain --json`: an epoch lasts from one line to the next, its checkpoint
    /// included. The loss is that of the reconstruction and all penalties.
    pub(super) fn of_training(finished: &Finished) -> Result<Self> {
        let mut sample = Self::of_process(finished);
        let is_epoch = |line: &&(f64, String)| line.1.starts_with("epoch ");
        let times: Vec<f64> =
            finished.stderr.iter().filter(is_epoch).map(|(seconds, _)| *seconds).collect();
        let first = times.first().copied().unwrap_or_default();
        let between = times.windows(2).map(|pair| pair[1] - pair[0]);
        sample.set_epochs(&std::iter::once(first).chain(between).collect::<Vec<_>>())?;
        let record: Value = serde_json::from_str(&finished.stdout).unwrap_or_default();
        let metrics = record["metrics"].as_object().into_iter().flatten();
        let losses = metrics.filter(|(name, _)| name.starts_with("train_"));
        let loss = losses.filter_map(|(_, loss)| loss.as_f64()).reduce(|sum, loss| sum + loss);
        sample.values.extend(loss.map(|loss| (LOSS.to_owned(), loss)));
        Ok(sample)
    }

    fn of_process(finished: &Finished) -> Self {
        let mut values = BTreeMap::from([(PROCESS.to_owned(), finished.seconds)]);
        values.extend(finished.peak_mib.map(|peak| (MEMORY.to_owned(), peak)));
        Self { values, ..Self::default() }
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

impl Measurements {
    /// The runs of a side together; none of a side that failed in any run.
    pub(super) fn summary(&self, work: Work, side: Side, metric: &str) -> Option<Summary> {
        let failed = |missing: &Missing| missing.work == Some(work) && missing.side == side;
        if self.missing.iter().any(failed) {
            return None;
        }
        let entries = self.entries.iter().filter(|entry| entry.work == work && entry.side == side);
        Summary::of(entries.filter_map(|entry| entry.sample.values.get(metric).copied()))
    }

    /// Notes that a side is missing, and why.
    pub(super) fn miss(&mut self, work: Option<Work>, side: Side, error: &anyhow::Error) {
        self.missing.push(Missing { work, side, reason: format!("{error:#}") });
    }

    /// The work, metric and side of every figure, in this order.
    pub(super) fn keys(&self) -> BTreeSet<(Work, &str, Side)> {
        let metrics = self.entries.iter().flat_map(|entry| {
            entry.sample.values.keys().map(|metric| (entry.work, metric.as_str(), entry.side))
        });
        metrics.collect()
    }

    /// Versions of all that was run.
    pub(super) fn versions(&self) -> BTreeMap<String, String> {
        self.entries.iter().flat_map(|entry| entry.sample.versions.clone()).collect()
    }

    /// A run that gave this one figure.
    #[cfg(test)]
    pub(super) fn add(&mut self, work: Work, side: Side, metric: &str, value: f64) {
        let values = [(metric.to_owned(), value)].into();
        let sample = Sample { values, ..Sample::default() };
        self.entries.push(Entry { work, side, run: 1, sample });
    }
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

    fn finished(stdout: &str, stderr: &[(f64, &str)]) -> Finished {
        Finished {
            stdout: stdout.to_owned(),
            stderr: stderr.iter().map(|(at, line)| (*at, (*line).to_owned())).collect(),
            seconds: 9.0,
            peak_mib: Some(100.0),
        }
    }

    #[test]
    fn a_peer_s_last_line_is_read() {
        let line = r#"{"epoch_seconds": [9, 1, 3, 2], "loss": 0.1, "versions": {"jax": "0.10"}}"#;
        let finished = finished(&format!("chatter\n{line}\n"), &[]);
        let sample = Sample::of_peer(&finished).unwrap();
        assert_eq!(sample.epochs, [1.0, 3.0, 2.0]);
        let values = [("epoch_seconds", 2.0), ("loss", 0.1), ("peak_mib", 100.0)];
        for (name, value) in values.into_iter().chain([("process_seconds", 9.0)]) {
            assert_eq!(sample.values[name], value, "{name}");
        }
        assert_eq!(sample.versions["jax"], "0.10");
    }

    #[test]
    fn a_peer_that_talks_nonsense_says_so() {
        for (stdout, expected) in [
            ("nothing\n", "its last line is no JSON: nothing"),
            (r#"{"epoch_seconds": [1]}"#, "fewer than two epochs"),
            (r#"{"epoch_seconds": ["1", 2]}"#, "epoch_seconds holds more than numbers"),
        ] {
            let error = Sample::of_peer(&finished(stdout, &[])).unwrap_err();
            assert!(format!("{error:#}").contains(expected), "{error:#}");
        }
    }

    #[test]
    fn our_epochs_last_from_line_to_line() {
        let lines =
            [(0.5, "epoch 1/3: a"), (0.625, "epoch 2/3: b"), (0.65, "x"), (1.0, "epoch 3/3: c")];
        let json = r#"{"metrics": {"train_bce": 0.5, "train_kl": 0.25, "val_bce": 9}}"#;
        let sample = Sample::of_training(&finished(json, &lines)).unwrap();
        assert_eq!(sample.epochs, [0.125, 0.375]);
        assert_eq!([sample.values[EPOCH], sample.values[LOSS]], [0.25, 0.75]);
        assert!(Sample::of_training(&finished("{}", &lines[..1])).is_err());
    }
}
