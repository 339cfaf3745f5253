//! The crate's tests over its public interface, in one binary.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]

#[cfg(feature = "candle-datasets")]
mod candle_datasets;
mod digits;
#[cfg(feature = "tables")]
mod file_columns;
#[cfg(feature = "pictures")]
mod formats;
#[cfg(feature = "hub")]
mod hub;
mod idx_folder;
#[cfg(feature = "pictures")]
mod inputs;
mod leaves;
mod npy;
#[cfg(feature = "pictures")]
mod pairs;
#[cfg(feature = "pictures")]
mod picture_folders;
#[cfg(feature = "pictures")]
mod pictures;
#[cfg(all(feature = "pictures", feature = "tables"))]
mod reader;
#[cfg(feature = "pictures")]
mod survey;
#[cfg(feature = "pictures")]
mod tiff_by_hand;
#[cfg(feature = "pictures")]
mod tiff_files;
mod variations;
