//! A person's own data as a data set: whatever a path leads to.

use std::path::Path;

use ae_files::read_bounded;

use crate::idx::MAX_BYTES;
use crate::npy::{self, Numbers};
use crate::resize::reshape;
use crate::split::hold_out;
use crate::table::{self, TableReader};
use crate::{
    ColumnScaling, Dataset, DatasetError, FormatError, ImageShape, Images, LoadOptions, Pixels,
    Progress, Scaling, arrays, folder, open_folder, pictures,
};

/// Most numbers of a table: 1 GiB of `f64`.
const MAX_NUMBERS: usize = 1 << 27;

/// Opens the data set at a path: a folder of IDX files, a folder of pictures, an IDX file of images, a
/// `.npy` file, or a table (`.csv`).
pub(crate) fn open(
    path: &Path,
    options: &LoadOptions,
    progress: &mut dyn Progress,
) -> Result<Dataset, DatasetError> {
    if !path.exists() {
        return Err(DatasetError::NoData { path: path.to_owned() });
    }
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
    let images = folder::images_from_bytes(bytes).map_err(|error| error.in_file(path))?;
    let dataset = split(path, "images", images, options, progress)?;
    in_shape(path, dataset, options)
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
    let Dataset { train, test, origin, skipped, of_16_bits, scaling, held_out } = dataset;
    let reshaped = Dataset::new(origin.name, origin.location, part(train)?, part(test)?)?;
    let substituted = origin.substituted;
    let origin = crate::Origin { substituted, ..reshaped.origin };
    Ok(Dataset { origin, skipped, of_16_bits, scaling, held_out, ..reshaped })
}

fn open_table(
    path: &Path,
    options: &LoadOptions,
    progress: &mut dyn Progress,
) -> Result<Dataset, DatasetError> {
    let mut reader = TableReader::open(path, &options.read)?;
    progress.chose(&format!(
        "{}: {} columns of numbers, {}",
        path.display(),
        reader.columns(),
        if reader.names().is_some() { "with a header" } else { "no header" }
    ));
    let (mut numbers, mut classes) = (Vec::new(), Vec::new());
    while reader.next_row(&mut numbers, &mut classes)? {
        if numbers.len() > MAX_NUMBERS {
            let (claimed, limit) = (8 * numbers.len() as u128, 8 * MAX_NUMBERS as u64);
            return Err(FormatError::TooLarge { claimed, limit }.in_file(path));
        }
        if reader.read.is_multiple_of(4096) {
            progress.read("reading rows", reader.read as u64, 0);
        }
    }
    if reader.read == 0 {
        return Err(match reader.skipped {
            0 => FormatError::NoRows.in_file(path),
            count => DatasetError::AllSkipped { path: path.to_owned(), count },
        });
    }
    let labels = if classes.is_empty() { None } else { Some(table::label(&classes)?) };
    let names = reader.names().map(<[String]>::to_vec);
    let dataset = scaled(path, (names, reader.columns()), &numbers, labels, options, progress)?;
    Ok(Dataset { skipped: reader.skipped, ..dataset })
}

/// Rows in [0, 1], split, by the scaling that was given or that fits the training rows.
fn scaled(
    path: &Path,
    (names, columns): (Option<Vec<String>>, usize),
    numbers: &[f64],
    labels: Option<(Vec<u8>, Vec<String>)>,
    options: &LoadOptions,
    progress: &mut dyn Progress,
) -> Result<Dataset, DatasetError> {
    let rows = numbers.len() / columns;
    let [train, test] = hold_out(rows, options.test_fraction, options.seed)?;
    say_held_out(path, "rows", test.len(), rows, progress);
    let row = |&place: &u32| &numbers[place as usize * columns..][..columns];
    let scaling = match &options.scaling {
        Some(scaling) => {
            scaling.check(columns, names.as_deref()).map_err(|error| error.in_file(path))?;
            scaling.clone()
        }
        None => match options.columns {
            ColumnScaling::MinMax => Scaling::fit(names, columns, train.iter().map(row)),
            ColumnScaling::Standard => Scaling::fit_standard(names, columns, train.iter().map(row)),
        },
    };
    let constant = scaling.constant_columns();
    if !constant.is_empty() && options.scaling.is_none() {
        let names: Vec<String> = constant.iter().map(|&column| scaling.name(column)).collect();
        progress.chose(&format!(
            "{}: constant in all training rows, and taken as 0: {}",
            path.display(),
            names.join(", ")
        ));
    }
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
    Ok(Dataset { scaling: Some(scaling), held_out, ..dataset })
}

fn open_array(
    path: &Path,
    bytes: &[u8],
    options: &LoadOptions,
    progress: &mut dyn Progress,
) -> Result<Dataset, DatasetError> {
    let array = npy::decode(bytes).map_err(|error| error.in_file(path))?;
    if let [rows, columns] = *array.shape.as_slice() {
        if rows == 0 || columns == 0 {
            return Err(FormatError::NoRows.in_file(path));
        }
        if columns > table::MAX_COLUMNS {
            let error = FormatError::TooManyColumns { found: columns, limit: table::MAX_COLUMNS };
            return Err(error.in_file(path));
        }
        let numbers = array.numbers.into_doubles().map_err(|error| error.in_file(path))?;
        return scaled(path, (None, columns), &numbers, None, options, progress);
    }
    let images = arrays::images(array, None).map_err(|error| error.in_file(path))?;
    let dataset = split(path, "array", images, options, progress)?;
    in_shape(path, dataset, options)
}

fn split(
    path: &Path,
    name: &str,
    images: Images,
    options: &LoadOptions,
    progress: &mut dyn Progress,
) -> Result<Dataset, DatasetError> {
    let [train, test] = hold_out(images.len(), options.test_fraction, options.seed)?;
    say_held_out(path, "images", test.len(), images.len(), progress);
    let location = path.display().to_string();
    let dataset = Dataset::new(name, location, images.select(&train)?, images.select(&test)?)?;
    Ok(Dataset { held_out: Some(options.test_fraction), ..dataset })
}

fn say_held_out(path: &Path, what: &str, held_out: usize, all: usize, progress: &mut dyn Progress) {
    progress
        .chose(&format!("{}: {held_out} of {all} {what} are held out for testing", path.display()));
}

/// The numbers of an array of two dimensions, scaled as a model's table was.
pub(crate) fn scaled_rows(
    scaling: &Scaling,
    columns: usize,
    numbers: Numbers,
) -> Result<Vec<f32>, FormatError> {
    scaling.check(columns, None)?;
    let numbers = numbers.into_doubles()?;
    Ok(numbers.chunks(columns.max(1)).flat_map(|row| scaling.apply(row)).collect())
}
