//! Seeded, order-independent random streams.
//!
//! Everything random in the workspace (initial weights, the order of an epoch, noise, procedural
//! digits) is drawn from a [`Stream`], and this is the only crate that makes one. A stream is a
//! pure function of a [`Seed`], a name, an epoch and a sample: it never depends on what another
//! stream has drawn, on the batch size, on the thread, or on where a run was resumed.
//!
//! The generator is Philox4x32-10, which turns a counter into random words, so a stream can start
//! anywhere at no cost. Uniforms and normals come from integer operations and from additions,
//! multiplications, divisions and square roots alone, which IEEE 754 rounds in one way: the same
//! seed gives the same bits on every machine.
//!
//! ```
//! use ae_random::Seed;
//!
//! let noise = Seed::new(42).stream("corruption");
//! let mut of_sample_7_in_epoch_3 = noise.at(3, 7);
//! let mut pixels = [0.0; 784];
//! of_sample_7_in_epoch_3.fill_normal(&mut pixels);
//!
//! let mut again = noise.at(3, 7);
//! assert_eq!(again.normal(), pixels[0]);
//! ```
#![deny(missing_docs)]

mod normal;
mod philox;
mod seed;
mod stream;

pub use seed::Seed;
pub use stream::Stream;
