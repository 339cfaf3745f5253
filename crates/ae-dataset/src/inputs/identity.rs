//! Which input it is, so that results of two inputs are not joined.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use ae_files::{FileError, hexadecimal, open_regular};
use sha2::{Digest, Sha256};

use crate::pictures::list::PictureList;
use crate::{DatasetError, Images};

/// The bytes at the beginning and at the end of a file that are compared: 1 MiB each.
const COMPARED: u64 = 1 << 20;

/// A digest of the length of a file, of its first and of its last bytes. A long file is not read whole.
pub(super) fn of_file(path: &Path) -> Result<String, DatasetError> {
    let read = || {
        let mut file = open_regular(path)?;
        let length = file.metadata()?.len();
        let mut hasher = Sha256::new_with_prefix(length.to_le_bytes());
        hasher.update(part(&mut file, 0)?);
        hasher.update(part(&mut file, length.saturating_sub(COMPARED))?);
        Ok(hexadecimal(&hasher.finalize()))
    };
    Ok(read().map_err(|source| FileError::Read { path: path.to_owned(), source })?)
}

fn part(file: &mut File, start: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(start))?;
    file.take(COMPARED).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A digest of the names, the pages and the lengths of pictures.
pub(crate) fn of_pictures(list: &PictureList) -> String {
    let mut hasher = Sha256::new();
    for picture in &list.files {
        let length = fs::metadata(&picture.path).map_or(0, |found| found.len());
        let page = picture.page.map_or(0, |page| page.number);
        let name = list.file_name(picture);
        hasher.update(name.to_string_lossy().as_bytes());
        hasher.update(format!("\0{page} {length}\n").as_bytes());
    }
    hexadecimal(&hasher.finalize())
}

/// A digest of the pixels and the labels of images.
pub(super) fn of_images(images: &Images) -> String {
    let mut hasher = Sha256::new();
    (0..images.len()).for_each(|index| hasher.update(images.image_bytes(index)));
    hasher.update(images.labels().unwrap_or_default());
    hexadecimal(&hasher.finalize())
}
