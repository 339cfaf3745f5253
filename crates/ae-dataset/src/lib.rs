//! Images for autoencoders: MNIST, IDX, the hub, procedural digits, folders of pictures, tables.
//!
//! [`load`] turns a [`Source`] (`auto`, `mnist`, `fashion-mnist`, `digits` or a path) into a
//! [`Dataset`]: training and test [`Images`], grey or RGB, kept as bytes, and an [`Origin`] that says
//! what they are and names them by SHA-256. A table's columns become [0, 1] by a [`Scaling`].
//! [`InputReader`] reads what a trained model is applied to, chunk by chunk, and [`read_inputs`] all of
//! it: a folder, an IDX or `.npy` file, a PNG or JPEG, a table. [`PictureReader`] reads pictures in their own sizes. [`epoch_order`] gives the seeded order
//! of an epoch, and [`Images::gather`] the `f32` pixels of a batch.
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

mod array_rows;
mod arrays;
#[cfg(feature = "candle-datasets")]
mod candle;
mod column_scaling;
mod dataset;
mod digits;
mod error;
mod folder;
mod format_error;
mod gzip;
#[cfg(feature = "hub")]
mod hub;
mod idx;
mod images;
mod input;
mod input_reader;
mod jpeg;
mod mnist;
mod npy;
mod npy_reader;
mod options;
mod order;
mod own_data;
mod picture;
mod picture_list;
mod picture_parts;
mod picture_reader;
mod pictures;
mod places;
mod png;
mod progress;
mod resize;
mod scaling;
mod source;
mod split;
mod table;
mod table_inputs;

#[cfg(feature = "candle-datasets")]
pub use candle::{from_candle, to_candle};
pub use column_scaling::{ColumnScaling, ConstantColumns};
pub use dataset::{Dataset, FileDigest, MissingCells, Origin, TableInfo};
pub use digits::Digits;
pub use error::DatasetError;
pub use folder::{open_folder, refuse_existing, write_folder};
pub use format_error::FormatError;
#[cfg(feature = "hub")]
pub use hub::{ContentError, Hub, HubDataset, HubError, HubLimits, TransferError};
pub use idx::{decode_images, decode_labels};
pub use images::{ImageShape, Images, Pixels};
pub use input::{InputFormat, Inputs, read_inputs};
pub use input_reader::InputReader;
pub use npy::{Matrix, NpyWriter, read_npy_matrix, write_npy};
pub use options::{BadItems, Delimiter, Header, LoadOptions, Part, ReadOptions, Resize};
pub use order::epoch_order;
pub use own_data::has_own_split;
pub use picture_reader::PictureReader;
pub use progress::Progress;
pub use scaling::Scaling;
pub use source::{Network, Source, load};
pub use split::held_out_items;
pub use table::TableWriter;
