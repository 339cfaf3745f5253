//! A training while it goes on: what a page shows of it, and how it is stopped.
//!
//! ```text
//! fit ── events ──► LiveTraining ◄── a page in this process, Ctrl-C
//!                        ▲
//!                    Attendant ◄── files in RUN/.live ──► LiveFolder ◄── a page in another process
//! ```
//!
//! The training itself pays for three stores a batch. A thread beside it, the attendant, draws reconstructions and looks
//! into `RUN/.live` once a second. Nothing is written there unless somebody watches.

mod attendant;
mod follow;
mod mailbox;
mod pace;
mod training;

use std::sync::Arc;

use ae_report::page::{Finding, Tone, counted};
use serde::{Deserialize, Serialize};

use crate::page::LivePage;

pub(crate) use attendant::Attendant;
pub use follow::{LiveFolder, StopRequest};
pub use pace::{EpochPace, Pace};
pub use training::LiveTraining;

/// How far a training is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum LivePhase {
    /// Data is read and checked.
    Preparing,
    /// Epochs are learned.
    Training,
    /// It was asked to stop, and will after the batch that is being learned.
    Stopping,
    /// All epochs are done: weights, figures and the record are written.
    Finishing,
    /// It has a record.
    Finished,
    /// It has stopped with a checkpoint, as it was asked to.
    Stopped {
        /// Epochs that are done.
        completed: u32,
        /// Batches of the next epoch that are done.
        batches: usize,
    },
    /// It has ended with an error.
    Failed {
        /// The error.
        reason: String,
    },
    /// It has no record, and no process works on it.
    Interrupted,
    /// A process works on it that does not say how far it is.
    Busy,
}

impl LivePhase {
    /// The phase in a word, for programs.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Preparing => "preparing",
            Self::Training => "training",
            Self::Stopping => "stopping",
            Self::Finishing => "finishing",
            Self::Finished => "finished",
            Self::Stopped { .. } => "stopped",
            Self::Failed { .. } => "failed",
            Self::Interrupted => "interrupted",
            Self::Busy => "busy",
        }
    }

    /// Whether more is to come without anybody's doing.
    #[must_use]
    pub fn goes_on(&self) -> bool {
        !matches!(
            self,
            Self::Finished | Self::Stopped { .. } | Self::Failed { .. } | Self::Interrupted
        )
    }

    /// Whether `ae resume` would go on with the run.
    #[must_use]
    pub fn can_be_resumed(&self) -> bool {
        matches!(self, Self::Stopped { .. } | Self::Failed { .. } | Self::Interrupted)
    }
}

/// Where a training is, and how fast.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LiveProgress {
    /// The epoch that is learned, counted from 1.
    pub epoch: u32,
    /// Epochs in all.
    pub epochs: u32,
    /// The last batch of it that was learned, counted from 1; 0 before the first one.
    pub batch: usize,
    /// Batches of an epoch.
    pub batches: usize,
    /// The loss of that batch.
    pub loss: Option<f64>,
    /// Items learned a second.
    pub items_per_second: Option<f64>,
    /// The time until the last epoch has ended.
    pub seconds_left: Option<f64>,
    /// What the items are called: images or rows.
    pub noun: String,
}

/// A training as a page shows it.
#[derive(Debug, Clone)]
pub struct LiveState {
    /// How far it is.
    pub phase: LivePhase,
    /// The same as a sentence; of a finished run, what came out.
    pub verdict: Finding,
    /// Where it is, if it goes on and says so.
    pub progress: Option<LiveProgress>,
    /// Whether it can be asked to stop.
    pub can_stop: bool,
    /// What changes with an epoch at most.
    pub page: Arc<LivePage>,
}

/// The sentence for a phase.
fn verdict(phase: &LivePhase, progress: Option<&LiveProgress>, page: &LivePage) -> Finding {
    let of_epochs = |completed: u32| {
        let completed = counted(completed as usize);
        match progress {
            Some(progress) => format!("{completed} of {}", counted(progress.epochs as usize)),
            None => completed,
        }
    };
    match phase {
        LivePhase::Preparing => Finding::neutral("The data is being read and checked."),
        LivePhase::Training => Finding::neutral("The training goes on."),
        LivePhase::Stopping => {
            Finding::neutral("Stopping after the batch that is being learned, with a checkpoint.")
        }
        LivePhase::Finishing => {
            Finding::neutral("All epochs are done. Weights, figures and the report are being made.")
        }
        LivePhase::Finished => page.verdict.clone(),
        LivePhase::Stopped { completed, batches: 0 } => Finding::neutral(format!(
            "Stopped with a checkpoint: {} epochs are done.",
            of_epochs(*completed)
        )),
        LivePhase::Stopped { completed, batches } => {
            let of = progress.map_or_else(String::new, |it| format!(" of {}", it.batches));
            Finding::neutral(format!(
                "Stopped with a checkpoint: {} epochs are done, and {batches}{of} batches of the next.",
                of_epochs(*completed)
            ))
        }
        LivePhase::Failed { reason } => {
            Finding::new(Tone::Bad, format!("The training has failed: {reason}"))
        }
        LivePhase::Interrupted => page.verdict.clone(),
        LivePhase::Busy => Finding::neutral(
            "A process works on this run. It does not say how far it is; the curve is that of its checkpoints.",
        ),
    }
}
