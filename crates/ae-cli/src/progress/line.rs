//! The plain style: a line an epoch.

use std::time::{Duration, Instant};

use ae_experiment::Pace;
use ae_files::counted_as;
use ae_training::{Event, Observer, TrainingError};
use indicatif::HumanDuration;

use super::{has_line, stopped, summary};
use crate::output;

/// A training that takes longer is worth a line that says so.
const LONG: Duration = Duration::from_secs(20);

/// Shows a line an epoch, or fewer where there are many; and how long it will take.
#[derive(Default)]
pub(super) struct Lines {
    pace: Option<Pace>,
}

impl Observer for Lines {
    fn observe(&mut self, event: &Event) -> Result<(), TrainingError> {
        let now = Instant::now();
        match (event, &mut self.pace) {
            (Event::Started { completed, epochs, batches, items, shape }, pace) => {
                *pace = Some(Pace::start(*completed, *epochs, *batches, *items, *shape, now));
                if (1..*epochs).contains(completed) {
                    output::progress(&format!("going on after epoch {completed}/{epochs}"));
                }
            }
            (Event::BatchEnded { epoch, batch, .. }, Some(pace)) => {
                pace.batch_ended(*epoch, *batch);
            }
            (Event::EpochEnded { record, .. }, Some(pace)) => {
                let (epoch, ended) = (record.epoch, pace.epoch_ended(now));
                if has_line(epoch, pace.first, pace.epochs) {
                    let rate = pace.told(ended.items_per_second);
                    output::progress(&format!(
                        "{}, {rate}",
                        summary(epoch, pace.epochs, &record.metrics)
                    ));
                }
                estimate(epoch, pace, now);
            }
            (Event::StoppedEarly { completed, metric }, _) => {
                output::progress(&stopped(*completed, metric));
            }
            _ => {}
        }
        Ok(())
    }
}

/// Says after the first epoch how long all will take, if that is long.
fn estimate(epoch: u32, pace: &Pace, now: Instant) {
    if let Some(left) = pace.left(now).filter(|&left| epoch == pace.first && left > LONG) {
        let others = (pace.epochs - epoch) as usize;
        let left = HumanDuration(left);
        output::progress(&format!("about {left} for the other {}", counted_as(others, "epoch")));
    }
}
