//! What one client may take from the others.

use std::time::Duration;

/// Bounds of sizes, times and numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// The largest body of a request in bytes.
    pub body_bytes: usize,
    /// The most items of a request. Items of many numbers lower it: a batch has at most 2^22 numbers, or one item.
    pub batch: usize,
    /// The most requests that wait or are computed at once; further ones are answered 503.
    pub queue: usize,
    /// The most connections at once. A further one takes the place of the one that has waited longest for a request, at
    /// least a quarter of a second; if there is none, it is answered 503 and closed. The limit of open files may lower it.
    pub connections: usize,
    /// The most bytes of bodies and answers in memory at once.
    pub memory: usize,
    /// The longest time from a complete request to its answer.
    pub time: Duration,
    /// The longest time for the head of a request, also on a connection that waits for its next one.
    pub head: Duration,
    /// The longest time for the body of a request.
    pub body: Duration,
    /// The longest time that a client may take no byte of its answer.
    pub stall: Duration,
    /// The longest time that a stop waits for what is in flight.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 8 << 20,
            batch: 1024,
            queue: 256,
            // Below the 1024 open files that a process usually may have.
            connections: 512,
            memory: 256 << 20,
            time: Duration::from_secs(30),
            head: Duration::from_secs(10),
            body: Duration::from_secs(20),
            stall: Duration::from_secs(20),
            grace: Duration::from_secs(30),
        }
    }
}
