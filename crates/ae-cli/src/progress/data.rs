//! Progress of data: fetched, read, written.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Instant;

use ae_dataset::Progress;
use ae_files::printable;
use indicatif::ProgressBar;
use serde_json::json;

use super::{JSON_PAUSE, PAUSE, bar, style};
use crate::args::{Common, ProgressStyle};
use crate::output;

const READING: &str = "[{bar:16}] {pos}/{len} {wide_msg}";
const TRANSFER: &str = "[{bar:16}] {bytes}/{total_bytes} {wide_msg}";

/// Shows the fetching and reading of data as it goes on, and says what was chosen.
pub(crate) fn data(common: &Common) -> Box<dyn Progress> {
    let style = style(common);
    Box::new(DataProgress {
        style,
        quiet: common.quiet,
        bar: None,
        current: String::new(),
        said: Instant::now(),
        work: None,
    })
}

/// What was said of choices.
static SAID: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Shows how far data is.
struct DataProgress {
    style: ProgressStyle,
    quiet: bool,
    bar: Option<ProgressBar>,
    current: String,
    said: Instant,
    /// The work that lines of JSON tell of.
    work: Option<Work>,
}

/// A work that lines of JSON tell of.
struct Work {
    name: String,
    /// When its first line was written, and what was done then.
    began: Instant,
    first: u64,
    told: Instant,
}

impl DataProgress {
    /// A line of JSON about a work, if one is due: for its beginning and its end always.
    fn tell(&mut self, event: &str, name: &str, done: u64, total: Option<u64>) {
        let now = Instant::now();
        let known = self.work.as_mut().filter(|work| work.name == name);
        let is_end = total.is_some_and(|total| done >= total);
        let is_due = |work: &Work| is_end || now.duration_since(work.told) >= JSON_PAUSE;
        let mut per_second = None;
        match known {
            Some(work) if !is_due(work) => return,
            Some(work) => {
                work.told = now;
                let seconds = now.duration_since(work.began).as_secs_f64();
                let rate = done.saturating_sub(work.first) as f64 / seconds;
                per_second = Some(rate).filter(|rate| rate.is_finite() && *rate > 0.0);
            }
            None => {
                let name = name.to_owned();
                self.work = Some(Work { name, began: now, first: done, told: now });
            }
        }
        let left = per_second.zip(total);
        let left = left.map(|(rate, total)| total.saturating_sub(done) as f64 / rate);
        output::event(&json!({
            "event": event, "what": name, "done": done, "total": total, "per_second": per_second,
            "seconds_left": left,
        }));
    }

    fn bar(&mut self, template: &str) -> &ProgressBar {
        self.bar.get_or_insert_with(|| bar(template))
    }
}

impl Progress for DataProgress {
    fn transferred(&mut self, file: &str, done: u64, total: Option<u64>) {
        match self.style {
            ProgressStyle::None => {}
            ProgressStyle::Json => self.tell("bytes", file, done, total),
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
            ProgressStyle::Json => {
                self.tell("items", what, done, Some(total).filter(|&total| total > 0));
            }
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
