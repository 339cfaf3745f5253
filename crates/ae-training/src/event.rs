//! The events of a run.

use ae_dataset::ImageShape;

use crate::{BatchLoss, EpochRecord, TrainingState};

/// Something that happened in a run.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The run begins, or goes on after `completed` epochs.
    Started {
        /// Epochs that were done before.
        completed: u32,
        /// Epochs planned in all.
        epochs: u32,
        /// Batches of an epoch.
        batches: usize,
        /// Images or rows of an epoch; the last batch may be smaller than the others.
        items: usize,
        /// Their shape; that of a row of a table is 1 x columns.
        shape: ImageShape,
    },
    /// A batch was learned.
    BatchEnded {
        /// The epoch, counted from 1.
        epoch: u32,
        /// The batch, counted from 1.
        batch: usize,
        /// Its loss.
        loss: &'a BatchLoss,
    },
    /// An epoch was learned and validated. Its checkpoint is written after all observers have seen
    /// this, so what they write is written again if the run is killed in between.
    EpochEnded {
        /// The epoch's entry of the curve.
        record: &'a EpochRecord,
        /// Everything that a checkpoint holds.
        state: &'a TrainingState,
        /// Whether a checkpoint of this epoch is written. If not, a resume may begin at an earlier one, so an
        /// observer must not write anything that the resumed run would not write again.
        is_kept: bool,
    },
    /// The run stops because an observer asked for it. The checkpoint of `state`, which may stand within an epoch, is
    /// written after all observers have seen this: an observer that waits for kept epochs writes now.
    Stopping {
        /// Everything that the checkpoint holds.
        state: &'a TrainingState,
    },
    /// The run stops before its planned end because a metric no longer falls.
    StoppedEarly {
        /// Epochs done.
        completed: u32,
        /// The metric.
        metric: &'a str,
    },
    /// The run has ended without an error: observers that write in the background finish now.
    Ended {
        /// Epochs done.
        completed: u32,
    },
}
