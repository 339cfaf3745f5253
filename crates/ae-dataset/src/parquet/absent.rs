//! What stands for Parquet files in a build without them.

use std::path::Path;

use crate::{DatasetError, ParquetCell, ParquetColumn};

const ABSENT: DatasetError =
    DatasetError::NotInThisBuild { what: "write Parquet files", feature: "parquet" };

/// Writes Parquet files in a build with the feature `parquet`.
#[derive(Debug)]
pub struct ParquetWriter(());

impl ParquetWriter {
    /// Begins a file.
    ///
    /// # Errors
    /// Always [`DatasetError::NotInThisBuild`].
    pub fn create(_: &Path, _: &[ParquetColumn]) -> Result<Self, DatasetError> {
        Err(ABSENT)
    }

    /// Appends a row.
    ///
    /// # Errors
    /// Always [`DatasetError::NotInThisBuild`].
    pub fn write_row<'a>(
        &mut self,
        _: impl IntoIterator<Item = ParquetCell<'a>>,
    ) -> Result<(), DatasetError> {
        Err(ABSENT)
    }

    /// Finishes the file.
    ///
    /// # Errors
    /// Always [`DatasetError::NotInThisBuild`].
    pub fn finish(self) -> Result<(), DatasetError> {
        Err(ABSENT)
    }
}

/// Joins Parquet files in a build with the feature `parquet`.
///
/// # Errors
/// Always [`DatasetError::NotInThisBuild`].
pub fn join_parquet(_: &[&Path], _: &Path) -> Result<(), DatasetError> {
    Err(ABSENT)
}
