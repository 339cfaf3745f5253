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
    /// Nanoseconds that a message of each topic was waited for, in the order of [`Topic::ALL`].
    waited: [AtomicU64; Topic::ALL.len()],
    /// Nanoseconds that the last messages of a session were on their way when all else was done.
    lingered: AtomicU64,
}

/// How long a process has waited for others without anything else to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waits {
    /// For messages of these topics.
    pub received: [(Topic, Duration); Topic::ALL.len()],
    /// Until what it had sent was on its way.
    pub sent: Duration,
}

/// How much longer a rank is waited for before the training begins, when it may have to read much data.
const BEFORE_THE_BEGINNING: u32 = 10;

impl MpiPeers {
    pub(crate) fn new(
        world: Communicator,
        patience: Duration,
        tell: Box<dyn Fn(&str) + Send + Sync>,
    ) -> Self {
        let waited = Topic::ALL.map(|_| AtomicU64::new(0));
        let (sent, lingered) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { world, patience, tell, sent, waited, lingered }
    }

    /// How long this process has waited for others so far. It says how much of the messages was not hidden behind the
    /// work.
    pub fn waits(&self) -> Waits {
        let time = |of: &AtomicU64| Duration::from_nanos(of.load(Ordering::Relaxed));
        let received = Topic::ALL.map(|topic| (topic, time(&self.waited[topic as usize])));
        Waits { received, sent: time(&self.lingered) }
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

    /// Waits for a request, and ends everything if a rank lets it wait for too long. The time is added to `waited`.
    fn wait(
        &self,
        mut request: Request<'_>,
        (rank, patience): (usize, Duration),
        waited: &AtomicU64,
    ) -> Status {
        let mut pause = Pause::default();
        loop {
            match request.test() {
                Ok(Some(status)) => {
                    let nanoseconds = pause.elapsed().as_nanos() as u64;
                    waited.fetch_add(nanoseconds, Ordering::Relaxed);
                    return status;
                }
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
                self.wait(request, (to, self.patience), &self.lingered);
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
        let wait = |request: Request<'_>| {
            self.peers.wait(request, (from, patience), &self.peers.waited[topic as usize])
        };
        // A scope of its own: what is received is used before the session ends.
        let (expected, status) = match into {
            Incoming::Singles(to) => (
                to.len(),
                ferrompi::scope(|scope| {
                    let request = world.irecv(scope, to, source, tag)?;
                    Ok(wait(request))
                }),
            ),
            Incoming::Doubles(to) => (
                to.len(),
                ferrompi::scope(|scope| {
                    let request = world.irecv(scope, to, source, tag)?;
                    Ok(wait(request))
                }),
            ),
            Incoming::Bytes(to) => (
                to.len(),
                ferrompi::scope(|scope| {
                    let request = world.irecv(scope, to, source, tag)?;
                    Ok(wait(request))
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
    /// How long it has been; nothing if there was no wait.
    fn elapsed(&self) -> Duration {
        self.begun.map_or(Duration::ZERO, |begun| begun.elapsed())
    }

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
