//! Seeded random streams that do not depend on the order of calls.
//!
//! A [`Stream`] is a pure function of a [`Seed`], a name, an epoch and a sample. It does not depend on what other
//! streams have drawn, on the batch size, on the thread, or on where a run was resumed.
//!
//! The generator is Philox4x32-10, which turns a counter into random words, so a stream can start at any place at no
//! cost. Uniform and normal numbers are computed with integer operations and with additions, multiplications, divisions
//! and square roots, whose rounding IEEE 754 defines: the same seed gives the same bits on every machine.
//!
//! [`Stream`] implements [`rand_core::TryRng`] and thereby [`rand_core::Rng`], for the distributions of other crates. It
//! does not implement `SeedableRng`: a stream needs a name beside its seed.
//!
//! ```
//! use ae_random::Seed;
//!
//! let noise = Seed::new(42).stream("corruption");
//! let mut sample_7_in_epoch_3 = noise.at(3, 7);
//! let mut pixels = [0.0; 784];
//! sample_7_in_epoch_3.fill_normal(&mut pixels);
//!
//! let mut again = noise.at(3, 7);
//! assert_eq!(again.normal(), pixels[0]);
//! ```
#![deny(missing_docs)]

mod generator;
mod normal;
mod philox;
mod seed;
mod stream;

pub use rand_core;
pub use seed::Seed;
pub use stream::Stream;

/// The examples of README.md, compiled as documentation tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
