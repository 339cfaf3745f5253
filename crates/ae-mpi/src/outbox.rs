//! Messages that are on their way: MPI reads them until it has sent them.

use std::cell::OnceCell;
use std::sync::Arc;

use ae_kernels::Numbers;

/// A list that grows at its end, and whose messages stay where they are as long as it lives.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    message: OnceCell<Arc<Numbers>>,
    next: OnceCell<Box<Outbox>>,
}

impl Outbox {
    /// Keeps a message in the last place of the list, and returns the next one.
    pub(crate) fn keep(&self, message: Arc<Numbers>) -> (&Numbers, &Self) {
        (self.message.get_or_init(|| message), self.next.get_or_init(Box::default))
    }
}

impl Drop for Outbox {
    /// One after the other: dropping a long list within itself would need a deep stack.
    fn drop(&mut self) {
        let mut next = self.next.take();
        while let Some(mut last) = next {
            next = last.next.take();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_stay_and_a_long_list_ends() {
        let outbox = Outbox::default();
        let (first, mut last) = outbox.keep(Arc::new(Numbers::Singles(vec![1.0])));
        for _ in 0..1_000_000 {
            (_, last) = last.keep(Arc::new(Numbers::Bytes(Vec::new())));
        }
        assert_eq!(*first, Numbers::Singles(vec![1.0]));
    }
}
