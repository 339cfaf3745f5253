//! Writes the images of a data set as PNG files.

use std::path::Path;

use ae_files::{make_folder, write_atomic};
use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder};

use crate::{Dataset, DatasetError, ExportError, Images};

/// The fewest digits of a picture's name.
const FEWEST_DIGITS: usize = 5;

/// Writes a data set as PNG files, `train/00001.png`, ... and `test/00001.png`, ..., which are read as the same data set
/// again: all names of a folder have as many digits as its largest number, at least five. Labels are not written. The
/// folders are created if they are missing; each file is written atomically.
///
/// # Errors
/// If there is a folder `train` or `test` already, if the images are no 8-bit images, or if a file cannot be written.
pub fn write_pictures(dataset: &Dataset, folder: &Path) -> Result<(), DatasetError> {
    for part in ["train", "test"] {
        let path = folder.join(part);
        if path.try_exists().unwrap_or(true) {
            return Err(DatasetError::Exists { path });
        }
    }
    replace_pictures(dataset, folder)
}

/// Writes a data set as [`write_pictures`] does. Files that are there are replaced; other files stay.
///
/// # Errors
/// As [`write_pictures`], but not for folders that are there.
pub fn replace_pictures(dataset: &Dataset, folder: &Path) -> Result<(), DatasetError> {
    for (part, images) in [("train", &dataset.train), ("test", &dataset.test)] {
        let bytes = images.bytes().ok_or(ExportError::NotBytes { part })?;
        let folder = folder.join(part);
        make_folder(&folder)?;
        for (place, pixels) in bytes.chunks_exact(images.image_size()).enumerate() {
            let path = folder.join(name(place, images.len()));
            write_atomic(&path, &encode(images, pixels)?)?;
        }
    }
    Ok(())
}

/// The name of the image at a place, counted from 0, among so many. In the order of the names, images are read again.
fn name(place: usize, count: usize) -> String {
    let digits = count.to_string().len().max(FEWEST_DIGITS);
    format!("{:0digits$}.png", place + 1)
}

/// The PNG file of one image.
fn encode(images: &Images, pixels: &[u8]) -> Result<Vec<u8>, DatasetError> {
    let (height, width) = (images.height(), images.width());
    let area = height * width;
    let (interleaved, kind) = if images.channels() == 1 {
        (pixels.to_vec(), ExtendedColorType::L8)
    } else {
        let colour = |place: usize| [pixels[place], pixels[area + place], pixels[2 * area + place]];
        ((0..area).flat_map(colour).collect(), ExtendedColorType::Rgb8)
    };
    let mut file = Vec::new();
    // A side above u32::MAX does not fit into memory as an image; the encoder refuses a length that does not match.
    let [width, height] = [width, height].map(|side| u32::try_from(side).unwrap_or(u32::MAX));
    match PngEncoder::new(&mut file).write_image(&interleaved, width, height, kind) {
        Ok(()) => Ok(file),
        Err(error) => Err(ExportError::NotEncoded { reason: error.to_string() }.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_the_names_is_that_of_the_images() {
        assert_eq!(name(0, 1), "00001.png");
        assert_eq!(name(99_998, 99_999), "99999.png");
        let names: Vec<String> = [0, 9, 99_998, 99_999].map(|place| name(place, 100_000)).into();
        assert_eq!(names, ["000001.png", "000010.png", "099999.png", "100000.png"]);
        assert!(names.is_sorted());
    }
}
