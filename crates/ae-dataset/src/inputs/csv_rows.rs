//! Rows of a CSV file as the items of an input.

use std::path::Path;

use crate::inputs::table_items::table_items;
use crate::tables::csv_reader::{Row, TableReader};
use crate::tables::rows::TableRows;
use crate::{DatasetError, Inputs, ReadOptions, Scaling};

/// How many rows a table has, also such as cannot be used.
pub(crate) fn count_rows(
    path: &Path,
    options: &ReadOptions,
    scaling: Option<&Scaling>,
) -> Result<usize, DatasetError> {
    TableReader::open(path, options, scaling, &mut ())?.pass_over(usize::MAX)
}

/// The next rows of a table, at most `most` of them.
pub(crate) fn read_rows(
    table: &mut TableReader,
    classes: &mut Vec<String>,
    scaling: Option<&Scaling>,
    most: usize,
) -> Result<Inputs, DatasetError> {
    let mut rows = TableRows::default();
    let skipped = table.skipped();
    while rows.places.len() < most {
        let Some(Row { place, numbers, class }) = table.next_row()? else { break };
        rows.numbers.extend(numbers);
        rows.classes.extend(class);
        rows.places.push(place);
    }
    rows.skipped = table.skipped() - skipped;
    table_items(rows, table.columns().count(), classes, scaling)
}
