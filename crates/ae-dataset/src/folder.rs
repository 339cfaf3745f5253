//! A data folder: the four IDX files, raw or compressed with gzip.

use std::path::{Path, PathBuf};

use ae_files::{FileError, hexadecimal, make_folder, read_bounded, shown, write_atomic};
use sha2::{Digest, Sha256};

use crate::dataset::FILE_NAMES;
use crate::gzip::Unpacked;
use crate::idx::Kind;
use crate::{Dataset, DatasetError, FileDigest, FormatError, Images, gzip, idx, mnist};

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
    let ((train, train_digests), (test, test_digests)) = (train?, test?);
    let digests = [train_digests, test_digests].concat();
    let files = FILE_NAMES.into_iter().zip(digests);
    let files = files.map(|(name, sha256)| FileDigest { name: name.to_owned(), sha256 }).collect();
    let mut dataset =
        Dataset::of_files("folder".to_owned(), folder.display().to_string(), train, test, files)
            .map_err(|error| mismatch(folder, error))?;
    if mnist::first_difference(&dataset.origin.files).is_none() {
        dataset.origin.name = "mnist".to_owned();
    }
    Ok(dataset)
}

/// Whether a folder holds any of the four files.
pub(crate) fn is_idx_folder(folder: &Path) -> Result<bool, FileError> {
    for name in FILE_NAMES {
        if !candidates(folder, name)?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Writes a data set as four uncompressed IDX files; the folder is made if it is missing.
///
/// Each file is written atomically. Nothing is written if one of the four is there already under any of the
/// names that [`open_folder`] understands, so that none is replaced and none is hidden behind another.
///
/// # Errors
/// If a file is there already, a half is not of grey bytes, has no labels or takes more than 1 GiB, or if the folder cannot be
/// made or a file cannot be written.
pub fn write_folder(dataset: &Dataset, folder: &Path) -> Result<(), DatasetError> {
    let train = idx_files("train", &dataset.train)?;
    let test = idx_files("test", &dataset.test)?;
    refuse_existing(folder)?;
    make_folder(folder)?;
    let paths = FILE_NAMES.map(|name| folder.join(name));
    for (path, bytes) in paths.iter().zip([train, test].as_flattened()) {
        write_atomic(path, bytes)?;
    }
    Ok(())
}

/// Refuses a folder in which one of the four files is already, raw or compressed.
///
/// # Errors
/// With the first of them.
pub fn refuse_existing(folder: &Path) -> Result<(), DatasetError> {
    if !folder.is_dir() {
        return Ok(());
    }
    for name in FILE_NAMES {
        if let Some(path) = candidates(folder, name)?.into_iter().next() {
            return Err(DatasetError::Exists { path });
        }
    }
    Ok(())
}

/// Decodes an IDX file of images, raw or compressed.
pub(crate) fn images_from_bytes(bytes: Vec<u8>) -> Result<Images, FormatError> {
    let Unpacked { header, rest } = uncompressed(Kind::Images, bytes, |_| ())?;
    idx::images(&header, rest)
}

/// The contents of a file, of which `digest` is given every byte in order.
fn uncompressed(
    kind: Kind,
    mut bytes: Vec<u8>,
    mut digest: impl FnMut(&[u8]) + Send,
) -> Result<Unpacked, FormatError> {
    let header = kind.header_length();
    if gzip::is_gzip(&bytes) {
        return gzip::gunzip(&bytes, header, |header| idx::claimed_length(kind, header), digest);
    }
    digest(&bytes);
    let header = bytes.drain(..header.min(bytes.len())).collect();
    Ok(Unpacked { header, rest: bytes })
}

/// One half of a folder, and the digests of its files of images and labels.
fn read_part(
    folder: &Path,
    images: &Path,
    labels: &Path,
) -> Result<(Images, [String; 2]), DatasetError> {
    let (labels, labels_digest) = decode_file(labels, Kind::Labels, idx::labels)?;
    let (images, images_digest) = decode_file(images, Kind::Images, idx::images)?;
    let images = images.with_labels(labels).map_err(|error| mismatch(folder, error))?;
    Ok((images, [images_digest, labels_digest]))
}

/// What a file holds, and the digest of it uncompressed.
fn decode_file<T>(
    path: &Path,
    kind: Kind,
    decode: fn(&[u8], Vec<u8>) -> Result<T, FormatError>,
) -> Result<(T, String), DatasetError> {
    let bytes = read_bounded(path, idx::MAX_BYTES)?;
    let mut hasher = Sha256::new();
    let contents = uncompressed(kind, bytes, |piece| hasher.update(piece));
    let decoded = contents.and_then(|Unpacked { header, rest }| decode(&header, rest));
    Ok((decoded.map_err(|error| error.in_file(path))?, hexadecimal(&hasher.finalize())))
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

/// The first file that is there under one of the names in use; others are said to be passed over.
fn find_file(folder: &Path, name: &str) -> Result<Option<PathBuf>, FileError> {
    let mut found = candidates(folder, name)?.into_iter();
    let first = found.next();
    if let (Some(first), Some(other)) = (&first, found.next()) {
        tracing::warn!("{} is read, and not {} beside it", shown(first), shown(&other));
    }
    Ok(first)
}

/// The files that are there under one of the names in use, those that are preferred first.
fn candidates(folder: &Path, name: &str) -> Result<Vec<PathBuf>, FileError> {
    let dotted = name.replace("-idx", ".idx");
    let mut found = Vec::new();
    for candidate in [name, &dotted, &format!("{name}.gz"), &format!("{dotted}.gz")] {
        let path = folder.join(candidate);
        match path.try_exists() {
            Ok(true) => found.push(path),
            Ok(false) => {}
            Err(source) => return Err(FileError::Read { path, source }),
        }
    }
    Ok(found)
}
