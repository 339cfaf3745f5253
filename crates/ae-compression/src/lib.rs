//! Compression of images with an autoencoder: rounded codes and, if asked for, what the decoder misses, under a
//! range coder.
//!
//! A [`Codec`] is fitted once to a network and its training images. A [`Compressor`] is the network with its codec: it
//! turns 8-bit images into bytes, and opens such bytes as an [`Archive`].
//!
//! Encoder and decoder must agree on steps, frequencies and the decoder's output, so these are computed in integers:
//! a file gives the same pixels on every machine. The encoder is a float network; its codes are stored after rounding,
//! so its last bits do not matter.
#![deny(missing_docs)]

mod archive;
mod basis;
mod codec;
mod elementary;
mod error;
mod fit;
mod fixed;
mod latents;
mod pixels;
mod symbols;

pub use archive::{Archive, Compressor};
pub use codec::{Codec, Mode, Quality};
pub use error::CompressionError;
