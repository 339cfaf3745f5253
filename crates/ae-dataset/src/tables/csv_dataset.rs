//! A CSV file as a data set.

use std::path::Path;

use crate::tables::csv_reader::TableReader;
use crate::tables::dataset::scaled_dataset;
use crate::tables::learned_rows::LearnedRows;
use crate::{Dataset, DatasetError, LoadOptions, Progress};

/// Rows between two reports of progress.
const REPORTED_ROWS: usize = 4096;

/// Reads all rows of a table, holds some out, and scales them.
pub(crate) fn open(
    path: &Path,
    options: &LoadOptions,
    progress: &mut dyn Progress,
) -> Result<Dataset, DatasetError> {
    let mut reader = TableReader::open(path, &options.read, options.scaling.as_ref(), progress)?;
    let mut rows = LearnedRows::new(path, reader.columns().count(), options)?;
    while let Some(row) = reader.next_row()? {
        rows.push(row.place, &row.numbers, row.class)?;
        if rows.len().is_multiple_of(REPORTED_ROWS) {
            progress.read("reading rows", rows.len() as u64, 0);
        }
    }
    rows.skipped = reader.skipped();
    scaled_dataset(path, reader.columns(), rows, reader.missing(), options, progress)
}
