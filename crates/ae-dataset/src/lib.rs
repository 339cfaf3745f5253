//! Images for autoencoders: MNIST, IDX folders, the hub, procedural digits, and single files.
//!
//! [`load`] turns a [`Source`] (`auto`, `mnist`, `fashion-mnist`, `digits` or a folder) into a
//! [`Dataset`]: training and test [`Images`], kept as bytes, and an [`Origin`] that says what they
//! are and names them by SHA-256. [`read_inputs`] reads what a trained model is applied to: a data
//! folder, an IDX or `.npy` file, a PNG or JPEG. [`epoch_order`] gives the seeded order of an epoch,
//! and [`Images::gather`] the `f32` pixels of a batch.
//!
//! The decoders are pure functions over bytes. Files come from elsewhere and are not believed:
//! sizes are bounded before anything is allocated, and every damage is an error that names the file.
//!
//! ```
//! use ae_dataset::{Images, epoch_order};
//! use ae_random::Seed;
//!
//! # fn main() -> Result<(), ae_dataset::DatasetError> {
//! let images = Images::new(2, 2, vec![0, 51, 102, 255, 255, 255, 0, 0])?.with_labels(vec![4, 7])?;
//! let order = epoch_order(Seed::new(42), 0, images.len());
//! for batch in order.chunks(256) {
//!     let mut pixels = vec![0.0; batch.len() * images.image_size()];
//!     images.gather(batch, &mut pixels);
//!     assert_eq!(pixels.iter().sum::<f32>(), 1.6 + 2.0);
//! }
//! # Ok(())
//! # }
//! ```
#![deny(missing_docs)]

#[cfg(feature = "candle-datasets")]
mod candle;
mod dataset;
mod digits;
mod error;
mod folder;
mod gzip;
#[cfg(feature = "hub")]
mod hub;
mod idx;
mod images;
mod input;
mod mnist;
mod npy;
mod order;
mod picture;
mod places;
mod progress;
mod source;

#[cfg(feature = "candle-datasets")]
pub use candle::{from_candle, to_candle};
pub use dataset::{Dataset, FileDigest, Origin};
pub use digits::Digits;
pub use error::{DatasetError, FormatError};
pub use folder::{open_folder, write_folder};
#[cfg(feature = "hub")]
pub use hub::{ContentError, Hub, HubDataset, HubError, HubLimits, TransferError};
pub use idx::{decode_images, decode_labels};
pub use images::{ImageShape, Images, Pixels};
pub use input::{Inputs, read_inputs};
pub use npy::{Matrix, read_npy_matrix, write_npy};
pub use order::epoch_order;
pub use progress::Progress;
pub use source::{Network, Source, load};
