//! All that was measured in one run of the command, and what is missing.

use std::collections::BTreeMap;

use super::sample::{Sample, Summary};
use super::{Peer, Work};

/// Who did the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Side {
    Ours,
    Peer(Peer),
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

/// A figure's work, side and metric.
pub(super) type Key = (Work, Side, String);

/// Everything.
#[derive(Debug, Default)]
pub(super) struct Results {
    pub(super) entries: Vec<Entry>,
    pub(super) missing: Vec<Missing>,
    /// The epochs of every training, if not the usual ones.
    pub(super) epochs: Option<u32>,
}

impl Side {
    /// The name in the results.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Peer(peer) => peer.name(),
        }
    }
}

impl Results {
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

    /// Every figure that there is: by work, then metric, then side.
    pub(super) fn keys(&self) -> Vec<Key> {
        let of_entry = |entry: &Entry| {
            let (work, side) = (entry.work, entry.side);
            entry.sample.values.keys().map(move |metric| (work, side, metric.clone())).collect()
        };
        let mut keys: Vec<Key> =
            self.entries.iter().flat_map(|entry| -> Vec<Key> { of_entry(entry) }).collect();
        keys.sort_by(|(a, b, c), (d, e, f)| (a, c, b).cmp(&(d, f, e)));
        keys.dedup();
        keys
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
