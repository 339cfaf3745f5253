//! Progress of training and of downloads: a bar on a terminal, lines elsewhere.

use std::collections::BTreeSet;
use std::io::{self, IsTerminal};
use std::sync::Mutex;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use ae_dataset::Progress;
use ae_files::{counted_as, printable};
use ae_training::{Event, Metrics, Observer, TrainingError};
use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle as BarStyle};

use crate::args::{Common, ProgressStyle};
use crate::{interrupt, output};

const TRAINING: &str = "{msg} [{bar:32}] {pos}/{len} batches, {eta} left";
const READING: &str = "{msg} [{bar:32}] {pos}/{len}";
const STEP: &str = "{spinner} {msg}";
const TRANSFER: &str = "{msg} [{bar:32}] {bytes}/{total_bytes}";

/// How progress is shown, decided.
fn style(common: &Common) -> ProgressStyle {
    match common.progress {
        ProgressStyle::Auto if common.quiet => ProgressStyle::None,
        ProgressStyle::Auto if io::stderr().is_terminal() => ProgressStyle::Bar,
        ProgressStyle::Auto => ProgressStyle::Plain,
        chosen => chosen,
    }
}

/// Shows a training as it goes on.
pub(crate) fn training(common: &Common) -> Box<dyn Observer> {
    let shown = shown(common);
    let begun: Box<dyn Observer> = Box::new(Begun);
    Box::new(vec![begun, shown])
}

/// Knows that there is a run to be resumed as soon as the training begins.
struct Begun;

impl Observer for Begun {
    fn observe(&mut self, event: &Event) -> Result<(), TrainingError> {
        if let Event::Started { .. } = event {
            interrupt::begun();
        }
        Ok(())
    }
}

fn shown(common: &Common) -> Box<dyn Observer> {
    match style(common) {
        ProgressStyle::None => Box::new(Silent),
        ProgressStyle::Plain | ProgressStyle::Auto => {
            Box::new(Lines { epochs: 0, first: 0, began: Instant::now() })
        }
        ProgressStyle::Bar => Box::new(Bar { bar: bar(TRAINING), epochs: 0, last: String::new() }),
    }
}

/// Shows the fetching and reading of data as it goes on, and says what was chosen.
pub(crate) fn data(common: &Common) -> Box<dyn Progress> {
    let style = style(common);
    Box::new(DataProgress {
        style,
        quiet: common.quiet,
        bar: None,
        current: String::new(),
        said: Instant::now(),
    })
}

/// Between two lines about the same work, and before the first one of a bar.
const PAUSE: Duration = Duration::from_secs(1);

/// What was said of choices.
static SAID: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Shows how far data is.
struct DataProgress {
    style: ProgressStyle,
    quiet: bool,
    bar: Option<ProgressBar>,
    current: String,
    said: Instant,
}

impl DataProgress {
    fn bar(&mut self, template: &str) -> &ProgressBar {
        self.bar.get_or_insert_with(|| bar(template))
    }
}

impl Progress for DataProgress {
    fn transferred(&mut self, file: &str, done: u64, total: Option<u64>) {
        match self.style {
            ProgressStyle::None => {}
            ProgressStyle::Bar => {
                let bar = self.bar(TRANSFER);
                bar.set_message(printable(file).into_owned());
                bar.set_length(total.unwrap_or(done));
                bar.set_position(done);
            }
            ProgressStyle::Plain | ProgressStyle::Auto => {
                if self.current != file {
                    output::progress(&format!("fetching {file}"));
                    file.clone_into(&mut self.current);
                }
            }
        }
    }

    fn read(&mut self, what: &str, done: u64, total: u64) {
        match self.style {
            ProgressStyle::None => {}
            ProgressStyle::Bar => {
                let bar = self.bar(READING);
                bar.set_message(printable(what).into_owned());
                bar.set_length(total.max(done));
                bar.set_position(done);
            }
            // What is done within a second needs no line.
            ProgressStyle::Plain | ProgressStyle::Auto if self.said.elapsed() >= PAUSE => {
                let of = if total > 0 { format!(" of {total}") } else { String::new() };
                output::progress(&format!("{what}: {done}{of}"));
                self.said = Instant::now();
            }
            ProgressStyle::Plain | ProgressStyle::Auto => {}
        }
    }

    fn chose(&mut self, sentence: &str) {
        // Data that is read twice is spoken of once.
        let is_new = || SAID.lock().is_ok_and(|mut said| said.insert(sentence.to_owned()));
        if !self.quiet && is_new() {
            output::progress(sentence);
        }
    }
}

impl Drop for DataProgress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Shows that work goes on which does not say how far it is, until it is dropped.
pub(crate) struct Working {
    bar: Option<ProgressBar>,
    _stop: Option<Sender<()>>,
}

/// See [`Working`]. On a terminal it is a spinner, elsewhere a line for what takes longer than a second.
pub(crate) fn working(common: &Common, what: &str) -> Working {
    match style(common) {
        ProgressStyle::None => Working { bar: None, _stop: None },
        ProgressStyle::Bar => {
            let bar = bar(STEP);
            bar.set_message(printable(what).into_owned());
            bar.enable_steady_tick(Duration::from_millis(100));
            Working { bar: Some(bar), _stop: None }
        }
        ProgressStyle::Plain | ProgressStyle::Auto => {
            let (stop, stopped) = mpsc::channel();
            let what = what.to_owned();
            thread::spawn(move || {
                if stopped.recv_timeout(PAUSE) == Err(RecvTimeoutError::Timeout) {
                    output::progress(&what);
                }
            });
            Working { bar: None, _stop: Some(stop) }
        }
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Shows the steps of a study: on a terminal the last one, elsewhere a line each.
pub(crate) fn steps(common: &Common) -> Box<dyn FnMut(&str)> {
    match style(common) {
        ProgressStyle::None => Box::new(|_| {}),
        ProgressStyle::Bar => {
            let bar = bar(STEP);
            bar.enable_steady_tick(Duration::from_millis(100));
            Box::new(move |step| bar.set_message(step.to_owned()))
        }
        ProgressStyle::Plain | ProgressStyle::Auto => Box::new(output::progress),
    }
}

fn bar(template: &str) -> ProgressBar {
    let style = BarStyle::with_template(template).unwrap_or_else(|_| BarStyle::default_bar());
    ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()).with_style(style)
}

fn summary(epoch: u32, epochs: u32, metrics: &Metrics) -> String {
    let metrics: Vec<String> =
        metrics.iter().map(|(name, value)| format!("{name} {value:.5}")).collect();
    format!("epoch {epoch}/{epochs}: {}", metrics.join(", "))
}

/// Shows nothing.
struct Silent;

impl Observer for Silent {
    fn observe(&mut self, _: &Event) -> Result<(), TrainingError> {
        Ok(())
    }
}

/// Most lines of a training.
const LINES: u32 = 100;
/// A training that takes longer is worth a line that says so.
const LONG: Duration = Duration::from_secs(20);

/// Shows a line an epoch, or fewer where there are many; and how long it will take.
struct Lines {
    epochs: u32,
    /// The first epoch of this process, and when it began.
    first: u32,
    began: Instant,
}

impl Lines {
    /// Says after the first epoch how long all will take, if that is long.
    fn estimate(&self, epoch: u32) {
        let remaining = self.began.elapsed() * self.epochs.saturating_sub(epoch);
        if epoch == self.first && remaining > LONG {
            let left = HumanDuration(remaining);
            output::progress(&format!(
                "about {left} for the other {}",
                counted_as((self.epochs - epoch) as usize, "epoch")
            ));
        }
    }
}

impl Observer for Lines {
    fn observe(&mut self, event: &Event) -> Result<(), TrainingError> {
        match event {
            Event::Started { completed, epochs, .. } => {
                self.epochs = *epochs;
                (self.first, self.began) = (*completed + 1, Instant::now());
                if (1..*epochs).contains(completed) {
                    output::progress(&format!("going on after epoch {completed}/{epochs}"));
                }
            }
            Event::EpochEnded { record, .. } => {
                let epoch = record.epoch;
                let is_shown = epoch.is_multiple_of(self.epochs.div_ceil(LINES).max(1));
                if is_shown || epoch == self.first || epoch == self.epochs {
                    output::progress(&summary(epoch, self.epochs, &record.metrics));
                }
                self.estimate(epoch);
            }
            Event::StoppedEarly { completed, metric } => {
                output::progress(&format!(
                    "stopped after epoch {completed}: {metric} no longer falls"
                ));
            }
            _ => {}
        }
        Ok(())
    }
}

/// Shows a bar over the batches of an epoch, with the last epoch's metrics beside it.
struct Bar {
    bar: ProgressBar,
    epochs: u32,
    last: String,
}

impl Observer for Bar {
    fn observe(&mut self, event: &Event) -> Result<(), TrainingError> {
        match event {
            Event::Started { completed, epochs, batches } => {
                self.epochs = *epochs;
                self.bar.set_length(u64::from(*epochs) * *batches as u64);
                self.bar.set_position(u64::from(*completed) * *batches as u64);
                self.bar.reset_eta();
                self.last = format!("epoch {completed}/{epochs}");
                self.bar.set_message(self.last.clone());
            }
            Event::BatchEnded { .. } => self.bar.inc(1),
            Event::EpochEnded { record, .. } => {
                self.last = summary(record.epoch, self.epochs, &record.metrics);
                self.bar.set_message(self.last.clone());
                if record.epoch == self.epochs {
                    self.bar.finish();
                }
            }
            Event::StoppedEarly { completed, metric } => {
                self.bar.abandon_with_message(format!(
                    "{}, stopped after epoch {completed}: {metric} no longer falls",
                    self.last
                ));
            }
            _ => {}
        }
        Ok(())
    }
}
