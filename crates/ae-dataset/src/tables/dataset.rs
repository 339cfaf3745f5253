//! Rows of a table as a data set: some are held out, the others decide the scaling of the columns.

use std::path::Path;

use crate::hold_out::{hold_out, say_held_out};
use crate::tables::classes::{Labelled, label};
use crate::tables::columns::Columns;
use crate::tables::rows::TableRows;
use crate::{
    BadItems, ColumnScaling, Dataset, DatasetError, FormatError, ImageShape, Images, LoadOptions,
    MissingCells, Pixels, Progress, Scaling,
};

/// The most columns that a sentence names.
const NAMED_COLUMNS: usize = 20;

/// Splits rows into training and test rows and scales both, by the scaling that the options give or by one that is
/// fitted to the training rows.
pub(crate) fn scaled_dataset(
    path: &Path,
    columns: &Columns,
    rows: TableRows,
    missing: Vec<MissingCells>,
    options: &LoadOptions,
    progress: &mut dyn Progress,
) -> Result<Dataset, DatasetError> {
    if options.scaling.is_none() {
        warn_of_index(path, columns, &rows.numbers);
    }
    let labelled = if rows.classes.is_empty() { None } else { Some(label(&rows.classes)?) };
    let count = rows.places.len();
    let [train, test] = hold_out(path, count, options.test_fraction, options.seed)?;
    say_held_out(path, "rows", test.len(), count, progress);
    let scaling = match &options.scaling {
        Some(scaling) => scaling.clone(),
        None => {
            let scaling = fitted(columns, &rows, &train, options.columns);
            say_constant(path, &scaling, progress);
            scaling
        }
    };
    let test = finite_rows(path, &scaling, &test, &rows, options.read.bad)?;
    let skipped = rows.skipped + count - train.len() - test.len();
    let half = |chosen: &[u32]| scaled_half(chosen, &rows, &scaling, labelled.as_ref());
    let location = path.display().to_string();
    let dataset = Dataset::new("table", location, half(&train)?, half(&test)?)?;
    let (held_out, table) = (Some(options.test_fraction), Some(columns.info(missing)));
    Ok(Dataset { scaling: Some(scaling), held_out, skipped, table, ..dataset })
}

/// The numbers of one row, of `columns` numbers each.
fn numbers_of(rows: &TableRows, row: u32, columns: usize) -> &[f64] {
    &rows.numbers[row as usize * columns..][..columns]
}

/// The scaling that is fitted to the training rows.
fn fitted(columns: &Columns, rows: &TableRows, train: &[u32], kind: ColumnScaling) -> Scaling {
    let count = columns.count();
    let training_rows = train.iter().map(|&row| numbers_of(rows, row, count));
    let scaling = match kind {
        ColumnScaling::MinMax => Scaling::fit(columns.names(), count, training_rows),
        ColumnScaling::Standard => Scaling::fit_standard(columns.names(), count, training_rows),
    };
    Scaling { left_out: columns.left_out(), ..scaling }
}

/// The chosen rows as images of one row, scaled, with their labels.
fn scaled_half(
    chosen: &[u32],
    rows: &TableRows,
    scaling: &Scaling,
    labelled: Option<&Labelled>,
) -> Result<Images, DatasetError> {
    let columns = scaling.columns();
    let values =
        chosen.iter().flat_map(|&row| scaling.apply(numbers_of(rows, row, columns))).collect();
    let images = Images::of_shape(ImageShape::grey(1, columns), Pixels::Floats(values))?;
    let Some(Labelled { labels, names }) = labelled else { return Ok(images) };
    let labels = chosen.iter().filter_map(|&row| labels.get(row as usize).copied());
    images.with_labels(labels.collect())?.with_class_names(names.clone())
}

/// Warns of a first column that numbers the rows, as pandas writes it.
fn warn_of_index(path: &Path, columns: &Columns, numbers: &[f64]) {
    let Some(field) = columns.first().filter(|_| columns.count() > 1) else { return };
    let mut first: Vec<f64> = numbers.iter().step_by(columns.count()).copied().collect();
    first.sort_by(f64::total_cmp);
    let start = first.first().copied().unwrap_or_default();
    let counts = [0.0, 1.0].contains(&start)
        && first.len() > 2
        && first.iter().zip(0_u32..).all(|(&value, row)| value == start + f64::from(row));
    let (path, column) = (path.display(), columns.described(field));
    let argument = columns.argument(field);
    let drop = format!("--drop-columns {argument} leaves it out");
    if counts {
        let last = first.last().copied().unwrap_or_default();
        tracing::warn!(
            "{path}: {column} counts from {start} to {last}, as an index does, and later rows will have \
             other numbers: {drop}"
        );
    } else if columns.has_name_of_index(field) {
        tracing::warn!("{path}: {column} may be an index, as pandas writes it: {drop}");
    }
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
    rows: &TableRows,
    bad: BadItems,
) -> Result<Vec<u32>, DatasetError> {
    let mut kept = Vec::new();
    for &row in chosen {
        let values = numbers_of(rows, row, scaling.columns());
        let Some(column) = scaling.apply(values).position(|value| !value.is_finite()) else {
            kept.push(row);
            continue;
        };
        let number = rows.places[row as usize] + 1;
        let place = format!("row {number}, column {}", scaling.name(column));
        let expected = "finite in single precision once it is scaled by the range of training";
        let error = FormatError::Value { place, found: values[column], expected };
        match bad {
            BadItems::Refuse => {
                return Err(DatasetError::BadItem { path: path.to_owned(), source: error });
            }
            BadItems::Skip => tracing::warn!("left out: {}: {error}", path.display()),
        }
    }
    Ok(kept)
}
