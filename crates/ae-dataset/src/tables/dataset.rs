//! Rows of a table as a data set: some are held out, the others decide the scaling of the columns.

use std::path::Path;

use crate::hold_out::{hold_out, say_held_out};
use crate::tables::columns::Columns;
use crate::tables::learned_rows::LearnedRows;
use crate::{
    BadItems, ColumnScaling, Dataset, DatasetError, FormatError, LoadOptions, MissingCells,
    Progress, Scaling,
};

/// The most columns that a sentence names.
const NAMED_COLUMNS: usize = 20;

/// Splits rows into training and test rows and scales both, by the scaling that the options give or by one that is
/// fitted to the training rows.
pub(crate) fn scaled_dataset(
    path: &Path,
    columns: &Columns,
    mut rows: LearnedRows,
    missing: Vec<MissingCells>,
    options: &LoadOptions,
    progress: &mut dyn Progress,
) -> Result<Dataset, DatasetError> {
    rows.seal()?;
    if options.scaling.is_none() {
        warn_of_index(path, columns, &rows)?;
    }
    // Too many classes are refused before the rows are looked at.
    rows.label()?;
    let (count, skipped) = (rows.len(), rows.skipped);
    let [train, test] = hold_out(path, count, options.test_fraction, options.seed)?;
    say_held_out(path, "rows", test.len(), count, progress);
    let scaling = match &options.scaling {
        Some(scaling) => scaling.clone(),
        None => {
            let scaling = fitted(columns, &rows, &train, options.columns)?;
            say_constant(path, &scaling, progress);
            scaling
        }
    };
    let test = finite_rows(path, &scaling, &test, &rows, options.read.bad)?;
    let skipped = skipped + count - train.len() - test.len();
    let location = path.display().to_string();
    let [train, test] = rows.into_images([&train, &test], &scaling, progress)?;
    let dataset = Dataset::new("table", location, train, test)?;
    let (held_out, table) = (Some(options.test_fraction), Some(columns.info(missing)));
    Ok(Dataset { scaling: Some(scaling), held_out, skipped, table, ..dataset })
}

/// The scaling that is fitted to the training rows.
fn fitted(
    columns: &Columns,
    rows: &LearnedRows,
    train: &[u32],
    kind: ColumnScaling,
) -> Result<Scaling, DatasetError> {
    let each_row = |visit: &mut dyn FnMut(&[f64])| {
        rows.each(train, &mut |_, row| {
            visit(row);
            Ok(())
        })
    };
    let (names, count) = (columns.names(), columns.count());
    let scaling = match kind {
        ColumnScaling::MinMax => Scaling::fit(names, count, each_row),
        ColumnScaling::Standard => Scaling::fit_standard(names, count, each_row),
    }?;
    Ok(Scaling { left_out: columns.left_out(), ..scaling })
}

/// Warns of a first column that numbers the rows, as pandas writes it.
fn warn_of_index(path: &Path, columns: &Columns, rows: &LearnedRows) -> Result<(), DatasetError> {
    let Some(field) = columns.first().filter(|_| columns.count() > 1) else { return Ok(()) };
    let (path, column) = (path.display(), columns.described(field));
    let argument = columns.argument(field);
    let drop = format!("--drop-columns {argument} leaves it out");
    if let Some([start, last]) = rows.counted_by_first()? {
        tracing::warn!(
            "{path}: {column} counts from {start} to {last}, as an index does, and later rows will have \
             other numbers: {drop}"
        );
    } else if columns.has_name_of_index(field) {
        tracing::warn!("{path}: {column} may be an index, as pandas writes it: {drop}");
    }
    Ok(())
}

/// Names the columns that are constant in the training rows.
fn say_constant(path: &Path, scaling: &Scaling, progress: &mut dyn Progress) {
    let constant = scaling.constant();
    if constant.is_empty() {
        return;
    }
    let path = path.display();
    if constant.len() == scaling.columns() {
        tracing::warn!(
            "{path}: every column is constant in the training rows: there is nothing to learn"
        );
    }
    let names: Vec<String> =
        constant.iter().take(NAMED_COLUMNS).map(|&column| scaling.name(column)).collect();
    let more = constant.len() - names.len();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    progress.chose(&format!(
        "{path}: constant in all training rows, and not scaled: {}{more}",
        names.join(", ")
    ));
}

/// The chosen rows whose numbers are finite after scaling. Held-out rows may lie far beyond the range of training.
fn finite_rows(
    path: &Path,
    scaling: &Scaling,
    chosen: &[u32],
    rows: &LearnedRows,
    bad: BadItems,
) -> Result<Vec<u32>, DatasetError> {
    let mut kept = Vec::new();
    rows.each(chosen, &mut |row, values| {
        let Some(column) = scaling.apply(values).position(|value| !value.is_finite()) else {
            kept.push(row);
            return Ok(());
        };
        let number = rows.place(row) + 1;
        let place = format!("row {number}, column {}", scaling.name(column));
        let expected = "finite in single precision once it is scaled by the range of training";
        let error = FormatError::Value { place, found: values[column], expected };
        match bad {
            BadItems::Refuse => Err(DatasetError::BadItem { path: path.to_owned(), source: error }),
            BadItems::Skip => {
                tracing::warn!("left out: {}: {error}", path.display());
                Ok(())
            }
        }
    })?;
    Ok(kept)
}
