//! Hearing what is done meanwhile.

/// Hears how far the fetching and reading of data is; a closure `|file, done, total| ...` hears of
/// transfers alone.
pub trait Progress {
    /// `done` of `total` bytes of `file` have arrived. `total` is `None` if the sender did not say.
    fn transferred(&mut self, file: &str, done: u64, total: Option<u64>);

    /// `done` of `total` items of `what` have been read.
    fn read(&mut self, _what: &str, _done: u64, _total: u64) {}

    /// A choice was made that nobody had asked for: what was taken, in a plain sentence.
    fn chose(&mut self, _sentence: &str) {}
}

impl<F: FnMut(&str, u64, Option<u64>)> Progress for F {
    fn transferred(&mut self, file: &str, done: u64, total: Option<u64>) {
        self(file, done, total);
    }
}

/// Nobody listens.
impl Progress for () {
    fn transferred(&mut self, _: &str, _: u64, _: Option<u64>) {}
}
