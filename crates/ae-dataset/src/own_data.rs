//! A person's own data as a data set: whatever a path leads to.

use std::path::Path;

use ae_files::read_bounded;

use crate::array_rows::{self, ArrayImages, ArrayRows};
use crate::idx::MAX_BYTES;
use crate::npy;
use crate::picture_parts::split_folders;
use crate::resize::reshape;
use crate::split::hold_out;
use crate::table::{self, Columns, TableReader};
use crate::{
    BadItems, ColumnScaling, Dataset, DatasetError, FormatError, ImageShape, Images, LoadOptions,
    Pixels, Progress, ReadOptions, Scaling, TableInfo, arrays, folder, gzip, open_folder, picture,
    pictures,
};

/// Most numbers of a table: 1 GiB of `f64`.
const MAX_NUMBERS: usize = 1 << 27;
/// Columns that a sentence names.
const NAMED_COLUMNS: usize = 20;

/// Opens the data set at a path: a folder of IDX files, a folder of pictures, an IDX file of images, a
/// `.npy` file, or a table (`.csv`).
pub(crate) fn open(
    path: &Path,
    options: &LoadOptions,
    progress: &mut dyn Progress,
) -> Result<Dataset, DatasetError> {
    let dataset = open_any(path, options, progress)?;
    let items = match dataset.origin.name.as_str() {
        "table" => "rows",
        "pictures" => "pictures",
        _ => "items",
    };
    let all = dataset.train.len() + dataset.test.len() + dataset.skipped;
    say_skipped(path, items, dataset.skipped, all);
    Ok(dataset)
}

/// Says once how many of all items were left out, if any were.
pub(crate) fn say_skipped(path: &Path, items: &str, skipped: usize, all: usize) {
    let path = path.display();
    if 2 * skipped > all {
        tracing::warn!("{path}: {skipped} of {all} {items} left out, more than half of them");
    } else if skipped > 0 {
        tracing::warn!("{path}: {skipped} of {all} {items} left out");
    }
}

fn open_any(
    path: &Path,
    options: &LoadOptions,
    progress: &mut dyn Progress,
) -> Result<Dataset, DatasetError> {
    if !path.exists() {
        return Err(DatasetError::NoData { path: path.to_owned() });
    }
    warn_of_table_options(path, &options.read);
    if path.is_dir() && folder::is_idx_folder(path)? {
        return in_shape(path, open_folder(path)?, options);
    }
    if path.is_dir() {
        return pictures::open(path, options, progress);
    }
    if table::is_table(path) {
        return open_table(path, options, progress);
    }
    let bytes = read_bounded(path, MAX_BYTES)?;
    if npy::is_npy(&bytes) {
        return open_array(path, &bytes, options, progress);
    }
    if picture::is_picture(&bytes) {
        return Err(FormatError::SinglePicture.in_file(path));
    }
    if !gzip::is_gzip(&bytes) && !bytes.starts_with(&[0, 0]) {
        return Err(FormatError::Unrecognised.in_file(path));
    }
    let images = folder::images_from_bytes(bytes).map_err(|error| error.in_file(path))?;
    let dataset = split(path, "images", images, options, progress)?;
    in_shape(path, dataset, options)
}

/// Whether the data at a path says by itself what is for testing: a folder of IDX files, or one of
/// pictures with the subfolders `train` and `test`.
///
/// # Errors
/// If a folder cannot be listed.
pub fn has_own_split(path: &Path) -> Result<bool, DatasetError> {
    Ok(path.is_dir() && (folder::is_idx_folder(path)? || split_folders(path).is_some()))
}

/// Warns of options that only tables have.
fn warn_of_table_options(path: &Path, read: &ReadOptions) {
    let is_table = table::is_table(path)
        || path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("npy"));
    if !is_table && (read.label_column.is_some() || !read.drop_columns.is_empty()) {
        let path = path.display();
        tracing::warn!("{path} is no table: it has no label column and no columns to leave out");
    }
}

/// A data set in the shape that was asked for.
pub(crate) fn in_shape(
    path: &Path,
    dataset: Dataset,
    options: &LoadOptions,
) -> Result<Dataset, DatasetError> {
    let found = dataset.train.shape();
    let [height, width] = options.size.unwrap_or([found.height, found.width]);
    let channels = options.channels.unwrap_or(found.channels);
    let wanted = ImageShape { channels, height, width };
    if wanted == found || dataset.scaling.is_some() {
        return Ok(dataset);
    }
    let part = |images| {
        reshape(images, wanted, options.read.resize)?.ok_or_else(|| DatasetError::InputSize {
            path: path.to_owned(),
            expected: wanted,
            found,
        })
    };
    let Dataset { train, test, origin, skipped, of_16_bits, scaling, held_out, table } = dataset;
    let reshaped = Dataset::new(origin.name, origin.location, part(train)?, part(test)?)?;
    let substituted = origin.substituted;
    let origin = crate::Origin { substituted, ..reshaped.origin };
    Ok(Dataset { origin, skipped, of_16_bits, scaling, held_out, table, ..reshaped })
}

/// Rows of a table that a model learns from.
struct TableRows {
    names: Option<Vec<String>>,
    columns: usize,
    /// `n x columns`.
    numbers: Vec<f64>,
    /// Where each row stands in the file, from 0.
    places: Vec<u64>,
    labels: Option<(Vec<u8>, Vec<String>)>,
    /// How many rows were left out.
    skipped: usize,
    /// The columns of the classes and those that were left out, as later tables call them.
    left_out: Vec<String>,
    about: TableInfo,
}

fn open_table(
    path: &Path,
    options: &LoadOptions,
    progress: &mut dyn Progress,
) -> Result<Dataset, DatasetError> {
    let mut reader = TableReader::open(path, &options.read, options.scaling.as_ref(), progress)?;
    let (mut numbers, mut classes, mut places) = (Vec::new(), Vec::new(), Vec::new());
    while let Some(row) = reader.next_row()? {
        numbers.extend(row.numbers);
        classes.extend(row.class);
        places.push(row.place);
        if numbers.len() > MAX_NUMBERS {
            let (claimed, limit) = (8 * numbers.len() as u128, 8 * MAX_NUMBERS as u64);
            return Err(FormatError::TooLarge { claimed, limit }.in_file(path));
        }
        if places.len().is_multiple_of(4096) {
            progress.read("reading rows", places.len() as u64, 0);
        }
    }
    let columns = reader.columns();
    if options.scaling.is_none() {
        warn_of_index(path, columns, &numbers);
    }
    let rows = TableRows {
        names: columns.names(),
        columns: columns.count(),
        numbers,
        places,
        labels: if classes.is_empty() { None } else { Some(table::label(&classes)?) },
        skipped: reader.skipped(),
        left_out: columns.left_out(),
        about: columns.info(reader.missing()),
    };
    scaled(path, rows, options, progress)
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

/// Rows in [0, 1], split, by the scaling that was given or that fits the training rows.
fn scaled(
    path: &Path,
    rows: TableRows,
    options: &LoadOptions,
    progress: &mut dyn Progress,
) -> Result<Dataset, DatasetError> {
    let TableRows { names, columns, numbers, places, labels, mut skipped, left_out, about } = rows;
    let count = places.len();
    let [train, test] = hold_out(path, count, options.test_fraction, options.seed)?;
    say_held_out(path, "rows", test.len(), count, progress);
    let row = |&place: &u32| &numbers[place as usize * columns..][..columns];
    let scaling = options.scaling.clone().unwrap_or_else(|| {
        let rows = train.iter().map(row);
        let fitted = match options.columns {
            ColumnScaling::MinMax => Scaling::fit(names, columns, rows),
            ColumnScaling::Standard => Scaling::fit_standard(names, columns, rows),
        };
        Scaling { left_out, ..fitted }
    });
    if options.scaling.is_none() {
        say_constant(path, &scaling, progress);
    }
    let test = usable(path, &scaling, &test, (&numbers, &places), options)?;
    skipped += count - train.len() - test.len();
    let part = |chosen: &[u32]| {
        let values = chosen.iter().flat_map(|place| scaling.apply(row(place))).collect();
        let images = Images::of_shape(ImageShape::grey(1, columns), Pixels::Floats(values))?;
        let Some((labels, names)) = &labels else { return Ok(images) };
        let chosen = chosen.iter().filter_map(|&place| labels.get(place as usize).copied());
        images.with_labels(chosen.collect())?.with_class_names(names.clone())
    };
    let location = path.display().to_string();
    let dataset = Dataset::new("table", location, part(&train)?, part(&test)?)?;
    let held_out = Some(options.test_fraction);
    Ok(Dataset { scaling: Some(scaling), held_out, skipped, table: Some(about), ..dataset })
}

/// Names the columns that are constant in training.
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

/// The held-out rows that are finite after they were scaled by the range of the others.
fn usable(
    path: &Path,
    scaling: &Scaling,
    chosen: &[u32],
    (numbers, places): (&[f64], &[u64]),
    options: &LoadOptions,
) -> Result<Vec<u32>, DatasetError> {
    let columns = scaling.columns();
    let mut kept = Vec::new();
    for &row in chosen {
        let values = &numbers[row as usize * columns..][..columns];
        let Some(column) = scaling.apply(values).position(|value| !value.is_finite()) else {
            kept.push(row);
            continue;
        };
        let place = format!("row {}, column {}", places[row as usize] + 1, scaling.name(column));
        let expected = "finite in single precision once it is scaled by the range of training";
        let error = FormatError::Value { place, found: values[column], expected };
        match options.read.bad {
            BadItems::Refuse => {
                return Err(DatasetError::BadItem { path: path.to_owned(), source: error });
            }
            BadItems::Skip => tracing::warn!("left out: {}: {error}", path.display()),
        }
    }
    Ok(kept)
}

fn open_array(
    path: &Path,
    bytes: &[u8],
    options: &LoadOptions,
    progress: &mut dyn Progress,
) -> Result<Dataset, DatasetError> {
    let wrong = |error: FormatError| error.in_file(path);
    let array = npy::decode(bytes).map_err(wrong)?;
    let bad = options.read.bad;
    if let [rows, fields] = *array.shape.as_slice() {
        if rows == 0 || fields == 0 {
            return Err(wrong(FormatError::NoRows));
        }
        if fields > table::MAX_COLUMNS {
            return Err(wrong(FormatError::TooManyColumns {
                found: fields,
                limit: table::MAX_COLUMNS,
            }));
        }
        let scaling = options.scaling.as_ref();
        let columns = array_rows::columns(fields, &options.read, scaling).map_err(wrong)?;
        let numbers = array.numbers.into_doubles();
        let ArrayRows { numbers, classes, places, skipped } =
            array_rows::rows(path, &numbers, 0, &columns, scaling, bad)?;
        if places.is_empty() {
            return Err(DatasetError::AllSkipped { path: path.to_owned(), count: skipped });
        }
        if scaling.is_none() {
            warn_of_index(path, &columns, &numbers);
        }
        let rows = TableRows {
            names: None,
            columns: columns.count(),
            numbers,
            places,
            labels: if classes.is_empty() { None } else { Some(table::label(&classes)?) },
            skipped,
            left_out: columns.left_out(),
            about: columns.info(Vec::new()),
        };
        return scaled(path, rows, options, progress);
    }
    let ArrayImages { array, places, skipped } = array_rows::images(path, array, 0, bad)?;
    if places.is_empty() && skipped > 0 {
        return Err(DatasetError::AllSkipped { path: path.to_owned(), count: skipped });
    }
    let images = arrays::images(array, None).map_err(wrong)?;
    let dataset = split(path, "array", images, options, progress)?;
    in_shape(path, Dataset { skipped, ..dataset }, options)
}

fn split(
    path: &Path,
    name: &str,
    images: Images,
    options: &LoadOptions,
    progress: &mut dyn Progress,
) -> Result<Dataset, DatasetError> {
    let [train, test] = hold_out(path, images.len(), options.test_fraction, options.seed)?;
    say_held_out(path, "images", test.len(), images.len(), progress);
    let location = path.display().to_string();
    let dataset = Dataset::new(name, location, images.select(&train)?, images.select(&test)?)?;
    Ok(Dataset { held_out: Some(options.test_fraction), ..dataset })
}

fn say_held_out(path: &Path, what: &str, held_out: usize, all: usize, progress: &mut dyn Progress) {
    progress
        .chose(&format!("{}: {held_out} of {all} {what} are held out for testing", path.display()));
}
