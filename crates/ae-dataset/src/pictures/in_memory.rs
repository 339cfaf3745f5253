//! A picture that comes as bytes, such as the body of a request.

use std::path::Path;

use crate::other_sizes::in_shape;
use crate::pictures::bounds::MAX_SIDE;
use crate::pictures::decode::{self, Decoded, Wanted};
use crate::{DatasetError, FormatError, ImageShape, Images, ReadOptions};

/// Decodes the bytes of a picture file to one image of a shape: any format that
/// [`InputReader::open`](crate::InputReader::open) reads, by the same rules. `name` is what errors call it.
///
/// `most_pixels` bounds the picture by its header, before memory for it is allocated. The first page of a TIFF is read.
///
/// # Errors
/// If the bytes are no picture, or are damaged; [`FormatError::TooManyPixels`] beyond the bound; and
/// [`DatasetError::InputSize`] if the picture has another size that is not to be changed.
pub fn picture_in_memory(
    name: &str,
    bytes: &[u8],
    shape: ImageShape,
    options: &ReadOptions,
    most_pixels: u64,
) -> Result<Images, DatasetError> {
    let path = Path::new(name);
    let named = |error: FormatError| error.in_file(path);
    let ImageShape { height, width, .. } = decode::header_in_memory(bytes).map_err(named)?.shape;
    if (height as u64).saturating_mul(width as u64) > most_pixels {
        let (height, width) = (height as u32, width as u32);
        let error =
            FormatError::TooManyPixels { height, width, side: MAX_SIDE, pixels: most_pixels };
        return Err(named(error));
    }
    let wanted = Wanted { channels: shape.channels, background: options.background };
    let Decoded { images, .. } = decode::decode(bytes, wanted).map_err(named)?;
    in_shape(images, shape, options.resize, path)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use image::{GrayImage, ImageFormat, Luma};

    use super::*;
    use crate::Resize;

    fn png(side: u32) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        let image = GrayImage::from_fn(side, side, |x, _| Luma([(x * 50) as u8]));
        image.write_to(&mut bytes, ImageFormat::Png).unwrap();
        bytes.into_inner()
    }

    fn read(bytes: &[u8], resize: Resize, most_pixels: u64) -> Result<Images, DatasetError> {
        let options = ReadOptions { resize, ..ReadOptions::default() };
        picture_in_memory("body", bytes, ImageShape::grey(4, 4), &options, most_pixels)
    }

    #[test]
    fn a_picture_is_read_as_from_a_file() {
        let images = read(&png(4), Resize::None, 16).unwrap();
        assert_eq!(images.bytes().unwrap()[..4], [0, 50, 100, 150]);
        assert_eq!(read(&png(8), Resize::Fit, 64).unwrap().shape(), ImageShape::grey(4, 4));
    }

    #[test]
    fn what_does_not_fit_is_refused_before_it_is_decoded() {
        let refused = |bytes: &[u8], most| read(bytes, Resize::None, most).unwrap_err().to_string();
        assert!(refused(&png(5), 24).contains("24"), "{}", refused(&png(5), 24));
        assert!(refused(&png(5), 25).contains("5 x 5"), "{}", refused(&png(5), 25));
        for cut in [0, 4, 20, 40] {
            assert!(read(&png(4)[..cut], Resize::None, 16).is_err(), "{cut}");
        }
    }
}
