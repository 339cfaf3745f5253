//! Progress of training and of downloads: a bar on a terminal, lines elsewhere, or lines of JSON for programs.

mod data;
mod json;
mod line;
mod terminal;

use std::io::{self, IsTerminal};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use ae_experiment::LiveTraining;
use ae_files::printable;
use ae_training::{Event, Metrics, Observer, TrainingError};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle as BarStyle};

use crate::args::{Common, ProgressStyle};
use crate::{interrupt, output, processes};

pub(crate) use data::data;
use json::JsonLines;
use line::Lines;
use terminal::Bar;

const STEP: &str = "{spinner} {wide_msg}";
/// Between two lines about the same work, and before the first one of a bar.
const PAUSE: Duration = Duration::from_secs(1);
/// Between two lines of JSON about the same work.
const JSON_PAUSE: Duration = Duration::from_millis(250);
/// Most lines of a training.
const LINES: u32 = 100;

/// How progress is shown, decided.
fn style(common: &Common) -> ProgressStyle {
    match common.progress {
        ProgressStyle::Auto if common.quiet => ProgressStyle::None,
        ProgressStyle::Auto if io::stderr().is_terminal() => ProgressStyle::Bar,
        ProgressStyle::Auto => ProgressStyle::Plain,
        chosen => chosen,
    }
}

/// Shows a training as it goes on. Ctrl-C stops it with a checkpoint.
pub(crate) fn training(common: &Common, live: &LiveTraining) -> Box<dyn Observer> {
    let shown = shown(common);
    let begun: Box<dyn Observer> = Box::new(Begun(Some(live.clone())));
    Box::new(vec![begun, shown])
}

/// Shows a training beside rank 0, which decides when all stop.
pub(crate) fn one_of_several(common: &Common) -> Box<dyn Observer> {
    let begun: Box<dyn Observer> = Box::new(Begun(None));
    Box::new(vec![begun, shown(common)])
}

/// Knows that there is a run to be resumed as soon as the training begins, and what Ctrl-C does while it learns: it
/// stops this training, if it can. Launchers send the signal to all ranks; those beside rank 0 wait for its decision.
struct Begun(Option<LiveTraining>);

impl Observer for Begun {
    fn observe(&mut self, event: &Event) -> Result<(), TrainingError> {
        match event {
            Event::Started { .. } => {
                interrupt::begun();
                let live = self.0.clone();
                // A launcher sends the signal too when a rank has died, whom the others then miss.
                let message = if processes::are_several() {
                    "stopping after this batch, with a checkpoint if all processes still run; once more ends at once"
                } else {
                    "stopping after this batch, with a checkpoint; once more ends at once"
                };
                let stop = move || live.iter().for_each(LiveTraining::request_stop);
                interrupt::first_stops(message, Box::new(stop));
            }
            // What follows takes seconds, and is made again by a resume.
            Event::Ended { .. } => interrupt::first_ends(),
            _ => {}
        }
        Ok(())
    }
}

fn shown(common: &Common) -> Box<dyn Observer> {
    match style(common) {
        ProgressStyle::None => Box::new(Silent),
        ProgressStyle::Json => Box::new(JsonLines::default()),
        ProgressStyle::Plain | ProgressStyle::Auto => Box::new(Lines::default()),
        ProgressStyle::Bar => Box::new(Bar::new(bar("{wide_msg}"))),
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
        ProgressStyle::Plain | ProgressStyle::Auto | ProgressStyle::Json => {
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
        ProgressStyle::Json => {
            Box::new(|step| output::event(&serde_json::json!({ "event": "step", "text": step })))
        }
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

/// Whether the end of an epoch gets a line: every epoch of at most [`LINES`], else evenly spaced ones, the first one of
/// this process and the last.
fn has_line(epoch: u32, first: u32, epochs: u32) -> bool {
    epoch.is_multiple_of(epochs.div_ceil(LINES).max(1)) || epoch == first || epoch == epochs
}

fn summary(epoch: u32, epochs: u32, metrics: &Metrics) -> String {
    let metrics: Vec<String> =
        metrics.iter().map(|(name, value)| format!("{name} {value:.5}")).collect();
    format!("epoch {epoch}/{epochs}: {}", metrics.join(", "))
}

/// What early stopping is told with.
fn stopped(completed: u32, metric: &str) -> String {
    format!("stopped after epoch {completed}: {metric} no longer falls")
}

/// Shows nothing.
struct Silent;

impl Observer for Silent {
    fn observe(&mut self, _: &Event) -> Result<(), TrainingError> {
        Ok(())
    }
}
