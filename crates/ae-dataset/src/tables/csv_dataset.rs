//! A CSV file as a data set.

use std::path::Path;

use crate::tables::csv_reader::TableReader;
use crate::tables::dataset::scaled_dataset;
use crate::tables::rows::TableRows;
use crate::{Dataset, DatasetError, FormatError, LoadOptions, Progress};

/// The most numbers of a table: 1 GiB of `f64`.
const MAX_NUMBERS: usize = 1 << 27;
/// Rows between two reports of progress.
const REPORTED_ROWS: usize = 4096;

/// Reads all rows of a table, holds some out, and scales them.
pub(crate) fn open(
    path: &Path,
    options: &LoadOptions,
    progress: &mut dyn Progress,
) -> Result<Dataset, DatasetError> {
    let mut reader = TableReader::open(path, &options.read, options.scaling.as_ref(), progress)?;
    let mut rows = TableRows::default();
    while let Some(row) = reader.next_row()? {
        rows.numbers.extend(row.numbers);
        rows.classes.extend(row.class);
        rows.places.push(row.place);
        let numbers = rows.numbers.len();
        if numbers > MAX_NUMBERS {
            let (claimed, limit) = (8 * numbers as u128, 8 * MAX_NUMBERS as u64);
            return Err(FormatError::TooLarge { claimed, limit }.in_file(path));
        }
        if rows.places.len().is_multiple_of(REPORTED_ROWS) {
            progress.read("reading rows", rows.places.len() as u64, 0);
        }
    }
    rows.skipped = reader.skipped();
    scaled_dataset(path, reader.columns(), rows, reader.missing(), options, progress)
}
