//! Rows of a table as the items of an input: scaled, their classes numbered.

use crate::tables::rows::TableRows;
use crate::{DatasetError, ImageShape, Inputs, Scaling};

/// Scales rows and numbers their classes in the order in which they appear. `classes` are those of earlier rows; new
/// ones are appended.
pub(crate) fn table_items(
    rows: TableRows,
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
    let is_labelled = !classes.is_empty();
    Ok(Inputs {
        name: String::new(),
        shape: ImageShape::grey(1, columns),
        pixels: rows.numbers.chunks(columns.max(1)).flat_map(scaled).collect(),
        labels: is_labelled.then_some(labels),
        class_names: is_labelled.then(|| classes.clone()),
        files: None,
        origins: None,
        has_16_bits: vec![false; rows.places.len()],
        items: rows.places,
        skipped: rows.skipped,
    })
}
