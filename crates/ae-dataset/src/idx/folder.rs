//! A data folder: the four IDX files of a data set, raw or compressed with gzip.

use std::path::{Path, PathBuf};

use ae_files::{
    FileError, hexadecimal, make_folder, read_bounded, remove_for_rewrite, shown, write_atomic,
};
use sha2::{Digest, Sha256};

use crate::idx::file_names::FILE_NAMES;
use crate::idx::format::{self, Kind};
use crate::idx::gzip::{self, Unpacked};
use crate::limits::MAX_FILE_BYTES;
use crate::{
    Dataset, DatasetError, FileDigest, FormatError, Images, MappedError, Mapping, mapped, mnist,
};

/// Opens a data folder.
///
/// Its files are `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte` and
/// `t10k-labels-idx1-ubyte`, raw or `.gz`; `.idx` instead of `-idx` is accepted too. If a file exists in both forms,
/// the raw one is read. If the digests are MNIST's, the data set is named `mnist`, otherwise `folder`.
///
/// # Errors
/// If a file is missing, unreadable or damaged, if the numbers of labels and images differ, or if training and test
/// images have different sizes.
pub fn open_folder(folder: &Path) -> Result<Dataset, DatasetError> {
    open_folder_as(folder, Mapping::Large)
}

/// The same; files of images that are not compressed are mapped as it is said.
pub(crate) fn open_folder_as(folder: &Path, mapping: Mapping) -> Result<Dataset, DatasetError> {
    if !folder.is_dir() {
        return Err(DatasetError::NoFolder { path: folder.to_owned() });
    }
    let [train_images, train_labels, test_images, test_labels] = find_files(folder)?;
    let (train, test) = rayon::join(
        || read_part(folder, &train_images, &train_labels, mapping),
        || read_part(folder, &test_images, &test_labels, mapping),
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

/// Whether a folder holds at least one of the four files.
pub(crate) fn is_idx_folder(folder: &Path) -> Result<bool, FileError> {
    for name in FILE_NAMES {
        if !candidates(folder, name)?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Writes a data set as four uncompressed IDX files. The folder is created if it is missing.
///
/// Each file is written atomically. Nothing is written if one of the four exists under any name that [`open_folder`]
/// accepts, so that no file is replaced or hidden by another.
///
/// # Errors
/// If a file exists already, if a half has colour images, floats, no labels or more than 1 GiB, or if the folder or a
/// file cannot be written.
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

/// Writes a data set as [`write_folder`] does, in place of one that is there. Each file is replaced once the new one is
/// complete; then the other names of this file are removed, because a reader would find two.
///
/// # Errors
/// As [`write_folder`], but not for files that are there.
pub fn replace_folder(dataset: &Dataset, folder: &Path) -> Result<(), DatasetError> {
    let train = idx_files("train", &dataset.train)?;
    let test = idx_files("test", &dataset.test)?;
    make_folder(folder)?;
    for (name, bytes) in FILE_NAMES.iter().zip([train, test].as_flattened()) {
        let path = folder.join(name);
        write_atomic(&path, bytes)?;
        for other in candidates(folder, name)?.iter().filter(|other| **other != path) {
            remove_for_rewrite(other)?;
        }
    }
    Ok(())
}

/// Refuses a folder that holds one of the four files of a data folder, raw or compressed.
///
/// # Errors
/// [`DatasetError::Exists`] with the first of them.
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
    format::images(&header, rest)
}

/// The uncompressed contents of a file. `digest` receives every byte in order.
fn uncompressed(
    kind: Kind,
    mut bytes: Vec<u8>,
    mut digest: impl FnMut(&[u8]) + Send,
) -> Result<Unpacked, FormatError> {
    let header = kind.header_length();
    if gzip::is_gzip(&bytes) {
        return gzip::gunzip(&bytes, header, |header| format::claimed_length(kind, header), digest);
    }
    digest(&bytes);
    let header = bytes.drain(..header.min(bytes.len())).collect();
    Ok(Unpacked { header, rest: bytes })
}

/// One half of the data set, and the digests of its images and labels.
fn read_part(
    folder: &Path,
    images: &Path,
    labels: &Path,
    mapping: Mapping,
) -> Result<(Images, [String; 2]), DatasetError> {
    let (labels, labels_digest) = decode_file(labels, Kind::Labels, format::labels)?;
    let (images, images_digest) = match is_mapped(images, mapping)? {
        true => mapped_file(images)?,
        false => decode_file(images, Kind::Images, format::images)?,
    };
    let images = images.with_labels(labels).map_err(|error| mismatch(folder, error))?;
    Ok((images, [images_digest, labels_digest]))
}

/// Whether a file of images is mapped.
fn is_mapped(path: &Path, mapping: Mapping) -> Result<bool, DatasetError> {
    let found = std::fs::metadata(path);
    let length = found.map_err(|source| FileError::Read { path: path.to_owned(), source })?.len();
    let is_raw = path.extension().is_none_or(|ending| ending != "gz");
    match (mapping, is_raw) {
        (Mapping::Always, false) => Err(MappedError::NoArray { path: path.to_owned() }.into()),
        (Mapping::Always, true) => Ok(true),
        (Mapping::Large, _) => Ok(is_raw && length > MAX_FILE_BYTES),
    }
}

/// The images of a mapped file, and the digest of its bytes.
fn mapped_file(path: &Path) -> Result<(Images, String), DatasetError> {
    let images = mapped::idx_images(path)?;
    let mut hasher = Sha256::new_with_prefix(format::images_header(&images));
    (0..images.len()).for_each(|index| hasher.update(images.image_bytes(index)));
    Ok((images, hexadecimal(&hasher.finalize())))
}

/// The decoded contents of a file, and the digest of its uncompressed bytes.
fn decode_file<T>(
    path: &Path,
    kind: Kind,
    decode: fn(&[u8], Vec<u8>) -> Result<T, FormatError>,
) -> Result<(T, String), DatasetError> {
    let bytes = read_bounded(path, MAX_FILE_BYTES)?;
    let mut hasher = Sha256::new();
    let contents = uncompressed(kind, bytes, |piece| hasher.update(piece));
    let decoded = contents.and_then(|Unpacked { header, rest }| decode(&header, rest));
    Ok((decoded.map_err(|error| error.in_file(path))?, hexadecimal(&hasher.finalize())))
}

/// The IDX files of the images and labels of one half.
fn idx_files(part: &'static str, images: &Images) -> Result<[Vec<u8>; 2], DatasetError> {
    let Some(bytes) = images.bytes() else {
        return Err(DatasetError::NotGreyBytes { part, found: "numbers" });
    };
    if images.channels() != 1 {
        return Err(DatasetError::NotGreyBytes { part, found: "in colour" });
    }
    let labels = images.labels().ok_or(DatasetError::Unlabelled { part })?;
    // A larger file could not be read again.
    let (bytes_found, limit) = (bytes.len() as u64, MAX_FILE_BYTES);
    if bytes_found > limit {
        return Err(DatasetError::TooLarge { part, bytes: bytes_found, limit });
    }
    Ok([format::encode_images(images, bytes), format::encode_labels(labels)])
}

fn mismatch(folder: &Path, error: DatasetError) -> DatasetError {
    DatasetError::Mismatch { folder: folder.to_owned(), source: Box::new(error) }
}

/// The paths of the four files. The error names all that are missing.
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

/// The file of this name in its preferred form. A warning names another form of it that is ignored.
fn find_file(folder: &Path, name: &str) -> Result<Option<PathBuf>, FileError> {
    let mut found = candidates(folder, name)?.into_iter();
    let first = found.next();
    if let (Some(first), Some(other)) = (&first, found.next()) {
        tracing::warn!("{} is read, and not {} beside it", shown(first), shown(&other));
    }
    Ok(first)
}

/// The existing forms of a file, the preferred one first.
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
