//! The server from outside, by real sockets.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]

/// Models, a server on a thread, and a client of bytes.
mod support;

/// What the API answers.
mod api;
/// Idle and slow connections in numbers.
mod crowd;
/// The description agrees with the routes.
mod described;
/// Bodies, addresses and methods that make no sense.
mod faults;
/// Slow clients, a full queue.
mod limits;
/// The page of a training.
mod live;
/// Who may ask.
mod security;
/// A stop loses nothing.
mod stopped;
