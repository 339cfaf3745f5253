//! The bar on a terminal: one line that fits any width, and the epochs above it.

use std::time::{Duration, Instant};

use ae_experiment::Pace;
use ae_training::{Event, Observer, TrainingError};
use console::Term;
use indicatif::ProgressBar;

use super::{has_line, stopped, summary};

/// Between two pictures of the bar.
const PAUSE: Duration = Duration::from_millis(100);
/// Cells of the bar itself: the fewest that say something, and the most.
const CELLS: [usize; 2] = [8, 40];
/// Columns of a terminal that does not say how many it has.
const COLUMNS: usize = 80;

/// Shows a bar over the epochs' batches, and above it a line an epoch.
pub(super) struct Bar {
    bar: ProgressBar,
    pace: Option<Pace>,
    drawn: Option<Instant>,
}

impl Bar {
    pub(super) fn new(bar: ProgressBar) -> Self {
        Self { bar, pace: None, drawn: None }
    }

    fn draw(&mut self, now: Instant) {
        if let Some(pace) = &self.pace {
            self.drawn = Some(now);
            self.bar.set_message(line(columns(), pace, now));
        }
    }
}

impl Observer for Bar {
    fn observe(&mut self, event: &Event) -> Result<(), TrainingError> {
        let now = Instant::now();
        match (event, &mut self.pace) {
            (Event::Started { completed, epochs, batches, items, shape }, pace) => {
                *pace = Some(Pace::start(*completed, *epochs, *batches, *items, *shape, now));
                self.draw(now);
            }
            (Event::BatchEnded { epoch, batch, .. }, Some(pace)) => {
                pace.batch_ended(*epoch, *batch);
                if self.drawn.is_none_or(|drawn| now.duration_since(drawn) >= PAUSE) {
                    self.draw(now);
                }
            }
            (Event::EpochEnded { record, .. }, Some(pace)) => {
                let ended = pace.epoch_ended(now);
                if has_line(record.epoch, pace.first, pace.epochs) {
                    let told = summary(record.epoch, pace.epochs, &record.metrics);
                    self.bar.println(format!("{told}, {}", pace.told(ended.items_per_second)));
                }
                self.draw(now);
            }
            (Event::StoppedEarly { completed, metric }, _) => {
                self.bar.println(stopped(*completed, metric));
            }
            (Event::Ended { .. } | Event::Stopping { .. }, _) => self.bar.finish_and_clear(),
            _ => {}
        }
        Ok(())
    }
}

/// The columns of the terminal, which may have changed since the last look.
fn columns() -> usize {
    Term::stderr().size_checked().map_or(COLUMNS, |(_, columns)| usize::from(columns))
}

/// The line of the bar in at most so many columns: what matters least is left out first.
fn line(columns: usize, pace: &Pace, now: Instant) -> String {
    let Pace { epoch, epochs, batch, batches, .. } = pace;
    let epoch = format!("epoch {epoch}/{epochs}");
    let batch_of = format!("{batch}/{batches} batches");
    let rate = pace.items_per_second(now).map(|rate| pace.told(rate)).unwrap_or_default();
    let left = pace.left(now).map(|left| format!("{} left", short(left))).unwrap_or_default();
    let candidates: [&[&str]; 4] = [&[&batch_of, &rate, &left], &[&rate, &left], &[&left], &[]];
    for (place, parts) in candidates.iter().enumerate() {
        let parts: Vec<&str> = parts.iter().copied().filter(|part| !part.is_empty()).collect();
        let behind = parts.join(", ");
        // With blanks between, and brackets.
        let [fewest, most] = CELLS;
        let taken = epoch.len() + behind.len() + 4;
        let cells = columns.saturating_sub(taken).min(most);
        if cells >= fewest {
            return format!("{epoch} [{}] {behind}", drawn(cells, pace)).trim_end().to_owned();
        }
        let plain = if behind.is_empty() { epoch.clone() } else { format!("{epoch}, {behind}") };
        if place > 0 && plain.len() <= columns {
            return plain;
        }
    }
    epoch.chars().take(columns).collect()
}

/// The bar over all batches of all epochs.
fn drawn(cells: usize, pace: &Pace) -> String {
    let all = u64::from(pace.epochs) * pace.batches as u64;
    let done = u64::from(pace.epoch.saturating_sub(1)) * pace.batches as u64 + pace.batch as u64;
    let full = (cells as u64 * done.min(all) / all.max(1)) as usize;
    format!("{}{}", "#".repeat(full), "-".repeat(cells - full))
}

/// A time in one unit.
fn short(time: Duration) -> String {
    match time.as_secs_f64() {
        seconds if seconds < 90.0 => format!("{seconds:.0} s"),
        seconds if seconds < 90.0 * 60.0 => format!("{:.0} min", seconds / 60.0),
        seconds if seconds < 48.0 * 3600.0 => format!("{:.1} h", seconds / 3600.0),
        seconds => format!("{:.1} days", seconds / 86_400.0),
    }
}

#[cfg(test)]
mod tests {
    use ae_dataset::ImageShape;

    use super::*;

    fn pace(start: Instant) -> Pace {
        let shape = ImageShape { channels: 1, height: 28, width: 28 };
        let mut pace = Pace::start(0, 50, 235, 60_000, shape, start);
        (1..=235).for_each(|batch| pace.batch_ended(1, batch));
        pace.epoch_ended(start + Duration::from_secs(2));
        (1..=100).for_each(|batch| pace.batch_ended(2, batch));
        pace
    }

    #[test]
    fn the_line_fits_every_width_and_begins_with_the_epoch() {
        let start = Instant::now();
        let now = start + Duration::from_secs(3);
        let pace = pace(start);
        for columns in 0..200 {
            let line = line(columns, &pace, now);
            assert!(line.len() <= columns, "{columns}: {line}");
            let begins = &"epoch 2/50"[..columns.min(10)];
            assert!(line.starts_with(begins), "{columns}: {line}");
        }
        let bar = format!("#{}", "-".repeat(39));
        let told = format!("epoch 2/50 [{bar}] 100/235 batches, 25532 images/s, 2 min left");
        assert_eq!(line(100, &pace, now), told);
        assert_eq!(line(50, &pace, now), "epoch 2/50 [----------] 25532 images/s, 2 min left");
        assert_eq!(line(22, &pace, now), "epoch 2/50, 2 min left");
        assert_eq!(line(12, &pace, now), "epoch 2/50");
    }

    #[test]
    fn times_have_one_unit() {
        let told = |seconds| short(Duration::from_secs(seconds));
        assert_eq!(
            [8, 89, 91, 7200, 200_000].map(told),
            ["8 s", "89 s", "2 min", "2.0 h", "2.3 days"]
        );
    }
}
