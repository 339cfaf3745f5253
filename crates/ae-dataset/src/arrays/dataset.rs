//! A `.npy` file as a data set: of images, or of a table if the array has two dimensions.

use std::path::Path;

use crate::arrays::items::{self, UsableImages};
use crate::arrays::npy;
use crate::arrays::{images, numbers::Numbers};
use crate::hold_out::split_images;
use crate::limits::MAX_COLUMNS;
use crate::other_sizes::dataset_in_shape;
use crate::tables::dataset::scaled_dataset;
use crate::{Dataset, DatasetError, FormatError, LoadOptions, Progress};

/// Opens an array: `(n, columns)` is a table, anything else images.
pub(crate) fn open(
    path: &Path,
    bytes: &[u8],
    options: &LoadOptions,
    progress: &mut dyn Progress,
) -> Result<Dataset, DatasetError> {
    let array = npy::decode(bytes).map_err(|error| error.in_file(path))?;
    if let [rows, columns] = *array.shape.as_slice() {
        return open_table(path, [rows, columns], array.numbers, options, progress);
    }
    let UsableImages { array, places, skipped } = items::images(path, array, 0, options.read.bad)?;
    if places.is_empty() && skipped > 0 {
        return Err(DatasetError::AllSkipped { path: path.to_owned(), count: skipped });
    }
    let images = images::images(array, None).map_err(|error| error.in_file(path))?;
    let dataset = split_images(path, "array", &images, options, progress)?;
    dataset_in_shape(path, Dataset { skipped, ..dataset }, options)
}

fn open_table(
    path: &Path,
    [rows, fields]: [usize; 2],
    numbers: Numbers,
    options: &LoadOptions,
    progress: &mut dyn Progress,
) -> Result<Dataset, DatasetError> {
    let wrong = |error: FormatError| error.in_file(path);
    if rows == 0 || fields == 0 {
        return Err(wrong(FormatError::NoRows));
    }
    if fields > MAX_COLUMNS {
        return Err(wrong(FormatError::TooManyColumns { found: fields, limit: MAX_COLUMNS }));
    }
    let scaling = options.scaling.as_ref();
    let columns = items::columns(fields, &options.read, scaling).map_err(wrong)?;
    let bad = options.read.bad;
    let rows = items::rows(path, &numbers.into_doubles(), 0, &columns, scaling, bad)?;
    if rows.places.is_empty() {
        return Err(DatasetError::AllSkipped { path: path.to_owned(), count: rows.skipped });
    }
    scaled_dataset(path, &columns, rows, Vec::new(), options, progress)
}
