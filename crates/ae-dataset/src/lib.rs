//! Data sets for autoencoders: MNIST, IDX files, the Hugging Face hub, procedural digits and
//! photographs, folders of pictures, tables.
//!
//! - [`load`] turns a [`Source`] (`auto`, `mnist`, `fashion-mnist`, `digits`, `leaves` or a path) into a [`Dataset`]: training and
//!   test [`Images`], grey or RGB, and an [`Origin`] that names the data and identifies it by SHA-256. A row of a table
//!   is an image of one row whose columns a [`Scaling`] brings to [0, 1]. A [`Variation`] makes a harder task of the
//!   digits: `mnist-rot`, `mnist-bg-rand`.
//! - [`EpochBatches`] yields the seeded batches of an epoch: indices, `f32` pixels and labels. [`epoch_order`] is the
//!   order alone, [`Images::gather`] the pixels alone.
//! - [`PatchSource`] cuts the training images of every epoch from pictures of any size.
//! - [`InputReader`] reads what a trained model is applied to, chunk by chunk; [`read_inputs`] reads it at once.
//!   `PictureReader` reads pictures in their own sizes.
//! - `survey_folder` reports what a folder of any contents holds, and what keeps it from being a data set.
//!
//! Decoders are pure functions of bytes. Files from elsewhere are not believed: sizes are bounded before memory is
//! allocated, and every damage is an error that names the file.
//!
//! ```
//! use std::num::NonZeroUsize;
//!
//! use ae_dataset::{EpochBatches, Images, LastBatch, Seed};
//!
//! # fn main() -> Result<(), ae_dataset::DatasetError> {
//! let images = Images::new(2, 2, vec![0, 51, 102, 255, 255, 255, 0, 0])?.with_labels(vec![4, 7])?;
//! for batch in EpochBatches::new(&images, Seed::new(42), 0, NonZeroUsize::MIN, LastBatch::Keep) {
//!     assert_eq!((batch.indices.len(), batch.pixels.len()), (1, 4));
//!     assert_eq!(batch.labels, Some(vec![if batch.indices == [0] { 4 } else { 7 }]));
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Features
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `pictures` | yes | PNG, JPEG, TIFF, WebP, BMP, PNM and GIF files, folders of them, resizing (the crates `image`, `tiff`, `crc32fast`) |
//! | `tables` | yes | CSV files, and writing them (the crate `csv`) |
//! | `parquet` | no | Parquet files as tables, read and written (the crate `parquet`) |
//! | `hub` | yes | MNIST and Fashion-MNIST from the hub, without tokio and OpenSSL (the crates `hf-hub`, `parquet`) |
//! | `candle` | no | candle tensors of [`Images`], with `candle-core` alone |
//! | `candle-datasets` | no | conversion from and to `candle_datasets::vision::Dataset`; needs OpenSSL's headers |
//!
//! Without any feature the crate has the in-memory types, IDX, `.npy` the procedural digits and photographs.
//!
//! # Where things are
//!
//! | folder or file | what |
//! |---|---|
//! | `images.rs`, `pixels.rs`, `dataset.rs` | images in memory; training and test images with their origin |
//! | `load.rs`, `source.rs`, `own_data.rs` | from the name of a data set to its images |
//! | `epoch_order.rs`, `batches.rs`, `hold_out.rs` | the order of an epoch, its batches, the split |
//! | `other_sizes.rs` | another size is refused or resized |
//! | `patches.rs`, `patches/` | patches of pictures of any size, cut anew in every epoch |
//! | `inputs/` | what a trained model is applied to |
//! | `pictures/pairs.rs` | pictures and their partners in another folder |
//! | `pictures/`, `tables/`, `arrays/`, `idx/` | one folder for each kind of file |
//! | `mnist.rs`, `hub/`, `digits/` | MNIST's checksums, downloads, procedural digits |
//! | `leaves/` | procedural photographs: dead leaves |
//! | `parquet/` | Parquet files, read and written |
//! | `mapped/` | items in a file that is larger than memory |
//! | `variations.rs` | rotated digits, digits over noise |
//! | `scaling/` | the scaling of a table's columns |
//! | `survey.rs` | what a folder of any contents holds |
#![deny(missing_docs)]

mod arrays;
mod batches;
#[cfg(feature = "candle-datasets")]
mod candle_datasets;
mod dataset;
mod digits;
mod epoch_order;
mod error;
mod file_kind;
mod hold_out;
#[cfg(feature = "hub")]
mod hub;
mod idx;
mod image_shape;
mod images;
mod inputs;
mod leaves;
mod limits;
mod load;
mod mapped;
mod mnist;
mod options;
mod other_sizes;
mod own_data;
mod parquet;
mod patches;
mod pictures;
mod pixels;
mod progress;
mod scaling;
mod skipped;
mod source;
#[cfg(feature = "pictures")]
mod survey;
mod tables;
#[cfg(feature = "candle")]
mod tensors;
mod variations;

pub use ae_files::FileError;
pub use ae_random::Seed;
pub use arrays::matrix::{Matrix, read_npy_matrix};
pub use arrays::npy_join::join_npy;
pub use arrays::npy_writer::{NpyWriter, write_npy};
pub use batches::{Batch, EpochBatches, LastBatch};
#[cfg(feature = "candle")]
pub use candle_core::{Device, Tensor};
#[cfg(feature = "candle-datasets")]
pub use candle_datasets::{from_candle, to_candle};
pub use dataset::{Dataset, FileDigest, MissingCells, Origin, PairedInputs, TableInfo};
pub use digits::Digits;
pub use epoch_order::epoch_order;
pub use error::DatasetError;
pub use error::export::ExportError;
pub use error::format::FormatError;
#[cfg(feature = "hub")]
pub use error::hub::{ContentError, HubError, TransferError};
pub use error::mapped::MappedError;
pub use error::pairs::PairError;
pub use error::patches::PatchError;
pub use file_kind::FileKind;
pub use hold_out::held_out_items;
#[cfg(feature = "hub")]
pub use hub::{Hub, HubDataset, HubLimits};
pub use idx::folder::{open_folder, refuse_existing, replace_folder, write_folder};
pub use idx::format::{decode_images, decode_labels};
pub use image_shape::ImageShape;
pub use images::Images;
pub use inputs::format::InputFormat;
pub use inputs::items::Inputs;
pub use inputs::reader::{InputReader, read_inputs};
pub use inputs::shard::{Shard, ShardItems};
pub use leaves::{Leaves, LeavesError};
pub use load::load;
pub use mapped::{MappedPixels, Mapping};
pub use options::{
    Background, BadItems, Delimiter, Header, LoadOptions, Part, ReadOptions, Resize,
};
pub use own_data::has_own_split;
#[cfg(not(feature = "parquet"))]
pub use parquet::absent::{ParquetWriter, join_parquet};
pub use parquet::column::{ParquetCell, ParquetColumn, ParquetKind};
#[cfg(feature = "parquet")]
pub use parquet::writer::{ParquetWriter, join_parquet};
pub use patches::{PatchOptions, PatchSource};
pub use pictures::id::{PageOfFile, PictureId, PictureOrigin};
#[cfg(feature = "pictures")]
pub use pictures::in_memory::picture_in_memory;
pub use pictures::list::is_named_like_a_picture;
#[cfg(feature = "pictures")]
pub use pictures::metadata::{ColourProfile, Depth, PictureMetadata};
#[cfg(feature = "pictures")]
pub use pictures::reader::PictureReader;
#[cfg(feature = "pictures")]
pub use pictures::writer::{replace_pictures, write_pictures};
pub use pixels::Pixels;
pub use progress::Progress;
pub use scaling::Scaling;
pub use scaling::kind::{ColumnScaling, ConstantColumns};
pub use source::{Network, Source};
#[cfg(feature = "pictures")]
pub use survey::{
    ClassCount, FolderSurvey, KindCount, SizeCount, SkipReason, SkippedFiles, TrainingNeed,
    survey_folder,
};
#[cfg(feature = "tables")]
pub use tables::csv_lines::csv_line;
#[cfg(feature = "tables")]
pub use tables::csv_writer::TableWriter;
pub use variations::Variation;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
