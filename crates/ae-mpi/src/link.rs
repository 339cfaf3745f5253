//! Messages between processes: sends that never wait, and receives that wait for a bounded time.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::hint;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use ae_kernels::{Incoming, Link, Numbers, Peers, PeersError, Topic};
use ferrompi::{Communicator, Request, Scope, Status};

use crate::outbox::Outbox;

/// The processes of an MPI program.
pub struct MpiPeers {
    world: Communicator,
    patience: Duration,
    tell: Box<dyn Fn(&str) + Send + Sync>,
    sent: AtomicU64,
}

/// How much longer a rank is waited for before the training begins, when it may have to read much data.
const BEFORE_THE_BEGINNING: u32 = 10;

impl MpiPeers {
    pub(crate) fn new(
        world: Communicator,
        patience: Duration,
        tell: Box<dyn Fn(&str) + Send + Sync>,
    ) -> Self {
        Self { world, patience, tell, sent: AtomicU64::new(0) }
    }

    /// Ends all processes with an exit status.
    pub fn abort(&self, status: u8) -> ! {
        self.world.abort(i32::from(status))
    }

    /// Ends all processes, because a rank cannot be worked with. To return instead would wait for it again: what was
    /// sent to it must arrive first.
    fn give_up(&self, rank: usize, fault: String) -> ! {
        (self.tell)(&PeersError { rank, fault }.to_string());
        self.abort(1)
    }

    /// Waits for a request, and ends everything if a rank lets it wait for too long.
    fn wait(&self, mut request: Request<'_>, rank: usize, patience: Duration) -> Status {
        let mut pause = Pause::default();
        loop {
            match request.test() {
                Ok(Some(status)) => return status,
                Ok(None) => {}
                Err(error) => self.give_up(rank, format!("cannot be reached: {error}")),
            }
            if pause.is_longer_than(patience) {
                let seconds = patience.as_secs_f64();
                self.give_up(rank, format!("has not answered for {seconds} s"));
            }
        }
    }
}

impl fmt::Debug for MpiPeers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (rank, ranks) = (self.rank(), self.ranks());
        f.debug_struct("MpiPeers").field("rank", &rank).field("ranks", &ranks).finish()
    }
}

impl Peers for MpiPeers {
    fn rank(&self) -> usize {
        self.world.rank() as usize
    }

    fn ranks(&self) -> usize {
        self.world.size() as usize
    }

    fn session(
        &self,
        work: &mut dyn FnMut(&dyn Link) -> Result<(), PeersError>,
    ) -> Result<(), PeersError> {
        let outbox = Outbox::default();
        let mut result = Ok(());
        let end = ferrompi::scope(|scope| {
            let (last, on_their_way) = (Cell::new(&outbox), RefCell::new(Vec::new()));
            let session = Session { peers: self, scope, last, on_their_way };
            result = work(&session);
            for OnItsWay { to, request } in session.on_their_way.into_inner() {
                self.wait(request, to, self.patience);
            }
            Ok(())
        });
        end.map_err(|error| PeersError {
            rank: self.rank(),
            fault: format!("cannot send: {error}"),
        })?;
        result
    }

    fn sent_bytes(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }
}

/// A link for the time of a session.
struct Session<'s, 'env> {
    peers: &'s MpiPeers,
    scope: &'s Scope<'s, 'env>,
    last: Cell<&'s Outbox>,
    on_their_way: RefCell<Vec<OnItsWay<'s>>>,
}

/// A message that may not have arrived.
struct OnItsWay<'s> {
    to: usize,
    request: Request<'s>,
}

/// A topic as MPI's tag.
fn tag(topic: Topic) -> i32 {
    topic as i32
}

impl Link for Session<'_, '_> {
    fn send(&self, to: &[usize], topic: Topic, numbers: Arc<Numbers>) -> Result<(), PeersError> {
        let (message, next) = self.last.get().keep(numbers);
        self.last.set(next);
        let (world, tag) = (&self.peers.world, tag(topic));
        for &rank in to {
            let dest = rank as i32;
            let request = match message {
                Numbers::Singles(numbers) => world.isend(self.scope, numbers, dest, tag),
                Numbers::Doubles(numbers) => world.isend(self.scope, numbers, dest, tag),
                Numbers::Bytes(bytes) => world.isend(self.scope, bytes, dest, tag),
            };
            match request {
                Ok(request) => self.on_their_way.borrow_mut().push(OnItsWay { to: rank, request }),
                Err(error) => self.peers.give_up(rank, format!("cannot be reached: {error}")),
            }
        }
        let bytes = (to.len() * message.bytes()) as u64;
        self.peers.sent.fetch_add(bytes, Ordering::Relaxed);
        Ok(())
    }

    fn receive(&self, from: usize, topic: Topic, into: Incoming<'_>) -> Result<(), PeersError> {
        let patience = match topic {
            Topic::Beginning => self.peers.patience * BEFORE_THE_BEGINNING,
            _ => self.peers.patience,
        };
        let (world, source, tag) = (&self.peers.world, from as i32, tag(topic));
        // A scope of its own: what is received is used before the session ends.
        let (expected, status) = match into {
            Incoming::Singles(to) => (
                to.len(),
                ferrompi::scope(|scope| {
                    let request = world.irecv(scope, to, source, tag)?;
                    Ok(self.peers.wait(request, from, patience))
                }),
            ),
            Incoming::Doubles(to) => (
                to.len(),
                ferrompi::scope(|scope| {
                    let request = world.irecv(scope, to, source, tag)?;
                    Ok(self.peers.wait(request, from, patience))
                }),
            ),
            Incoming::Bytes(to) => (
                to.len(),
                ferrompi::scope(|scope| {
                    let request = world.irecv(scope, to, source, tag)?;
                    Ok(self.peers.wait(request, from, patience))
                }),
            ),
        };
        match status {
            Ok(Status { count: Some(count), .. }) if count == expected => Ok(()),
            Ok(Status { count, .. }) => {
                let found = count.unwrap_or_default();
                let fault = format!("sent {found} numbers where {expected} were expected");
                self.peers.give_up(from, fault)
            }
            Err(error) => self.peers.give_up(from, format!("cannot be reached: {error}")),
        }
    }
}

/// A wait that costs little: it spins as long as a message usually takes, then lets others run, then sleeps.
#[derive(Default)]
struct Pause {
    polls: u32,
    begun: Option<Instant>,
}

/// Polls before others may run, and before the thread sleeps.
const SPINS: u32 = 200;
const YIELDS: u32 = 20_000;
const SLEEP: Duration = Duration::from_micros(50);

impl Pause {
    /// Waits a little, and says whether it has been too long.
    fn is_longer_than(&mut self, patience: Duration) -> bool {
        self.polls = self.polls.saturating_add(1);
        match self.polls {
            ..SPINS => hint::spin_loop(),
            SPINS..YIELDS => thread::yield_now(),
            _ => thread::sleep(SLEEP),
        }
        let begun = self.begun.get_or_insert_with(Instant::now);
        self.polls.is_multiple_of(64) && begun.elapsed() > patience
    }
}
