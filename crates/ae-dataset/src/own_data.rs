//! A person's own data as a data set: what a path leads to decides how it is read.

use std::path::Path;

use ae_files::read_bounded;

use crate::arrays;
use crate::file_kind::FileKind;
use crate::hold_out::split_images;
use crate::idx::folder::{images_from_bytes, is_idx_folder, open_folder_as};
use crate::limits::MAX_FILE_BYTES;
use crate::mapped::{self, MappedImages};
use crate::other_sizes::dataset_in_shape;
use crate::pictures::parts::split_folders;
use crate::skipped::warn_of_skipped;
use crate::tables::is_table;
use crate::{
    Dataset, DatasetError, FormatError, LoadOptions, MappedError, Mapping, PairError, PatchError,
    Pixels, Progress, ReadOptions,
};

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
    warn_of_table_options(path, &options.read);
    refuse_other_data(path, options)?;
    if options.target.is_some() {
        refuse_no_pictures(path)?;
    }
    let dataset = if path.is_dir() {
        open_any_folder(path, options, progress)
    } else if is_table(path) {
        open_table(path, options, progress)
    } else {
        open_file(path, options, progress)
    }?;
    let items = match dataset.origin.name.as_str() {
        "table" => "rows",
        "pictures" => "pictures",
        _ => "items",
    };
    let used = match &dataset.patches {
        Some(source) => source.pictures() + source.validation_pictures(),
        None => dataset.train.len() + dataset.test.len(),
    };
    let total = used + dataset.skipped;
    warn_of_skipped(path, items, dataset.skipped, total);
    Ok(dataset)
}

fn open_any_folder(
    path: &Path,
    options: &LoadOptions,
    progress: &mut dyn Progress,
) -> Result<Dataset, DatasetError> {
    if is_idx_folder(path)? {
        let dataset = open_folder_as(path, options.mapping)?;
        if matches!(dataset.train.pixels(), Pixels::Mapped(_)) {
            progress.chose(&mapped::told(path));
        }
        return dataset_in_shape(path, dataset, options);
    }
    refuse_mapping(path, options.mapping)?;
    open_pictures(path, options, progress)
}

fn open_file(
    path: &Path,
    options: &LoadOptions,
    progress: &mut dyn Progress,
) -> Result<Dataset, DatasetError> {
    if is_stack(path)? {
        refuse_mapping(path, options.mapping)?;
        return open_pictures(path, options, progress);
    }
    if let Some(dataset) = arrays::dataset::open_table(path, options, progress)? {
        return Ok(dataset);
    }
    if let Some(found) = mapped::images(path, options.mapping, &options.read, progress)? {
        let MappedImages { images, name, skipped } = found;
        let dataset = split_images(path, name, &images, options, progress)?;
        return dataset_in_shape(path, Dataset { skipped, ..dataset }, options);
    }
    let bytes = read_bounded(path, MAX_FILE_BYTES)?;
    match FileKind::of_bytes(path, &bytes) {
        FileKind::Npy => arrays::dataset::open(path, &bytes, options, progress),
        FileKind::Idx | FileKind::Gzip => {
            let images = images_from_bytes(bytes).map_err(|error| error.in_file(path))?;
            let dataset = split_images(path, "images", &images, options, progress)?;
            dataset_in_shape(path, dataset, options)
        }
        kind if kind.is_picture() => Err(FormatError::SinglePicture.in_file(path)),
        _ => Err(FormatError::Unrecognised.in_file(path)),
    }
}

/// Refuses to map what is no file of images or rows.
fn refuse_mapping(path: &Path, mapping: Mapping) -> Result<(), DatasetError> {
    match mapping {
        Mapping::Large => Ok(()),
        Mapping::Always => Err(MappedError::NoArray { path: path.to_owned() }.into()),
    }
}

/// Whether a file is a TIFF with several pages.
#[cfg(feature = "pictures")]
pub(crate) fn is_stack(path: &Path) -> Result<bool, DatasetError> {
    Ok(crate::pictures::decode::pages(path)?.len() > 1)
}

#[cfg(not(feature = "pictures"))]
pub(crate) fn is_stack(_: &Path) -> Result<bool, DatasetError> {
    Ok(false)
}

#[cfg(feature = "pictures")]
fn open_pictures(
    path: &Path,
    options: &LoadOptions,
    progress: &mut dyn Progress,
) -> Result<Dataset, DatasetError> {
    match options.patches {
        Some(patches) => crate::patches::folder::open(path, patches, options, progress),
        None => crate::pictures::folder::open(path, options, progress),
    }
}

#[cfg(not(feature = "pictures"))]
fn open_pictures(_: &Path, _: &LoadOptions, _: &mut dyn Progress) -> Result<Dataset, DatasetError> {
    Err(DatasetError::NotInThisBuild { what: "read pictures", feature: "pictures" })
}

#[cfg(feature = "tables")]
fn open_table(
    path: &Path,
    options: &LoadOptions,
    progress: &mut dyn Progress,
) -> Result<Dataset, DatasetError> {
    crate::tables::csv_dataset::open(path, options, progress)
}

#[cfg(not(feature = "tables"))]
fn open_table(_: &Path, _: &LoadOptions, _: &mut dyn Progress) -> Result<Dataset, DatasetError> {
    Err(DatasetError::NotInThisBuild { what: "read CSV files", feature: "tables" })
}

/// Whether the data at a path itself says what is for testing: a folder of IDX files, or a folder of pictures with the
/// subfolder `train` and one for testing or validation.
///
/// # Errors
/// If a folder cannot be listed.
pub fn has_own_split(path: &Path) -> Result<bool, DatasetError> {
    Ok(path.is_dir() && (is_idx_folder(path)? || split_folders(path).is_some()))
}

/// Refuses patches of anything but a folder of pictures.
fn refuse_other_data(path: &Path, options: &LoadOptions) -> Result<(), DatasetError> {
    let found = match (options.patches, path.is_dir()) {
        (None, _) => return Ok(()),
        (Some(_), true) if !is_idx_folder(path)? => return Ok(()),
        (Some(_), true) => "a folder of IDX files",
        (Some(_), false) if is_table(path) => "a table",
        (Some(_), false) if is_stack(path)? => return Ok(()),
        (Some(_), false) => "a file",
    };
    Err(PatchError::OtherData { location: path.display().to_string(), found }.into())
}

/// Refuses anything but a folder of pictures, or a file of several, as a side of pairs.
pub(crate) fn refuse_no_pictures(path: &Path) -> Result<(), DatasetError> {
    if !path.exists() {
        return Err(DatasetError::NoData { path: path.to_owned() });
    }
    let found = match path.is_dir() {
        true if is_idx_folder(path)? => "a folder of IDX files",
        false if is_table(path) => "a table",
        false if !is_stack(path)? => "a file",
        _ => return Ok(()),
    };
    Err(PairError::OtherData { location: path.display().to_string(), found }.into())
}

/// Warns of options that apply to tables only.
fn warn_of_table_options(path: &Path, read: &ReadOptions) {
    let may_be_table =
        is_table(path) || path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("npy"));
    if !may_be_table && (read.label_column.is_some() || !read.drop_columns.is_empty()) {
        let path = path.display();
        tracing::warn!("{path} is not a table: it has no label column and no columns to leave out");
    }
}

#[cfg(feature = "pictures")]
#[cfg(test)]
mod tests {
    use std::fs::{self, File};

    use super::*;

    /// Pictures may be longer than other files, which are refused by their own limit.
    #[test]
    fn a_long_array_is_not_refused_as_a_long_picture() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("long.npy");
        fs::write(&path, b"\x93NUMPY\x01\x00").unwrap();
        File::options().write(true).open(&path).unwrap().set_len(5 << 30).unwrap();
        assert!(!is_stack(&path).unwrap());
    }
}
