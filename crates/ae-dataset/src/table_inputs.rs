//! Rows of tables, and items of arrays, as inputs of a model.

use std::path::Path;

use crate::array_rows::{self, ArrayImages, ArrayRows};
use crate::input_reader::in_shape;
use crate::npy::Array;
use crate::table::{Row, TableReader};
use crate::{
    DatasetError, FormatError, ImageShape, InputFormat, Inputs, ReadOptions, Scaling, arrays,
};

/// The next rows of a table, at most so many, scaled; their classes are numbered as they are met.
pub(crate) fn read_rows(
    table: &mut TableReader,
    classes: &mut Vec<String>,
    scaling: Option<&Scaling>,
    items: usize,
) -> Result<Inputs, DatasetError> {
    let mut rows = ArrayRows::default();
    let skipped = table.skipped();
    while rows.places.len() < items {
        let Some(Row { place, numbers, class }) = table.next_row()? else { break };
        rows.numbers.extend(numbers);
        rows.classes.extend(class);
        rows.places.push(place);
    }
    rows.skipped = table.skipped() - skipped;
    inputs_of(rows, table.columns().count(), classes, scaling)
}

/// Scaled rows, and their classes as numbers by the classes met until now.
fn inputs_of(
    rows: ArrayRows,
    columns: usize,
    classes: &mut Vec<String>,
    scaling: Option<&Scaling>,
) -> Result<Inputs, DatasetError> {
    let mut labels = Vec::with_capacity(rows.classes.len());
    for class in rows.classes {
        let place = classes.iter().position(|known| *known == class).unwrap_or_else(|| {
            classes.push(class);
            classes.len() - 1
        });
        let too_many = |_| DatasetError::TooManyClasses { found: classes.len() };
        labels.push(u8::try_from(place).map_err(too_many)?);
    }
    let scaled = |row| scaling.into_iter().flat_map(move |scaling| scaling.apply(row));
    let labelled = !classes.is_empty();
    Ok(Inputs {
        name: String::new(),
        shape: ImageShape::grey(1, columns),
        pixels: rows.numbers.chunks(columns.max(1)).flat_map(scaled).collect(),
        labels: labelled.then_some(labels),
        class_names: labelled.then(|| classes.clone()),
        files: None,
        has_16_bits: vec![false; rows.places.len()],
        items: rows.places,
        skipped: rows.skipped,
    })
}

/// Items of an array, of which the first is the `first` of all.
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
        let columns = array_rows::columns(fields, options, Some(scaling)).map_err(wrong)?;
        let numbers = array.numbers.into_doubles();
        let rows = array_rows::rows(path, &numbers, first, &columns, Some(scaling), options.bad)?;
        return inputs_of(rows, columns.count(), classes, Some(scaling));
    }
    let ArrayImages { array, places, skipped } =
        array_rows::images(path, array, first, options.bad)?;
    if places.is_empty() {
        return Ok(Inputs { skipped, ..Inputs::none(format.shape) });
    }
    let images = arrays::images(array, Some(format.shape)).map_err(wrong)?;
    let images = in_shape(images, path, format, options)?;
    Ok(Inputs { items: places, skipped, ..Inputs::from_images("", &images) })
}
