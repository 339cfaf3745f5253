//! Corruption for denoising autoencoders: it turns a clean item into a corrupted one.
//!
//! [`Corruption`] is the trait. Each kind of noise has a file of its own with its formula and source:
//! [`Gaussian`], [`Masking`], [`SaltAndPepper`], [`Speckle`], [`Poisson`], [`Occlusion`], [`GaussianBlur`],
//! [`Correlated`], [`PoissonGaussian`], [`Jpeg`], [`Stripes`], [`Stains`] and [`UnevenLight`]. A [`Noise`] is any of them, a chain of several, or a choice of one of several for each
//! item. It is read from text such as `masking:0.25+gaussian:0.1|blur:1` (see [`Noise`] for the syntax)
//! and written as text again. [`register_noise`] adds a kind of your own to this text form.
//!
//! The corruption of an item depends on the seed, the epoch and the item's index only, never on the batch:
//! see [`corrupt_batch`] and [`Draw`].
//!
//! ```
//! use ae_corruption::{Draw, Noise, Seed, corrupt_batch};
//!
//! let noise: Noise = "masking:0.25+gaussian:0.1".parse()?;
//! let stream = Seed::new(42).stream("corruption");
//! let epoch = Draw::EveryEpoch.epoch(3);
//!
//! let mut batch = vec![0.5; 2 * 28 * 28];
//! corrupt_batch(&noise, &mut batch, &[7, 1], 28, 28, epoch, &stream);
//!
//! // Item 1 gets the same noise in any other batch.
//! let mut alone = vec![0.5; 28 * 28];
//! corrupt_batch(&noise, &mut alone, &[1], 28, 28, epoch, &stream);
//! assert_eq!(alone, batch[28 * 28..]);
//! # Ok::<(), ae_corruption::CorruptionError>(())
//! ```
//!
//! # Noise of a range of strengths
//! `gaussian:5/255..55/255` draws a strength for each item. A network that is told the strength needs it as a
//! number: [`corrupt_batch_with_levels`] returns the noise level of each item.
//!
//! ```
//! use ae_corruption::{Corruption, Noise, Seed, corrupt_batch_with_levels};
//!
//! let noise: Noise = "gaussian:5/255..55/255:unclipped".parse()?;
//! let stream = Seed::new(42).stream("corruption");
//! let mut batch = vec![0.5; 2 * 64 * 64];
//! let levels = corrupt_batch_with_levels(&noise, &mut batch, &[7, 1], 64, 64, 3, &stream);
//! let range = noise.level_range().ok_or("a noise without levels")?;
//! assert!(levels.iter().all(|level| level.is_some_and(|level| range.contains(&level))));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Values outside of [0, 1]
//! Noise is made for pixels in [0, 1], and its results are clipped to this range unless told otherwise.
//! For standardised columns, or to keep the full noise in a benchmark, switch clipping off:
//! `gaussian:0.5:unclipped`, or [`Gaussian::with_clipping`]. [`Corruption::needs_unit_range`] tells which
//! noises expect [0, 1].
#![deny(missing_docs)]

// The item and its trait.
mod batch;
mod corruption;
mod draw;
mod error;

// One kind of noise a file.
mod blur;
mod correlated;
mod gaussian;
mod jpeg;
mod masking;
mod occlusion;
mod poisson;
mod poisson_gaussian;
mod salt_and_pepper;
mod speckle;
mod stains;
mod stripes;
mod uneven_light;

// Any noise, and its form as text and in serde.
mod chain;
mod choice;
mod described;
mod noise;
mod noise_serde;
mod registry;
mod strength;
mod text_syntax;

// What several kinds of noise share.
mod border;
mod clipping;
mod exponential;
mod parameter;
mod pixelwise;
mod smooth_field;

pub use ae_random::{Seed, Stream};
pub use batch::{corrupt_batch, corrupt_batch_with_levels};
pub use blur::GaussianBlur;
pub use border::reflected_index;
pub use clipping::Clipping;
pub use correlated::Correlated;
pub use corruption::Corruption;
pub use draw::Draw;
pub use error::CorruptionError;
pub use gaussian::Gaussian;
pub use jpeg::Jpeg;
pub use masking::Masking;
pub use noise::Noise;
pub use occlusion::Occlusion;
pub use poisson::Poisson;
pub use poisson_gaussian::PoissonGaussian;
pub use registry::register_noise;
pub use salt_and_pepper::SaltAndPepper;
pub use speckle::Speckle;
pub use stains::Stains;
pub use strength::parse_number;
pub use stripes::Stripes;
pub use uneven_light::UnevenLight;

/// The examples of the README are tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
