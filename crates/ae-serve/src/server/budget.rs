//! Bytes of bodies and answers that are in memory at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many bytes may be held, and how many are.
#[derive(Debug, Clone)]
pub(crate) struct Budget {
    most: usize,
    held: Arc<AtomicUsize>,
}

/// Bytes that are held until this is dropped.
#[derive(Debug)]
pub(crate) struct HeldBytes {
    bytes: usize,
    budget: Budget,
}

impl Budget {
    pub(crate) fn new(most: usize) -> Self {
        Self { most, held: Arc::default() }
    }

    /// Holds nothing yet.
    pub(crate) fn hold(&self) -> HeldBytes {
        HeldBytes { bytes: 0, budget: self.clone() }
    }

    /// The bytes that are held.
    pub(crate) fn held(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }
}

impl HeldBytes {
    /// Holds more bytes, if that many are left.
    pub(crate) fn add(&mut self, bytes: usize) -> bool {
        let before = self.budget.held.fetch_add(bytes, Ordering::Relaxed);
        if before.saturating_add(bytes) > self.budget.most {
            self.budget.held.fetch_sub(bytes, Ordering::Relaxed);
            return false;
        }
        self.bytes += bytes;
        true
    }

    /// Holds more bytes that exist already, even beyond the limit.
    pub(crate) fn add_existing(&mut self, bytes: usize) {
        self.budget.held.fetch_add(bytes, Ordering::Relaxed);
        self.bytes += bytes;
    }
}

impl Drop for HeldBytes {
    fn drop(&mut self) {
        self.budget.held.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_held_than_there_is_and_all_comes_back() {
        let budget = Budget::new(100);
        let (mut one, mut other) = (budget.hold(), budget.hold());
        assert!(one.add(60) && !other.add(41) && other.add(40) && !one.add(1));
        drop(one);
        assert_eq!(budget.held(), 40);
        other.add_existing(1000);
        drop(other);
        assert_eq!(budget.held(), 0);
    }
}
