//! Compression with autoencoders: quantised codes under a range coder, with the same result on every machine.
//!
//! **Codes alone**, of any encoder: [`compress_codes`] and [`decompress_codes`], with a bound of every number's error.
//!
//! **Images**, with a network that both ends have: a [`Codec`] is fitted once to a network and its training images. A
//! [`Compressor`] is the network with its codec. It turns 8-bit images into bytes, and opens such bytes as an
//! [`Archive`], from which images are decompressed one by one: lossy, or bit for bit ([`Mode`]). Pictures of other sizes are
//! cut into tiles ([`TiledPictures`]).
//!
//! Encoder and decoder must agree on steps, frequencies and the decoder's output, so these are computed in integers:
//! a file gives the same pixels on every machine. The encoder is a float network; its codes are stored after rounding,
//! so its last bits do not matter.
#![deny(missing_docs)]

// Images: a codec, what it consists of, and the file.
mod archive;
mod basis;
mod code_quantiser;
mod codec;
mod codec_fit;
mod fixed_point;
mod integer_activations;
mod integer_decoder;
mod joined;
mod pixel_contexts;
mod quality;
mod symbol_models;
mod tiled;

// Codes alone.
mod plain_codes;

// What both share.
mod byte_fields;
mod error;
mod names;
mod range_coder;

/// A network, as [`Compressor::new`] and [`Codec::fit`] take it.
pub use ae_kernels::Chain;
/// Images in a block, the smallest unit of a file; see [`join_archives`].
pub use archive::BLOCK as IMAGES_OF_A_BLOCK;
pub use archive::{Archive, Compressor};
pub use codec::Codec;
pub use error::CompressionError;
pub use joined::join_archives;
pub use names::Names;
pub use plain_codes::{Codes, compress_codes, decompress_codes};
pub use quality::{Mode, Quality};
pub use tiled::TiledPictures;

/// The examples of the README are tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
