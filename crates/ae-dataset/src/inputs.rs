//! Inputs: images or rows of a table that a trained model is applied to.

pub(crate) mod format;
pub(crate) mod identity;
pub(crate) mod items;
pub(crate) mod reader;
pub(crate) mod shard;

mod array_items;
#[cfg(feature = "tables")]
mod csv_rows;
mod source;
mod table_items;
