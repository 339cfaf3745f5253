//! Items of an array as the items of an input.

use std::path::Path;

use crate::arrays::items::{self, UsableImages};
use crate::arrays::{images, npy::Array};
use crate::inputs::table_items::table_items;
use crate::other_sizes::in_shape;
use crate::{DatasetError, FormatError, InputFormat, Inputs, ReadOptions};

/// The items of a chunk of an array. `first` is the place of its first item in the file.
pub(crate) fn read_array(
    array: Array,
    first: usize,
    path: &Path,
    format: &InputFormat,
    options: &ReadOptions,
    classes: &mut Vec<String>,
) -> Result<Inputs, DatasetError> {
    let wrong = |error: FormatError| error.in_file(path);
    if let Some(scaling) = &format.scaling {
        let &[_, fields] = array.shape.as_slice() else {
            return Err(wrong(FormatError::NotATable { columns: format.shape.width }));
        };
        let columns = items::columns(fields, options, Some(scaling)).map_err(wrong)?;
        let numbers = array.numbers.into_doubles();
        let rows = items::rows(path, &numbers, first, &columns, Some(scaling), options.bad)?;
        return table_items(rows, columns.count(), classes, Some(scaling));
    }
    let UsableImages { array, places, skipped } = items::images(path, array, first, options.bad)?;
    if places.is_empty() {
        return Ok(Inputs { skipped, ..Inputs::none(format.shape) });
    }
    let images = images::images(array, Some(format.shape)).map_err(wrong)?;
    let images = in_shape(images, format.shape, options.resize, path)?;
    Ok(Inputs { items: places, skipped, ..Inputs::from_images("", &images) })
}
