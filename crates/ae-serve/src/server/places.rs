//! Places for connections. Once all are taken, the connection that has waited longest for a request makes room.
//!
//! A connection is busy from the head of a request to the last byte of its answer, and while a write stands still. Only one
//! that is not busy has to leave, so crowds of silent or slow clients keep nobody from an answer, and no answer is cut.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::body::Body;
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use tokio::sync::Notify;

/// How long a connection may wait for the head of a request before it has to make room.
const RESPITE: Duration = Duration::from_millis(250);

/// All places.
#[derive(Debug, Clone)]
pub(crate) struct Places(Arc<Room>);

#[derive(Debug)]
struct Room {
    most: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    next: u64,
    occupants: HashMap<u64, Arc<Occupant>>,
}

/// A place, which is free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    number: u64,
    room: Places,
    occupant: Arc<Occupant>,
}

/// A connection as others see it.
#[derive(Debug)]
pub(crate) struct Occupant {
    /// Requests that are answered, and writes that stand still.
    busy: AtomicUsize,
    began: Instant,
    /// When it began to wait, in milliseconds after `began`.
    waits_since: AtomicU64,
    leaves: Notify,
}

impl Places {
    pub(crate) fn new(most: usize) -> Self {
        Self(Arc::new(Room { most, taken: Mutex::default() }))
    }

    /// The number of places.
    pub(crate) fn most(&self) -> usize {
        self.0.most
    }

    /// A place, if one is free or can be freed.
    pub(crate) fn take(&self) -> Option<Place> {
        let mut taken = self.taken();
        if taken.occupants.len() >= self.0.most && !taken.make_room() {
            return None;
        }
        let occupant = Arc::new(Occupant::new());
        let number = taken.next;
        taken.next += 1;
        taken.occupants.insert(number, occupant.clone());
        Some(Place { number, room: self.clone(), occupant })
    }

    /// Asks the connection that has waited longest to leave. Returns whether there is one.
    pub(crate) fn make_room(&self) -> bool {
        self.taken().make_room()
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.0.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Taken {
    fn make_room(&mut self) -> bool {
        let waiting = self.occupants.iter().filter_map(|(number, occupant)| {
            Some((*number, occupant.waited()?)).filter(|(_, waited)| *waited >= RESPITE)
        });
        let longest = waiting.max_by_key(|(_, waited)| *waited).map(|(number, _)| number);
        let leaves = longest.and_then(|number| self.occupants.remove(&number));
        leaves.inspect(|occupant| occupant.leaves.notify_one()).is_some()
    }
}

impl Place {
    pub(crate) fn occupant(&self) -> &Arc<Occupant> {
        &self.occupant
    }

    /// Waits until the connection has to make room.
    pub(crate) async fn has_to_leave(&self) {
        self.occupant.leaves.notified().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.room.taken().occupants.remove(&self.number);
    }
}

impl Occupant {
    fn new() -> Self {
        let (busy, waits_since) = (AtomicUsize::new(0), AtomicU64::new(0));
        Self { busy, began: Instant::now(), waits_since, leaves: Notify::new() }
    }

    /// Whether it would lose something if it had to leave.
    pub(crate) fn is_busy(&self) -> bool {
        self.busy.load(Ordering::Acquire) > 0
    }

    /// How long it has waited for a request, unless it is busy.
    fn waited(&self) -> Option<Duration> {
        let since = Duration::from_millis(self.waits_since.load(Ordering::Acquire));
        (!self.is_busy()).then(|| self.began.elapsed().saturating_sub(since))
    }
}

/// A connection is busy until this is dropped.
#[derive(Debug)]
pub(crate) struct Busy(Arc<Occupant>);

impl Busy {
    pub(crate) fn new(occupant: &Arc<Occupant>) -> Self {
        occupant.busy.fetch_add(1, Ordering::AcqRel);
        Self(occupant.clone())
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let now = u64::try_from(self.0.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.0.waits_since.store(now, Ordering::Release);
        self.0.busy.fetch_sub(1, Ordering::AcqRel);
    }
}

/// The body of an answer, which keeps its connection busy until it is sent.
pub(crate) struct BusyBody {
    body: Body,
    _busy: Busy,
}

impl BusyBody {
    pub(crate) fn new(body: Body, busy: Busy) -> Self {
        Self { body, _busy: busy }
    }
}

impl hyper::body::Body for BusyBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait() {
        std::thread::sleep(RESPITE + Duration::from_millis(20));
    }

    #[test]
    fn only_who_has_waited_long_and_is_not_busy_makes_room() {
        let places = Places::new(2);
        let (first, second) = (places.take().unwrap(), places.take().unwrap());
        assert!(places.take().is_none(), "nobody has waited yet");
        let busy = Busy::new(first.occupant());
        wait();
        let third = places.take().unwrap();
        assert!(!places.make_room(), "one is busy, one is new");
        drop(second);
        assert!(places.take().is_none(), "its place was given away already");
        drop(busy);
        assert!(places.take().is_none(), "what was busy begins to wait anew");
        drop(third);
        assert!(places.take().is_some());
        drop(first);
    }
}
