//! Which files are mapped, and what their headers say.

use std::io::Read;
use std::path::Path;

use ae_files::{FileError, open_regular, shown};

use super::file::MappedFile;
use super::{MappedNumbers, MappedPixels};
use crate::arrays::images::{Channels, shape_of};
use crate::arrays::npy::{self, LONGEST_HEADER};
use crate::arrays::numbers::place_of;
use crate::idx::format::images_header_of;
use crate::limits::MAX_FILE_BYTES;
use crate::tables::row_store::ScaledRows;
use crate::{
    BadItems, DatasetError, FormatError, ImageShape, Images, MappedError, Pixels, Progress,
    ReadOptions,
};

/// When a file is mapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mapping {
    /// If it has more than 1 GiB, which is not read into memory.
    #[default]
    Large,
    /// Always.
    Always,
}

/// Images in a mapped file.
pub(crate) struct MappedImages {
    pub(crate) images: Images,
    /// `images` of an IDX file, `array` of a `.npy` file.
    pub(crate) name: &'static str,
    pub(crate) skipped: usize,
}

/// Maps a file of images, an IDX file or a `.npy` file, if it is to be mapped; says so.
///
/// # Errors
/// If the file cannot be mapped, although it is to be; if it is damaged, or if a value is outside [0, 1] and such images
/// are refused.
pub(crate) fn images(
    path: &Path,
    mapping: Mapping,
    read: &ReadOptions,
    progress: &mut dyn Progress,
) -> Result<Option<MappedImages>, DatasetError> {
    let Some(beginning) = beginning_of_mapped(path, mapping)? else { return Ok(None) };
    let found = if beginning.starts_with(&[0, 0, 8, 3]) {
        let images = idx_images(path)?;
        Some(MappedImages { images, name: "images", skipped: 0 })
    } else if npy::is_npy(&beginning) {
        npy_images(path, &beginning, read.bad)?
    } else {
        None
    };
    match (found, mapping) {
        (Some(found), _) => {
            progress.chose(&told(path));
            Ok(Some(found))
        }
        (None, Mapping::Always) => Err(MappedError::NoArray { path: path.to_owned() }.into()),
        (None, Mapping::Large) => Ok(None),
    }
}

/// What is said of data that is mapped.
pub(crate) fn told(path: &Path) -> String {
    let path = path.display();
    format!("{path}: mapped: batches are read from the disk, and the data is not kept in memory")
}

/// The scaled rows of a table as images of one row; says how much of the disk they take.
///
/// # Errors
/// If the temporary file cannot be mapped.
pub(crate) fn scaled_rows(
    rows: ScaledRows,
    columns: usize,
    progress: &mut dyn Progress,
) -> Result<Images, DatasetError> {
    let ScaledRows { path, folder, file, rows } = rows;
    let file = MappedFile::of_table(file, &path)?;
    let bytes = file.bytes().len();
    let place = match folder.as_os_str().is_empty() || folder == Path::new(".") {
        true => "the working folder".to_owned(),
        false => shown(&folder),
    };
    progress.chose(&format!(
        "{}: mapped: its rows are not kept in memory but in a temporary file of {bytes} bytes in {place} (twice as many while \
         the table was read)",
        shown(&path)
    ));
    let (shape, count) = (ImageShape::grey(1, columns), rows as usize);
    mapped(file, 0, MappedNumbers::Floats, shape, count).map_err(|error| error.in_file(&path))
}

/// The first bytes of a file that is to be mapped.
fn beginning_of_mapped(path: &Path, mapping: Mapping) -> Result<Option<Vec<u8>>, DatasetError> {
    let read = || {
        let file = open_regular(path)?;
        if mapping == Mapping::Large && file.metadata()?.len() <= MAX_FILE_BYTES {
            return Ok(None);
        }
        let mut bytes = Vec::new();
        file.take(LONGEST_HEADER as u64).read_to_end(&mut bytes)?;
        Ok(Some(bytes))
    };
    Ok(read().map_err(|source| FileError::Read { path: path.to_owned(), source })?)
}

/// The images of an IDX file, mapped.
///
/// # Errors
/// If it is no IDX file of images, or another length than its header claims.
pub(crate) fn idx_images(path: &Path) -> Result<Images, DatasetError> {
    let file = MappedFile::open(path)?;
    let wrong = |error: FormatError| error.in_file(path);
    let header = images_header_of(file.bytes()).map_err(wrong)?;
    let shape = ImageShape::grey(header.height, header.width);
    check_length(header.claimed, file.bytes().len()).map_err(wrong)?;
    mapped(file, header.length, MappedNumbers::Bytes, shape, header.images).map_err(wrong)
}

fn npy_images(
    path: &Path,
    beginning: &[u8],
    bad: BadItems,
) -> Result<Option<MappedImages>, DatasetError> {
    let wrong = |error: FormatError| error.in_file(path);
    let header = npy::header(beginning).map_err(wrong)?;
    let numbers = match header.width {
        1 => MappedNumbers::Bytes,
        4 => MappedNumbers::Floats,
        _ => return Ok(None),
    };
    let shape = match shape_of(&header.shape, None) {
        Some((shape, channels)) if channels == Channels::First || shape.channels == 1 => shape,
        _ => return Ok(None),
    };
    let file = MappedFile::open(path)?;
    header.check_length(file.bytes().len() as u64, u64::MAX).map_err(wrong)?;
    let count = header.shape.first().copied().unwrap_or_default();
    let images = mapped(file, header.length, numbers, shape, count).map_err(wrong)?;
    let usable = usable(path, &images, &header.shape, bad)?;
    let skipped = images.len() - usable.len();
    if usable.is_empty() {
        return Err(DatasetError::AllSkipped { path: path.to_owned(), count: skipped });
    }
    let images = if skipped == 0 { images } else { images.select(&usable)? };
    Ok(Some(MappedImages { images, name: "array", skipped }))
}

/// The images whose values are all in [0, 1].
fn usable(
    path: &Path,
    images: &Images,
    shape: &[usize],
    bad: BadItems,
) -> Result<Vec<u32>, DatasetError> {
    let all = 0..images.len() as u32;
    if images.are_bytes() {
        return Ok(all.collect());
    }
    let size = images.image_size();
    let mut values = vec![0.0; size];
    let mut usable = Vec::with_capacity(images.len());
    for index in all {
        images.gather(&[index], &mut values);
        // A NaN is in no range.
        let Some(at) = values.iter().position(|value| !(0.0..=1.0).contains(value)) else {
            usable.push(index);
            continue;
        };
        let place = place_of(index as usize * size + at, shape);
        let (found, expected) = (f64::from(values[at]), "in [0, 1]");
        let source = FormatError::Value { place, found, expected };
        match bad {
            BadItems::Refuse => {
                return Err(DatasetError::BadItem { path: path.to_owned(), source });
            }
            BadItems::Skip => tracing::warn!("left out: {}: {source}", path.display()),
        }
    }
    Ok(usable)
}

fn mapped(
    file: MappedFile,
    start: usize,
    numbers: MappedNumbers,
    shape: ImageShape,
    count: usize,
) -> Result<Images, FormatError> {
    let size = shape.checked_size().filter(|&size| size > 0 && count > 0);
    let size = size.ok_or(FormatError::NoImages)?;
    let pixels = MappedPixels { file, start, numbers, size, count, rows: None };
    Images::of_shape(shape, Pixels::Mapped(pixels)).map_err(|_| FormatError::NoImages)
}

fn check_length(expected: u128, found: usize) -> Result<(), FormatError> {
    let expected = usize::try_from(expected)
        .map_err(|_| FormatError::TooLarge { claimed: expected, limit: usize::MAX as u64 })?;
    match found.cmp(&expected) {
        std::cmp::Ordering::Less => Err(FormatError::Truncated { expected, found }),
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Greater => Err(FormatError::TrailingBytes { expected, found }),
    }
}
