//! A data folder: the four IDX files, raw or compressed with gzip.

use std::path::{Path, PathBuf};

use ae_files::{FileError, make_folder, read_bounded, write_atomic};

use crate::dataset::FILE_NAMES;
use crate::idx::Kind;
use crate::{Dataset, DatasetError, FormatError, Images, gzip, idx, mnist};

/// Opens a data folder.
///
/// The files are `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte` and
/// `t10k-labels-idx1-ubyte`, raw or `.gz`; a dot before `idx` is understood as well. If both are
/// there, the raw file is read. A folder with MNIST's files is recognised by their digests and
/// named `mnist`, any other `folder`.
///
/// # Errors
/// If a file is missing, unreadable or damaged, if there are not as many labels as images, or if
/// the images are of different sizes.
pub fn open_folder(folder: &Path) -> Result<Dataset, DatasetError> {
    if !folder.is_dir() {
        return Err(DatasetError::NoFolder { path: folder.to_owned() });
    }
    let [train_images, train_labels, test_images, test_labels] = find_files(folder)?;
    let (train, test) = rayon::join(
        || read_part(folder, &train_images, &train_labels),
        || read_part(folder, &test_images, &test_labels),
    );
    let mut dataset = Dataset::new("folder", folder.display().to_string(), train?, test?)
        .map_err(|error| mismatch(folder, error))?;
    if mnist::first_difference(&dataset.origin.files).is_none() {
        dataset.origin.name = "mnist".to_owned();
    }
    Ok(dataset)
}

/// Whether a folder holds any of the four files.
pub(crate) fn is_idx_folder(folder: &Path) -> Result<bool, FileError> {
    for name in FILE_NAMES {
        if find_file(folder, name)?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Writes a data set as four uncompressed IDX files; the folder is made if it is missing.
///
/// Each file is written atomically and replaces one of the same name.
///
/// # Errors
/// If a half is not of grey bytes, has no labels or takes more than 1 GiB, or if the folder cannot be
/// made or a file cannot be written.
pub fn write_folder(dataset: &Dataset, folder: &Path) -> Result<(), DatasetError> {
    let train = idx_files("train", &dataset.train)?;
    let test = idx_files("test", &dataset.test)?;
    make_folder(folder)?;
    let [train_images, train_labels, test_images, test_labels] =
        FILE_NAMES.map(|name| folder.join(name));
    let paths = [train_images, train_labels, test_images, test_labels];
    for (path, bytes) in paths.iter().zip([train, test].as_flattened()) {
        write_atomic(path, bytes)?;
    }
    Ok(())
}

/// Decodes an IDX file of images, raw or compressed.
pub(crate) fn images_from_bytes(bytes: Vec<u8>) -> Result<Images, FormatError> {
    idx::decode_images(&uncompressed(Kind::Images, bytes)?)
}

fn uncompressed(kind: Kind, bytes: Vec<u8>) -> Result<Vec<u8>, FormatError> {
    if gzip::is_gzip(&bytes) {
        gzip::gunzip(&bytes, kind.header_length(), |header| idx::claimed_length(kind, header))
    } else {
        Ok(bytes)
    }
}

fn read_part(folder: &Path, images: &Path, labels: &Path) -> Result<Images, DatasetError> {
    let decode_labels = |bytes| idx::decode_labels(&uncompressed(Kind::Labels, bytes)?);
    let labels = decode_file(labels, decode_labels)?;
    let images = decode_file(images, images_from_bytes)?;
    images.with_labels(labels).map_err(|error| mismatch(folder, error))
}

fn decode_file<T>(
    path: &Path,
    decode: impl FnOnce(Vec<u8>) -> Result<T, FormatError>,
) -> Result<T, DatasetError> {
    decode(read_bounded(path, idx::MAX_BYTES)?).map_err(|error| error.in_file(path))
}

/// The files of images and labels of one half, if IDX files can hold it.
fn idx_files(part: &'static str, images: &Images) -> Result<[Vec<u8>; 2], DatasetError> {
    let Some(bytes) = images.bytes() else {
        return Err(DatasetError::NotGreyBytes { part, found: "numbers" });
    };
    if images.channels() != 1 {
        return Err(DatasetError::NotGreyBytes { part, found: "in colour" });
    }
    let labels = images.labels().ok_or(DatasetError::Unlabelled { part })?;
    // What is written can be read again.
    let (bytes_found, limit) = (bytes.len() as u64, idx::MAX_BYTES);
    if bytes_found > limit {
        return Err(DatasetError::TooLarge { part, bytes: bytes_found, limit });
    }
    Ok([idx::encode_images(images, bytes), idx::encode_labels(labels)])
}

fn mismatch(folder: &Path, error: DatasetError) -> DatasetError {
    DatasetError::Mismatch { folder: folder.to_owned(), source: Box::new(error) }
}

/// The paths of the four files; if any is missing, all that are.
fn find_files(folder: &Path) -> Result<[PathBuf; 4], DatasetError> {
    let mut missing = Vec::new();
    let mut paths = FILE_NAMES.map(|name| folder.join(name));
    for (path, name) in paths.iter_mut().zip(FILE_NAMES) {
        match find_file(folder, name)? {
            Some(found) => *path = found,
            None => missing.push(name),
        }
    }
    if missing.is_empty() {
        return Ok(paths);
    }
    Err(DatasetError::MissingFiles { folder: folder.to_owned(), missing })
}

/// The first file that is there under one of the names in use.
fn find_file(folder: &Path, name: &str) -> Result<Option<PathBuf>, FileError> {
    let dotted = name.replace("-idx", ".idx");
    for candidate in [name, &dotted, &format!("{name}.gz"), &format!("{dotted}.gz")] {
        let path = folder.join(candidate);
        match path.try_exists() {
            Ok(true) => return Ok(Some(path)),
            Ok(false) => {}
            Err(source) => return Err(FileError::Read { path, source }),
        }
    }
    Ok(None)
}
