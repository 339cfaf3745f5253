//! The IDX format of MNIST's files: a big-endian header, then one byte per value.
//!
//! A file of images holds the magic number `0x00000803`, the number of images, of rows and of columns, then the pixels
//! row by row. A file of labels holds the magic number `0x00000801`, the number of labels, then the labels. Source:
//! LeCun, Cortes and Burges, "The MNIST database of handwritten digits", section "File formats".

use crate::limits::MAX_FILE_BYTES;
use crate::{FormatError, Images};

/// What an IDX file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Images,
    Labels,
}

impl Kind {
    fn magic(self) -> u32 {
        match self {
            Self::Images => 0x803,
            Self::Labels => 0x801,
        }
    }

    /// The number of dimensions, which follow the magic number.
    fn dimensions(self) -> usize {
        (self.magic() & 0xff) as usize
    }

    /// The length of the header in bytes.
    pub(crate) fn header_length(self) -> usize {
        4 + 4 * self.dimensions()
    }
}

/// Decodes an uncompressed IDX file of images, `n x height x width` bytes.
///
/// # Errors
/// If the magic number is wrong, the file is truncated or has bytes after its end, its header claims more than 1 GiB,
/// or it holds no image.
pub fn decode_images(bytes: &[u8]) -> Result<Images, FormatError> {
    let (header, pixels) = split(Kind::Images, bytes);
    images(header, pixels.to_vec())
}

/// The images from a file's header and its pixels.
pub(crate) fn images(header: &[u8], pixels: Vec<u8>) -> Result<Images, FormatError> {
    let dimensions = check(Kind::Images, header, pixels.len())?;
    match dimensions[..] {
        [_, height, width] => {
            Images::new(height as usize, width as usize, pixels).map_err(|_| FormatError::NoImages)
        }
        _ => Err(FormatError::NoImages),
    }
}

/// What the header of an IDX file of images says.
pub(crate) struct ImagesHeader {
    pub(crate) images: usize,
    pub(crate) height: usize,
    pub(crate) width: usize,
    /// The length of the header, and that of the whole file by the header, in bytes.
    pub(crate) length: usize,
    pub(crate) claimed: u128,
}

/// The header of a file of images, with which `bytes` begins.
pub(crate) fn images_header_of(bytes: &[u8]) -> Result<ImagesHeader, FormatError> {
    let dimensions = dimensions(Kind::Images, bytes)?;
    let [images, height, width] = dimensions[..] else { return Err(FormatError::NoImages) };
    let length = Kind::Images.header_length();
    let values = dimensions.iter().map(|&size| u128::from(size)).product::<u128>();
    let [images, height, width] = [images, height, width].map(|size| size as usize);
    Ok(ImagesHeader { images, height, width, length, claimed: values + length as u128 })
}

/// Decodes an uncompressed IDX file of labels.
///
/// # Errors
/// If the magic number is wrong, the file is truncated or has bytes after its end, or its header claims more than
/// 1 GiB.
pub fn decode_labels(bytes: &[u8]) -> Result<Vec<u8>, FormatError> {
    let (header, values) = split(Kind::Labels, bytes);
    labels(header, values.to_vec())
}

/// The labels from a file's header and its values.
pub(crate) fn labels(header: &[u8], values: Vec<u8>) -> Result<Vec<u8>, FormatError> {
    check(Kind::Labels, header, values.len())?;
    Ok(values)
}

/// The length of the whole file by its header, with which `bytes` begins.
pub(crate) fn claimed_length(kind: Kind, bytes: &[u8]) -> Result<usize, FormatError> {
    let values = dimensions(kind, bytes)?.iter().map(|&size| u128::from(size)).product::<u128>();
    let claimed = values + kind.header_length() as u128;
    if claimed > u128::from(MAX_FILE_BYTES) {
        return Err(FormatError::TooLarge { claimed, limit: MAX_FILE_BYTES });
    }
    Ok(claimed as usize)
}

/// Splits a file into its header and the values after it.
fn split(kind: Kind, bytes: &[u8]) -> (&[u8], &[u8]) {
    bytes.split_at_checked(kind.header_length()).unwrap_or((bytes, &[]))
}

/// Checks that a header claims as many values as there are, and returns its dimensions.
fn check(kind: Kind, header: &[u8], values: usize) -> Result<Vec<u32>, FormatError> {
    let expected = claimed_length(kind, header)?;
    let found = header.len() + values;
    if found < expected {
        return Err(FormatError::Truncated { expected, found });
    }
    if found > expected {
        return Err(FormatError::TrailingBytes { expected, found });
    }
    dimensions(kind, header)
}

fn dimensions(kind: Kind, bytes: &[u8]) -> Result<Vec<u32>, FormatError> {
    let expected = kind.header_length();
    let truncated = FormatError::Truncated { expected, found: bytes.len() };
    let mut words = bytes.as_chunks::<4>().0.iter().map(|&word| u32::from_be_bytes(word));
    let Some(found) = words.next() else { return Err(truncated) };
    if found != kind.magic() {
        return Err(FormatError::Magic { expected: kind.magic(), found });
    }
    let dimensions: Vec<u32> = words.take(kind.dimensions()).collect();
    if dimensions.len() == kind.dimensions() { Ok(dimensions) } else { Err(truncated) }
}

/// The IDX file of 8-bit images: header and pixels.
pub(crate) fn encode_images(images: &Images, bytes: &[u8]) -> Vec<u8> {
    [&images_header(images), bytes].concat()
}

/// The IDX file of labels: header and labels.
pub(crate) fn encode_labels(labels: &[u8]) -> Vec<u8> {
    [&labels_header(labels), labels].concat()
}

/// The header of the IDX file of fewer than 2^32 images.
///
/// The third byte of the magic number is the type, the fourth the number of dimensions: grey bytes have MNIST's
/// `0x00000803`, colour images have four dimensions, floats the type `0x0d`.
pub(crate) fn images_header(images: &Images) -> Vec<u8> {
    let kind = if images.are_bytes() { 0x0800 } else { 0x0d00 };
    let planes = [images.len(), images.channels(), images.height(), images.width()];
    let grey = [images.len(), images.height(), images.width()];
    let dimensions: &[usize] = if images.channels() > 1 { &planes } else { &grey };
    header(kind + dimensions.len() as u32, dimensions)
}

/// The header of the IDX file of fewer than 2^32 labels.
pub(crate) fn labels_header(labels: &[u8]) -> Vec<u8> {
    header(Kind::Labels.magic(), &[labels.len()])
}

fn header(magic: u32, dimensions: &[usize]) -> Vec<u8> {
    let sizes = dimensions.iter().map(|&size| size as u32);
    std::iter::once(magic).chain(sizes).flat_map(u32::to_be_bytes).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Two images of 2 x 3, written by hand.
    const IMAGES: [u8; 28] = [
        0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3, //
        0, 1, 2, 3, 4, 5, 250, 251, 252, 253, 254, 255,
    ];
    const LABELS: [u8; 10] = [0, 0, 8, 1, 0, 0, 0, 2, 7, 9];

    fn encode(images: &Images) -> Vec<u8> {
        encode_images(images, images.bytes().unwrap())
    }

    #[test]
    fn a_file_written_by_hand_is_decoded_and_encoded() {
        let images = decode_images(&IMAGES).unwrap();
        assert_eq!((images.len(), images.height(), images.width()), (2, 2, 3));
        assert_eq!(images.bytes().unwrap()[6..], [250, 251, 252, 253, 254, 255]);
        assert_eq!(encode(&images), IMAGES);

        let labels = decode_labels(&LABELS).unwrap();
        assert_eq!(labels, [7, 9]);
        assert_eq!(encode_labels(&labels), LABELS);
    }

    #[test]
    fn each_kind_of_damage_has_its_own_message() {
        let message = |bytes: &[u8]| decode_images(bytes).unwrap_err().to_string();
        assert_eq!(message(&[]), "cut short: 0 bytes, expected 16");
        assert_eq!(message(&IMAGES[..15]), "cut short: 15 bytes, expected 16");
        assert_eq!(message(&IMAGES[..27]), "cut short: 27 bytes, expected 28");
        let longer = [&IMAGES[..], &[0]].concat();
        assert_eq!(message(&longer), "bytes after the end: 29 bytes, expected 28");
        assert_eq!(
            message(&LABELS),
            "magic number 0x00000801 (IDX labels), expected 0x00000803 (IDX images)"
        );
        assert_eq!(
            message(b"PNG\x00"),
            "magic number 0x504e4700 (not IDX), expected 0x00000803 (IDX images)"
        );
        let empty = [0, 0, 8, 3, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 3];
        assert_eq!(message(&empty), "holds no images");
    }

    #[test]
    fn sizes_of_four_billion_are_refused_from_the_header_alone() {
        let mut bytes = IMAGES;
        bytes[4..16].fill(0xff);
        assert_eq!(
            decode_images(&bytes).unwrap_err().to_string(),
            "claims 79228162458924105385300197391 bytes, more than the 1073741824 that are accepted"
        );
        let mut bytes = LABELS;
        bytes[4..8].fill(0xff);
        assert!(matches!(
            decode_labels(&bytes).unwrap_err(),
            FormatError::TooLarge { claimed: 4_294_967_303, .. }
        ));
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_are_decoded_or_refused(
            magic in prop_oneof![Just(0x803_u32), Just(0x801), any::<u32>()],
            sizes in prop::collection::vec(prop_oneof![0_u32..5, any::<u32>()], 0..4),
            rest in prop::collection::vec(any::<u8>(), 0..80),
        ) {
            let words = std::iter::once(magic).chain(sizes).flat_map(u32::to_be_bytes);
            let bytes: Vec<u8> = words.chain(rest).collect();
            if let Ok(images) = decode_images(&bytes) {
                prop_assert_eq!(encode(&images), bytes);
            } else if let Ok(labels) = decode_labels(&bytes) {
                prop_assert_eq!(encode_labels(&labels), bytes);
            }
        }

        #[test]
        fn decoding_reverses_encoding(
            height in 1_usize..6,
            width in 1_usize..6,
            bytes in prop::collection::vec(any::<u8>(), 36..200),
        ) {
            let size = height * width;
            let images =
                Images::new(height, width, bytes[..bytes.len() / size * size].to_vec()).unwrap();
            prop_assert_eq!(decode_images(&encode(&images)).unwrap(), images);
            prop_assert_eq!(decode_labels(&encode_labels(&bytes)).unwrap(), bytes);
        }
    }
}
