//! How fast a training is, and how long it will take.

use std::time::{Duration, Instant};

use ae_dataset::ImageShape;

/// The pace of a training in this process, from its events. The time of an epoch includes its validation. It never asks
/// for the time itself.
#[derive(Debug, Clone)]
pub struct Pace {
    /// Epochs in all.
    pub epochs: u32,
    /// Batches of an epoch.
    pub batches: usize,
    /// The epoch that is learned, counted from 1.
    pub epoch: u32,
    /// Its last batch that was learned.
    pub batch: usize,
    /// The first epoch of this process.
    pub first: u32,
    /// Images or rows of an epoch.
    items: usize,
    noun: &'static str,
    /// Batches of this process, and when the first one began.
    done: u64,
    began: Instant,
    /// Batches of this epoch in this process, and when the epoch began.
    done_of_epoch: usize,
    epoch_began: Instant,
    /// Items a second in the last epoch.
    last: Option<f64>,
}

/// The end of an epoch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EpochPace {
    /// Its wall time in this process.
    pub seconds: f64,
    /// Items learned a second of it.
    pub items_per_second: f64,
}

/// Less of an epoch says little of its pace.
const BRIEF: Duration = Duration::from_millis(300);

impl Pace {
    /// The training begins after `completed` epochs: `batches` and `items` are those of an epoch.
    #[must_use]
    pub fn start(
        completed: u32,
        epochs: u32,
        batches: usize,
        items: usize,
        shape: ImageShape,
        now: Instant,
    ) -> Self {
        // A row of a table is an image of one line.
        let is_row = shape.channels == 1 && shape.height == 1;
        Self {
            epochs,
            batches,
            epoch: completed + 1,
            batch: 0,
            first: completed + 1,
            items,
            noun: if is_row { "rows" } else { "images" },
            done: 0,
            began: now,
            done_of_epoch: 0,
            epoch_began: now,
            last: None,
        }
    }

    /// A batch was learned; both are counted from 1.
    pub fn batch_ended(&mut self, epoch: u32, batch: usize) {
        self.catch_up(epoch, batch, self.done + 1);
    }

    /// Batches of one epoch were learned up to this one; `done` are those of this process in all.
    pub fn catch_up(&mut self, epoch: u32, batch: usize, done: u64) {
        (self.epoch, self.batch) = (epoch, batch);
        self.done_of_epoch += done.saturating_sub(self.done) as usize;
        self.done = done.max(self.done);
    }

    /// An epoch was learned and validated.
    pub fn epoch_ended(&mut self, now: Instant) -> EpochPace {
        let seconds = now.duration_since(self.epoch_began).as_secs_f64();
        let items_per_second = rate(self.items_of_epoch(), seconds);
        (self.last, self.done_of_epoch, self.epoch_began) = (Some(items_per_second), 0, now);
        EpochPace { seconds, items_per_second }
    }

    /// Items of this epoch that were learned in this process.
    fn items_of_epoch(&self) -> f64 {
        let share = self.done_of_epoch as f64 / self.batches.max(1) as f64;
        self.items as f64 * share
    }

    /// Items a second of this epoch, or of the last one if this one has only begun.
    #[must_use]
    pub fn items_per_second(&self, now: Instant) -> Option<f64> {
        let time = now.duration_since(self.epoch_began);
        let is_brief = time < BRIEF || self.done_of_epoch == 0;
        if is_brief { self.last } else { Some(rate(self.items_of_epoch(), time.as_secs_f64())) }
    }

    /// The time until the last epoch has ended, at the pace of this process so far.
    #[must_use]
    pub fn left(&self, now: Instant) -> Option<Duration> {
        let passed = u64::from(self.epoch.saturating_sub(1)) * self.batches as u64;
        let all = u64::from(self.epochs) * self.batches as u64;
        let left = all.saturating_sub(passed + self.batch as u64);
        let time = now.duration_since(self.began).as_secs_f64();
        let seconds = time * left as f64 / self.done as f64;
        Duration::try_from_secs_f64(seconds).ok()
    }

    /// What the items are called: images or rows.
    #[must_use]
    pub fn noun(&self) -> &'static str {
        self.noun
    }

    /// `51234 images/s`.
    #[must_use]
    pub fn told(&self, items_per_second: f64) -> String {
        let noun = self.noun;
        match items_per_second {
            rate if rate >= 100.0 => format!("{rate:.0} {noun}/s"),
            rate => format!("{rate:.1} {noun}/s"),
        }
    }
}

fn rate(items: f64, seconds: f64) -> f64 {
    // A clock may stand still for an instant.
    items / seconds.max(1e-9)
}

#[cfg(test)]
mod tests {
    use super::*;

    const IMAGE: ImageShape = ImageShape { channels: 1, height: 28, width: 28 };

    #[test]
    fn the_pace_is_that_of_this_process() {
        let start = Instant::now();
        let at = |seconds: f64| start + Duration::from_secs_f64(seconds);
        // Goes on in the middle of epoch 3 of 4, 10 batches and 1000 images each.
        let mut pace = Pace::start(2, 4, 10, 1000, IMAGE, start);
        assert_eq!((pace.left(start), pace.items_per_second(start)), (None, None));
        (6..=10).for_each(|batch| pace.batch_ended(3, batch));
        assert_eq!(pace.items_per_second(at(1.0)), Some(500.0));
        assert_eq!(pace.left(at(1.0)), Some(Duration::from_secs(2)));
        let ended = pace.epoch_ended(at(2.0));
        assert_eq!(ended, EpochPace { seconds: 2.0, items_per_second: 250.0 });
        // The next epoch has only begun.
        pace.catch_up(4, 1, 6);
        assert_eq!(pace.items_per_second(at(2.1)), Some(250.0));
        pace.catch_up(4, 10, 15);
        assert_eq!(pace.items_per_second(at(4.0)), Some(500.0));
        assert_eq!(pace.left(at(4.0)), Some(Duration::ZERO));
    }

    #[test]
    fn rows_are_not_called_images() {
        let row = ImageShape { channels: 1, height: 1, width: 7 };
        let told = |shape, rate| Pace::start(0, 1, 1, 1, shape, Instant::now()).told(rate);
        assert_eq!(told(row, 12.34), "12.3 rows/s");
        assert_eq!(told(IMAGE, 51234.4), "51234 images/s");
    }
}
