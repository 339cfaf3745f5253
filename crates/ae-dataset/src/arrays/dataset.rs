//! A `.npy` file as a data set: of images, or of a table if the array has two dimensions.

use std::io::Read;
use std::path::Path;

use ae_files::{FileError, open_regular};

use crate::arrays::images;
use crate::arrays::items::{self, UsableImages};
use crate::arrays::npy::{self, LONGEST_HEADER};
use crate::arrays::npy_reader::NpyReader;
use crate::hold_out::split_images;
use crate::limits::MAX_COLUMNS;
use crate::other_sizes::dataset_in_shape;
use crate::tables::dataset::scaled_dataset;
use crate::tables::learned_rows::LearnedRows;
use crate::{Dataset, DatasetError, FormatError, LoadOptions, Progress};

/// Rows that are read at a time.
const ROWS: usize = 4096;
/// Numbers that are read at a time, if rows are long.
const NUMBERS: usize = 1 << 18;

/// Opens an array of images.
pub(crate) fn open(
    path: &Path,
    bytes: &[u8],
    options: &LoadOptions,
    progress: &mut dyn Progress,
) -> Result<Dataset, DatasetError> {
    let array = npy::decode(bytes).map_err(|error| error.in_file(path))?;
    let UsableImages { array, places, skipped } = items::images(path, array, 0, options.read.bad)?;
    if places.is_empty() && skipped > 0 {
        return Err(DatasetError::AllSkipped { path: path.to_owned(), count: skipped });
    }
    let images = images::images(array, None).map_err(|error| error.in_file(path))?;
    let dataset = split_images(path, "array", &images, options, progress)?;
    dataset_in_shape(path, Dataset { skipped, ..dataset }, options)
}

/// Opens an array of two dimensions as a table; `None` if the file is none.
pub(crate) fn open_table(
    path: &Path,
    options: &LoadOptions,
    progress: &mut dyn Progress,
) -> Result<Option<Dataset>, DatasetError> {
    if !has_two_dimensions(path)? {
        return Ok(None);
    }
    let Some(mut reader) = NpyReader::open(path)? else { return Ok(None) };
    let wrong = |error: FormatError| error.in_file(path);
    let (total, fields) = (reader.total(), reader.item_size());
    if total == 0 || fields == 0 {
        return Err(wrong(FormatError::NoRows));
    }
    if fields > MAX_COLUMNS {
        return Err(wrong(FormatError::TooManyColumns { found: fields, limit: MAX_COLUMNS }));
    }
    let (scaling, bad) = (options.scaling.as_ref(), options.read.bad);
    let columns = items::columns(fields, &options.read, scaling).map_err(wrong)?;
    let mut rows = LearnedRows::new(path, columns.count(), options)?;
    let at_once = (NUMBERS / fields).clamp(1, ROWS);
    while let (first, Some(array)) = (reader.read(), reader.next(at_once)?) {
        let numbers = array.numbers.into_doubles();
        let chunk = items::rows(path, &numbers, first, &columns, scaling, bad)?;
        rows.skipped += chunk.skipped;
        let mut classes = chunk.classes.into_iter();
        for (place, row) in chunk.places.iter().zip(chunk.numbers.chunks(columns.count())) {
            rows.push(*place, row, classes.next())?;
        }
        progress.read("reading rows", reader.read() as u64, total as u64);
    }
    if rows.len() == 0 {
        return Err(DatasetError::AllSkipped { path: path.to_owned(), count: rows.skipped });
    }
    scaled_dataset(path, &columns, rows, Vec::new(), options, progress).map(Some)
}

/// Whether a file begins like an array of two dimensions.
fn has_two_dimensions(path: &Path) -> Result<bool, DatasetError> {
    let read = || {
        let mut bytes = Vec::new();
        open_regular(path)?.take(LONGEST_HEADER as u64).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let bytes = read().map_err(|source| FileError::Read { path: path.to_owned(), source })?;
    Ok(npy::is_npy(&bytes) && npy::header(&bytes).is_ok_and(|header| header.shape.len() == 2))
}
