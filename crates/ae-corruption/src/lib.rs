//! Noise for denoising autoencoders.
//!
//! A [`Corruption`] turns a clean image into a corrupted one. Each strategy stands in a file of its
//! own, with its formula and source: [`Gaussian`], [`Masking`], [`SaltAndPepper`], [`Speckle`],
//! [`Poisson`], [`Occlusion`] and [`GaussianBlur`]. [`Noise`] is any of them, several in a row, or
//! one of several for each sample, and has a text form that a specification or a command line holds:
//! `masking:0.25+gaussian:0.1|blur:1`.
//!
//! A noise out of its range cannot be made. What a noise does to a sample depends on the seed, the
//! epoch and the sample alone: see [`corrupt_batch`] and [`Draw`].
//!
//! ```
//! use ae_corruption::{Draw, Noise, corrupt_batch};
//! use ae_random::Seed;
//!
//! let noise: Noise = "masking:0.25+gaussian:0.1".parse()?;
//! let stream = Seed::new(42).stream("corruption");
//! let epoch = Draw::EveryEpoch.epoch(3);
//!
//! let mut batch = vec![0.5; 2 * 28 * 28];
//! corrupt_batch(&noise, &mut batch, &[7, 1], 28, 28, epoch, &stream);
//!
//! // Sample 1 gets the same noise in any other batch.
//! let mut alone = vec![0.5; 28 * 28];
//! corrupt_batch(&noise, &mut alone, &[1], 28, 28, epoch, &stream);
//! assert_eq!(alone, batch[28 * 28..]);
//! # Ok::<(), ae_corruption::CorruptionError>(())
//! ```
#![deny(missing_docs)]

mod batch;
mod corruption;
mod draw;
mod error;

mod blur;
mod gaussian;
mod masking;
mod occlusion;
mod poisson;
mod salt_and_pepper;
mod speckle;

mod chain;
mod choice;
mod noise;
mod noise_serde;

mod exponential;
mod parameter;
mod pixelwise;

pub use batch::corrupt_batch;
pub use blur::GaussianBlur;
pub use chain::Chain;
pub use choice::Choice;
pub use corruption::Corruption;
pub use draw::Draw;
pub use error::CorruptionError;
pub use gaussian::Gaussian;
pub use masking::Masking;
pub use noise::Noise;
pub use occlusion::Occlusion;
pub use poisson::Poisson;
pub use salt_and_pepper::SaltAndPepper;
pub use speckle::Speckle;
