//! Lines of JSON for programs, one object each, on stderr. `event` says what an object is; the table of events and their
//! keys is in docs/reference/command-line.md. Between two epochs, and about one work, there are at most four lines a
//! second.

use std::time::{Duration, Instant};

use ae_experiment::Pace;
use ae_training::{Event, Observer, TrainingError};
use serde_json::{Value, json};

use super::JSON_PAUSE;
use crate::output;

/// Writes an event a line: the start, every epoch, and between these at most four a second.
#[derive(Default)]
pub(super) struct JsonLines {
    pace: Option<Pace>,
    told: Option<Instant>,
}

impl Observer for JsonLines {
    fn observe(&mut self, event: &Event) -> Result<(), TrainingError> {
        if let Some(value) = self.value(event, Instant::now()) {
            output::event(&value);
        }
        Ok(())
    }
}

impl JsonLines {
    fn value(&mut self, event: &Event, now: Instant) -> Option<Value> {
        if let Event::Started { completed, epochs, batches, items, shape } = event {
            self.pace = Some(Pace::start(*completed, *epochs, *batches, *items, *shape, now));
            self.told = Some(now);
            return Some(json!({
                "event": "started", "epoch": completed, "epochs": epochs, "batches": batches, "items": items,
            }));
        }
        let pace = self.pace.as_mut()?;
        let (epochs, batches) = (pace.epochs, pace.batches);
        match event {
            Event::BatchEnded { epoch, batch, loss } => {
                pace.batch_ended(*epoch, *batch);
                // The end of the epoch follows its last batch.
                let is_due = self.told.is_none_or(|told| now.duration_since(told) >= JSON_PAUSE);
                if !is_due || *batch == batches {
                    return None;
                }
                self.told = Some(now);
                Some(json!({
                    "event": "progress", "epoch": epoch, "epochs": epochs, "batch": batch, "batches": batches,
                    "loss": loss.objective(), "items_per_second": pace.items_per_second(now),
                    "seconds_left": pace.left(now).map(seconds),
                }))
            }
            Event::EpochEnded { record, is_kept, .. } => {
                let ended = pace.epoch_ended(now);
                self.told = Some(now);
                Some(json!({
                    "event": "epoch", "epoch": record.epoch, "epochs": epochs, "batches": batches,
                    "learning_rate": record.learning_rate, "metrics": record.metrics, "checkpoint": is_kept,
                    "seconds": ended.seconds, "items_per_second": ended.items_per_second,
                    "seconds_left": pace.left(now).map(seconds),
                }))
            }
            Event::StoppedEarly { completed, metric } => {
                Some(json!({ "event": "stopped_early", "epoch": completed, "metric": metric }))
            }
            Event::Ended { completed } => Some(json!({ "event": "ended", "epoch": completed })),
            _ => None,
        }
    }
}

fn seconds(time: Duration) -> f64 {
    time.as_secs_f64()
}
