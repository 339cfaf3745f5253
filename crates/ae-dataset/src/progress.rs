//! Hearing how far a transfer is.

/// Hears how far the transfer of a file is; a closure `|file, done, total| ...` is one.
pub trait Progress {
    /// `done` of `total` bytes of `file` have arrived. `total` is `None` if the sender did not say.
    fn transferred(&mut self, file: &str, done: u64, total: Option<u64>);
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
