//! Processes that train together, and what they say to each other.

use std::fmt::Debug;
use std::ops::Range;
use std::sync::Arc;

use thiserror::Error;

/// The processes that train together. Each is called by its rank, from 0 on.
///
/// All of them call the same functions with the same arguments, so that every message that one sends another one
/// receives.
pub trait Peers: Debug + Send + Sync {
    /// The rank of this process.
    fn rank(&self) -> usize;

    /// How many processes there are, at least 1.
    fn ranks(&self) -> usize;

    /// Calls `work` once with a link to the others. It returns when everything that `work` has sent is on its way.
    ///
    /// # Errors
    /// That of `work`, and if a process is gone or does not answer.
    fn session(
        &self,
        work: &mut dyn FnMut(&dyn Link) -> Result<(), PeersError>,
    ) -> Result<(), PeersError>;

    /// Bytes that this process has sent so far.
    fn sent_bytes(&self) -> u64;
}

/// A link to the other processes.
pub trait Link {
    /// Sends numbers to these processes and returns at once. Numbers of one topic arrive at a process in the order in
    /// which they were sent.
    ///
    /// # Errors
    /// If a process is gone.
    fn send(&self, to: &[usize], topic: Topic, numbers: Arc<Numbers>) -> Result<(), PeersError>;

    /// Waits for numbers from a process. There must be as many as were sent, of the same type.
    ///
    /// # Errors
    /// If the process is gone, does not answer in time, or sends something else.
    fn receive(&self, from: usize, topic: Topic, into: Incoming<'_>) -> Result<(), PeersError>;
}

/// What a message is about. Messages of different topics may be received in another order than they were sent in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    /// What has to be the same before a training begins, and the state that it begins with. Data may take long to read,
    /// so this is waited for longer than for anything else.
    Beginning,
    /// What all processes have to know: losses, statistics, agreements.
    Everybody,
    /// Inputs of a dense layer, and the gradient at its outputs.
    Sides,
    /// A sum that goes from process to process.
    Chain,
    /// Sums over a group of rows of what is computed slice by slice.
    SliceSums,
    /// Sums over a group of rows of the gradient of dense weights.
    WeightSums,
    /// Parameters after a step, or their gradient.
    Results,
}

impl Topic {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Beginning,
        Self::Everybody,
        Self::Sides,
        Self::Chain,
        Self::SliceSums,
        Self::WeightSums,
        Self::Results,
    ];
}

/// Numbers of a message.
#[derive(Debug, Clone, PartialEq)]
pub enum Numbers {
    /// Numbers of 32 bits.
    Singles(Vec<f32>),
    /// Numbers of 64 bits.
    Doubles(Vec<f64>),
    /// A text, or other bytes.
    Bytes(Vec<u8>),
}

impl Numbers {
    /// How many bytes they take.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Singles(numbers) => size_of_val(numbers.as_slice()),
            Self::Doubles(numbers) => size_of_val(numbers.as_slice()),
            Self::Bytes(bytes) => bytes.len(),
        }
    }
}

/// Where the numbers of a message go.
#[derive(Debug)]
pub enum Incoming<'a> {
    /// Numbers of 32 bits.
    Singles(&'a mut [f32]),
    /// Numbers of 64 bits.
    Doubles(&'a mut [f64]),
    /// A text, or other bytes.
    Bytes(&'a mut [u8]),
}

/// A process that cannot be worked with.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("rank {rank} {fault}")]
pub struct PeersError {
    /// Its rank.
    pub rank: usize,
    /// What is wrong with it, as the end of a sentence.
    pub fault: String,
}

/// Gathers numbers of some ranks, of which this is `rank`: `count(rank)` of each. They come in the order of the ranks.
///
/// # Errors
/// As [`Link::receive`].
pub fn gather(
    link: &dyn Link,
    rank: usize,
    ranks: Range<usize>,
    own: Vec<f64>,
    count: impl Fn(usize) -> usize,
) -> Result<Vec<f64>, PeersError> {
    let own = Arc::new(Numbers::Doubles(own));
    let others: Vec<usize> = ranks.clone().filter(|&other| other != rank).collect();
    if count(rank) > 0 {
        link.send(&others, Topic::Everybody, Arc::clone(&own))?;
    }
    let mut all = vec![0.0; ranks.clone().map(&count).sum()];
    let mut rest = all.as_mut_slice();
    for of in ranks {
        let (now, later) = rest.split_at_mut(count(of));
        rest = later;
        match &*own {
            Numbers::Doubles(numbers) if of == rank => now.copy_from_slice(numbers),
            _ if now.is_empty() => {}
            _ => link.receive(of, Topic::Everybody, Incoming::Doubles(now))?,
        }
    }
    Ok(all)
}
