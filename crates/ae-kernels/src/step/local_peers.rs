//! Processes that are threads of one process: for tests, and to see what a training in several processes sends.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use super::peers::{Incoming, Link, Numbers, Peers, PeersError, Topic};

/// One of several ranks within this process. Each must run on a thread of its own.
#[derive(Debug)]
pub struct LocalPeers {
    rank: usize,
    ranks: usize,
    /// How long it waits for a message.
    patience: Duration,
    sent: AtomicU64,
    mail: Arc<Mail>,
}

/// Sender, receiver and topic.
type Address = (usize, usize, Topic);

#[derive(Debug, Default)]
struct Mail {
    messages: Mutex<BTreeMap<Address, VecDeque<Arc<Numbers>>>>,
    arrived: Condvar,
}

impl LocalPeers {
    /// So many ranks, each of which waits this long for a message.
    pub fn all(ranks: usize, patience: Duration) -> Vec<Self> {
        let mail = Arc::<Mail>::default();
        let of_rank = |rank| {
            let (mail, sent) = (Arc::clone(&mail), AtomicU64::new(0));
            Self { rank, ranks, patience, sent, mail }
        };
        (0..ranks).map(of_rank).collect()
    }
}

impl Peers for LocalPeers {
    fn rank(&self) -> usize {
        self.rank
    }

    fn ranks(&self) -> usize {
        self.ranks
    }

    fn session(
        &self,
        work: &mut dyn FnMut(&dyn Link) -> Result<(), PeersError>,
    ) -> Result<(), PeersError> {
        work(self)
    }

    fn sent_bytes(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }
}

impl Link for LocalPeers {
    fn send(&self, to: &[usize], topic: Topic, numbers: Arc<Numbers>) -> Result<(), PeersError> {
        let bytes = (to.len() * numbers.bytes()) as u64;
        self.sent.fetch_add(bytes, Ordering::Relaxed);
        let mut messages = self.mail.messages.lock().unwrap_or_else(PoisonError::into_inner);
        for &to in to {
            let queue = messages.entry((self.rank, to, topic)).or_default();
            queue.push_back(Arc::clone(&numbers));
        }
        self.mail.arrived.notify_all();
        Ok(())
    }

    fn receive(&self, from: usize, topic: Topic, into: Incoming<'_>) -> Result<(), PeersError> {
        let address = (from, self.rank, topic);
        let messages = self.mail.messages.lock().unwrap_or_else(PoisonError::into_inner);
        let is_missing = |messages: &mut BTreeMap<Address, VecDeque<_>>| {
            messages.get(&address).is_none_or(VecDeque::is_empty)
        };
        let waited = self.mail.arrived.wait_timeout_while(messages, self.patience, is_missing);
        let (mut messages, _) = waited.unwrap_or_else(PoisonError::into_inner);
        let Some(numbers) = messages.get_mut(&address).and_then(VecDeque::pop_front) else {
            let seconds = self.patience.as_secs_f64();
            let fault = format!("has not answered for {seconds} s");
            return Err(PeersError { rank: from, fault });
        };
        match (into, &*numbers) {
            (Incoming::Singles(to), Numbers::Singles(numbers)) if to.len() == numbers.len() => {
                to.copy_from_slice(numbers);
            }
            (Incoming::Doubles(to), Numbers::Doubles(numbers)) if to.len() == numbers.len() => {
                to.copy_from_slice(numbers);
            }
            (Incoming::Bytes(to), Numbers::Bytes(bytes)) if to.len() == bytes.len() => {
                to.copy_from_slice(bytes);
            }
            (expected, found) => {
                let fault = format!("sent {found:?} where {expected:?} were expected");
                return Err(PeersError { rank: from, fault });
            }
        }
        Ok(())
    }
}
