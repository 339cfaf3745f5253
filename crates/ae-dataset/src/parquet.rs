//! Parquet files as tables: numbers, and texts that may be classes.

#[cfg(not(feature = "parquet"))]
pub(crate) mod absent;
#[cfg(feature = "parquet")]
mod cells;
pub(crate) mod column;
#[cfg(feature = "parquet")]
mod leaf;
#[cfg(feature = "parquet")]
pub(crate) mod reader;
#[cfg(feature = "parquet")]
pub(crate) mod writer;

#[cfg(feature = "parquet")]
use std::panic::{AssertUnwindSafe, catch_unwind};

#[cfg(feature = "parquet")]
use ::parquet::errors::ParquetError;

#[cfg(feature = "parquet")]
use crate::FormatError;

/// Calls the parquet crate, which panics on some kinds of damage.
#[cfg(feature = "parquet")]
fn guarded<T>(work: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, FormatError> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(done) => done.map_err(|error| FormatError::Parquet { reason: error.to_string() }),
        Err(_) => Err(FormatError::Parquet { reason: "the parquet crate cannot go on".to_owned() }),
    }
}
