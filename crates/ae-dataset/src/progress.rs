//! Progress of downloading and reading.

/// Receives the progress of downloading and reading data. A closure `|file, done, total| ...` receives transfers only;
/// `()` receives nothing.
pub trait Progress {
    /// `done` of `total` bytes of `file` have arrived. `total` is `None` if it is unknown.
    fn transferred(&mut self, file: &str, done: u64, total: Option<u64>);

    /// `done` of `total` items were read; `what` names the work. `total` is 0 if it is unknown.
    fn read(&mut self, _what: &str, _done: u64, _total: u64) {}

    /// The options left something open, and `sentence` says what was chosen.
    fn chose(&mut self, _sentence: &str) {}
}

impl<F: FnMut(&str, u64, Option<u64>)> Progress for F {
    fn transferred(&mut self, file: &str, done: u64, total: Option<u64>) {
        self(file, done, total);
    }
}

impl Progress for () {
    fn transferred(&mut self, _: &str, _: u64, _: Option<u64>) {}
}
