//! A training in several processes: what they agree on outside of the steps.

use std::sync::Arc;

use ae_kernels::{Incoming, Link, Numbers, Peers, PeersError, Topic, gather};
use serde::{Deserialize, Serialize};

use crate::partial_epoch::PartialEpoch;
use crate::{EpochRecord, Event, Observer, Optimizer, Stop, TrainingError, TrainingState};

/// What the processes must have in common before they begin: names and texts, such as settings and digests of data.
pub type Agreement = Vec<(String, String)>;

/// Compares what all processes have: rank 0 hears it from the others.
///
/// # Errors
/// [`TrainingError::Disagreement`] on rank 0 if a rank has something else, with the first difference.
pub fn agree(peers: &dyn Peers, own: &Agreement) -> Result<(), TrainingError> {
    let texts = texts_of_others(peers, &serde_json::to_vec(own).unwrap_or_default())?;
    for (rank, theirs) in (1..).zip(texts) {
        let theirs: Agreement = serde_json::from_slice(&theirs).unwrap_or_default();
        if let Some(fault) = difference(own, &theirs) {
            return Err(TrainingError::Disagreement { rank, fault });
        }
    }
    Ok(())
}

/// What the processes call themselves, in the order of their ranks: rank 0 hears it from the others, who hear nothing.
///
/// # Errors
/// If a process is gone or does not answer.
pub fn process_names(peers: &dyn Peers, own: &str) -> Result<Vec<String>, TrainingError> {
    let others = texts_of_others(peers, own.as_bytes())?.into_iter();
    let others = others.map(|name| String::from_utf8_lossy(&name).into_owned());
    Ok(std::iter::once(own.to_owned()).chain(others).collect())
}

/// The texts of all ranks but the first, which alone receives them.
fn texts_of_others(peers: &dyn Peers, own: &[u8]) -> Result<Vec<Vec<u8>>, PeersError> {
    let mut texts = Vec::new();
    peers.session(&mut |link| {
        if peers.rank() > 0 {
            return send_bytes(link, &[0], Topic::Beginning, own.to_vec());
        }
        for rank in 1..peers.ranks() {
            texts.push(receive_bytes(link, rank, Topic::Beginning)?);
        }
        Ok(())
    })?;
    Ok(texts)
}

/// The first entry that differs, as the end of a sentence.
fn difference(own: &Agreement, theirs: &Agreement) -> Option<String> {
    let value = |of: &Agreement, name: &str| {
        let entry = of.iter().find(|(it, _)| it == name);
        entry.map_or_else(|| "nothing".to_owned(), |(_, value)| value.clone())
    };
    let mut names = own.iter().chain(theirs).map(|(name, _)| name);
    let name = names.find(|name| value(own, name) != value(theirs, name))?;
    let (there, here) = (value(theirs, name), value(own, name));
    Some(format!("{name} is {there} there, and {here} on rank 0"))
}

/// The state of rank 0 beside its numbers.
#[derive(Debug, Serialize, Deserialize)]
struct Position {
    steps: u64,
    curve: Vec<EpochRecord>,
    partial_epoch: Option<PartialEpoch>,
}

/// Gives all processes the state of rank 0. The states must have the same architecture and optimizer.
///
/// # Errors
/// If a process is gone or does not answer.
pub fn share_state(peers: &dyn Peers, state: &mut TrainingState) -> Result<(), TrainingError> {
    let config = *state.optimizer.config();
    let position = Position {
        steps: state.optimizer.steps(),
        curve: state.curve.clone(),
        partial_epoch: state.partial_epoch.clone(),
    };
    let others: Vec<usize> = (1..peers.ranks()).collect();
    let mut text = serde_json::to_vec(&position).unwrap_or_default();
    let mut moments = state.optimizer.moments().to_vec();
    peers.session(&mut |link| {
        let buffers = std::iter::once(state.parameters.values_mut());
        let buffers = buffers.chain(moments.iter_mut().map(Vec::as_mut_slice));
        if peers.rank() == 0 {
            send_bytes(link, &others, Topic::Beginning, text.clone())?;
            for numbers in buffers {
                let numbers = Arc::new(Numbers::Singles(numbers.to_vec()));
                link.send(&others, Topic::Beginning, numbers)?;
            }
            return Ok(());
        }
        text = receive_bytes(link, 0, Topic::Beginning)?;
        for numbers in buffers {
            link.receive(0, Topic::Beginning, Incoming::Singles(numbers))?;
        }
        Ok(())
    })?;
    let unreadable = |error: serde_json::Error| PeersError {
        rank: 0,
        fault: format!("sent a state that cannot be read: {error}"),
    };
    let Position { steps, curve, partial_epoch } =
        serde_json::from_slice(&text).map_err(unreadable)?;
    state.optimizer = Optimizer::restore(config, steps, moments);
    (state.curve, state.partial_epoch) = (curve, partial_epoch);
    Ok(())
}

fn send_bytes(
    link: &dyn Link,
    to: &[usize],
    topic: Topic,
    bytes: Vec<u8>,
) -> Result<(), PeersError> {
    let length = Numbers::Doubles(vec![bytes.len() as f64]);
    link.send(to, topic, Arc::new(length))?;
    link.send(to, topic, Arc::new(Numbers::Bytes(bytes)))
}

/// The longest text that is received, in bytes: a curve of a hundred thousand epochs.
const LONGEST: f64 = (1 << 26) as f64;

fn receive_bytes(link: &dyn Link, from: usize, topic: Topic) -> Result<Vec<u8>, PeersError> {
    let mut length = [0.0];
    link.receive(from, topic, Incoming::Doubles(&mut length))?;
    if !(0.0..=LONGEST).contains(&length[0]) {
        let fault = format!("announced a text of {} bytes", length[0]);
        return Err(PeersError { rank: from, fault });
    }
    let mut bytes = vec![0; length[0] as usize];
    link.receive(from, topic, Incoming::Bytes(&mut bytes))?;
    Ok(bytes)
}

/// Numbers of all ranks in order, `count(rank)` of each.
pub(crate) fn gathered(
    peers: &dyn Peers,
    own: Vec<f64>,
    count: impl Fn(usize) -> usize,
) -> Result<Vec<f64>, TrainingError> {
    let (mut own, mut all) = (Some(own), Vec::new());
    peers.session(&mut |link| {
        let own = own.take().unwrap_or_default();
        all = gather(link, peers.rank(), 0..peers.ranks(), own, &count)?;
        Ok(())
    })?;
    Ok(all)
}

/// The items that a rank evaluates, of so many.
pub(crate) fn items_of(rank: usize, ranks: usize, items: usize) -> std::ops::Range<usize> {
    rank * items / ranks..(rank + 1) * items / ranks
}

/// Listens on one of several processes: they all stop where the observer on rank 0 wants to.
///
/// [`Observer::stop`] must be called at the same places by all processes, as [`fit`](crate::fit) does.
pub struct StopTogether<'a> {
    observer: Box<dyn Observer + 'a>,
    peers: Arc<dyn Peers>,
}

impl<'a> StopTogether<'a> {
    /// An observer of this process.
    pub fn new(observer: Box<dyn Observer + 'a>, peers: Arc<dyn Peers>) -> Self {
        Self { observer, peers }
    }
}

impl Observer for StopTogether<'_> {
    fn observe(&mut self, event: &Event) -> Result<(), TrainingError> {
        self.observer.observe(event)
    }

    fn stop(&self) -> Option<Stop> {
        let own = match self.observer.stop() {
            None => 0.0,
            Some(Stop::AfterEpoch) => 1.0,
            Some(Stop::AfterBatch) => 2.0,
        };
        let count = |rank: usize| usize::from(rank == 0);
        let own = if self.peers.rank() == 0 { vec![own] } else { Vec::new() };
        // Whoever does not hear of it finds out in the next step that the others are gone.
        match gathered(self.peers.as_ref(), own, count).as_deref() {
            Ok([1.0]) => Some(Stop::AfterEpoch),
            Ok([2.0]) => Some(Stop::AfterBatch),
            _ => None,
        }
    }
}
