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
use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

#[cfg(feature = "parquet")]
use ::parquet::errors::ParquetError;
#[cfg(feature = "parquet")]
use ae_files::FileError;

#[cfg(feature = "parquet")]
use crate::{DatasetError, FormatError};

/// Calls the parquet crate, which panics on some kinds of damage.
#[cfg(feature = "parquet")]
fn guarded<T>(work: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, FormatError> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(done) => done.map_err(|error| FormatError::Parquet { reason: error.to_string() }),
        Err(_) => Err(FormatError::Parquet { reason: "the parquet crate cannot go on".to_owned() }),
    }
}

/// Calls the parquet crate to write a file: what the system says of it is not a fault of the format.
#[cfg(feature = "parquet")]
fn writing<T>(
    path: &Path,
    work: impl FnOnce() -> Result<T, ParquetError>,
) -> Result<T, DatasetError> {
    let mut failed = None;
    let done = guarded(|| {
        work().map_err(|error| match error {
            ParquetError::External(error) => match error.downcast::<io::Error>() {
                Ok(source) => {
                    failed = Some(*source);
                    ParquetError::EOF("the file cannot be written".to_owned())
                }
                Err(error) => ParquetError::External(error),
            },
            error => error,
        })
    });
    match failed {
        Some(source) => Err(FileError::Write { path: path.to_owned(), source }.into()),
        None => done.map_err(|error| error.in_file(path)),
    }
}
