//! Decodes images in parquet files, as the hub stores them.
//!
//! A row has the struct `image` of `bytes` (a PNG) and `path` (not used), and the integer `label`.

use std::io::Cursor;
use std::panic;

use ::parquet::column::reader::get_typed_column_reader;
use ::parquet::data_type::{ByteArray, ByteArrayType, DataType, Int64Type};
use ::parquet::errors::ParquetError;
use ::parquet::file::reader::{FileReader, RowGroupReader, SerializedFileReader};
use bytes::Bytes;
use image::codecs::png::PngDecoder;
use image::{ColorType, ImageDecoder, Limits};
use rayon::prelude::*;

use crate::limits::MAX_FILE_BYTES;
use crate::{ContentError, FormatError, Images};

/// The most accepted rows: fifteen times as many as MNIST has.
const MAX_ROWS: usize = 1 << 20;

/// The longest accepted side of an image in pixels.
const MAX_SIDE: u32 = 1024;

/// The memory that decoding one image may take, in bytes.
const MAX_MEMORY: u64 = 1 << 22;

/// Decodes a parquet file of 8-bit grey PNG images of one size, with labels from 0 to 255.
pub(super) fn decode(bytes: Vec<u8>) -> Result<Images, ContentError> {
    // The parquet crate panics on some kinds of damage, such as negative offsets.
    let columns = panic::catch_unwind(|| read_columns(bytes));
    let (cells, labels) = columns.map_err(|_| ContentError::ParquetPanicked)??;
    let (images, labels) = rayon::join(|| decode_images(&cells), || decode_labels(&labels));
    Ok(images?.with_labels(labels?).map_err(|_| FormatError::NoImages)?)
}

/// The encoded images and the labels of all rows; there are equally many.
fn read_columns(bytes: Vec<u8>) -> Result<(Vec<ByteArray>, Vec<i64>), ParquetError> {
    let file = SerializedFileReader::new(Bytes::from(bytes))?;
    let (mut cells, mut labels) = (Vec::new(), Vec::new());
    for index in 0..file.num_row_groups() {
        let group = file.get_row_group(index)?;
        read_column::<ByteArrayType>(&*group, "image.bytes", &mut cells)?;
        read_column::<Int64Type>(&*group, "label", &mut labels)?;
    }
    Ok((cells, labels))
}

/// Appends a column of a row group. Every row must have a value.
fn read_column<T: DataType>(
    group: &dyn RowGroupReader,
    name: &str,
    values: &mut Vec<T::T>,
) -> Result<(), ParquetError> {
    let refused = |reason| Err(ParquetError::General(format!("column {name}: {reason}")));
    let kind = T::get_physical_type();
    let columns = group.metadata().schema_descr().columns();
    let Some(index) = columns.iter().position(|column| column.path().string() == name) else {
        return refused("it is missing".to_owned());
    };
    let column = &columns[index];
    if column.physical_type() != kind || column.max_rep_level() > 0 {
        return refused(format!("expected one {kind} a row, found {}", column.physical_type()));
    }
    let before = values.len();
    let rows = usize::try_from(group.metadata().num_rows()).unwrap_or(usize::MAX);
    if before.saturating_add(rows) > MAX_ROWS {
        return refused(format!("more than the {MAX_ROWS} rows that are accepted"));
    }
    let mut reader = get_typed_column_reader::<T>(group.get_column_reader(index)?);
    reader.read_records(rows, Some(&mut Vec::new()), None, values)?;
    match values.len() - before {
        found if found == rows => Ok(()),
        found => refused(format!("{found} values in {rows} rows")),
    }
}

fn decode_images(cells: &[ByteArray]) -> Result<Images, ContentError> {
    let first = cells.first().ok_or(FormatError::NoImages)?;
    let (width, height) = open(first.data()).map_err(|error| error.in_row(0))?.dimensions();
    let size = width as usize * height as usize;
    let claimed = cells.len() as u128 * size as u128;
    if claimed > u128::from(MAX_FILE_BYTES) {
        return Err(FormatError::TooLarge { claimed, limit: MAX_FILE_BYTES }.into());
    }
    let mut pixels = vec![0; claimed as usize];
    let error = pixels.par_chunks_exact_mut(size).zip(cells).enumerate().find_map_first(
        |(row, (pixels, cell))| {
            let decoded = decode_image(cell.data(), (width, height), pixels);
            decoded.err().map(|error| error.in_row(row))
        },
    );
    match error {
        Some(error) => Err(error),
        None => Ok(Images::new(height as usize, width as usize, pixels)
            .map_err(|_| FormatError::NoImages)?),
    }
}

fn decode_labels(labels: &[i64]) -> Result<Vec<u8>, ContentError> {
    let byte = |(row, &found): (usize, &i64)| {
        u8::try_from(found).map_err(|_| ContentError::Label { found }.in_row(row))
    };
    labels.iter().enumerate().map(byte).collect()
}

/// Decodes an image of this size (width, height).
fn decode_image(bytes: &[u8], size: (u32, u32), pixels: &mut [u8]) -> Result<(), ContentError> {
    let decoder = open(bytes)?;
    if decoder.dimensions() != size {
        return Err(ContentError::ImageSize { expected: size, found: decoder.dimensions() });
    }
    if decoder.color_type() != ColorType::L8 {
        return Err(ContentError::NotGrey { found: decoder.color_type() });
    }
    Ok(decoder.read_image(pixels).map_err(FormatError::Picture)?)
}

fn open(bytes: &[u8]) -> Result<PngDecoder<Cursor<&[u8]>>, ContentError> {
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_MEMORY);
    Ok(PngDecoder::with_limits(Cursor::new(bytes), limits).map_err(FormatError::Picture)?)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ::parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
    use ::parquet::schema::parser::parse_message_type;
    use image::{ExtendedColorType, ImageEncoder, codecs::png::PngEncoder};
    use proptest::prelude::*;

    use super::*;

    /// Written by PyArrow with the script in `tests/suite/hub/server.rs`.
    const GENUINE: &[u8] = include_bytes!("../../tests/data/train.parquet");

    const SCHEMA: &str = "message m {
        optional group image { optional binary bytes; }
        optional int64 label;
    }";

    fn png(width: u32, height: u32, kind: ExtendedColorType) -> Vec<u8> {
        let mut bytes = Vec::new();
        let pixels = vec![9; (width * height * u32::from(kind.bits_per_pixel()) / 8) as usize];
        PngEncoder::new(&mut bytes).write_image(&pixels, width, height, kind).unwrap();
        bytes
    }

    /// A file of one row group. `None` is a missing value.
    fn file(schema: &str, images: &[Option<Vec<u8>>], labels: &[Option<i64>]) -> Vec<u8> {
        let schema = Arc::new(parse_message_type(schema).unwrap());
        let mut bytes = Vec::new();
        let mut writer = SerializedFileWriter::new(&mut bytes, schema, Arc::default()).unwrap();
        let mut group = writer.next_row_group().unwrap();
        let cells = images.iter().flatten().map(|bytes| ByteArray::from(bytes.clone()));
        let levels: Vec<i16> =
            images.iter().map(|image| if image.is_some() { 2 } else { 0 }).collect();
        write::<ByteArrayType>(&mut group, &cells.collect::<Vec<_>>(), &levels);
        let levels: Vec<i16> = labels.iter().map(|label| i16::from(label.is_some())).collect();
        let labels: Vec<i64> = labels.iter().flatten().copied().collect();
        write::<Int64Type>(&mut group, &labels, &levels);
        group.close().unwrap();
        writer.close().unwrap();
        bytes
    }

    fn write<T: DataType>(
        group: &mut SerializedRowGroupWriter<'_, &mut Vec<u8>>,
        values: &[T::T],
        levels: &[i16],
    ) {
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<T>().write_batch(values, Some(levels), None).unwrap();
        column.close().unwrap();
    }

    fn message(schema: &str, images: &[Option<Vec<u8>>], labels: &[Option<i64>]) -> String {
        decode(file(schema, images, labels)).unwrap_err().to_string()
    }

    fn grey() -> Option<Vec<u8>> {
        Some(png(3, 2, ExtendedColorType::L8))
    }

    #[test]
    fn labelled_grey_images_of_one_size_are_decoded() {
        let images = decode(file(SCHEMA, &[grey(), grey()], &[Some(0), Some(255)])).unwrap();
        assert_eq!((images.len(), images.height(), images.width()), (2, 2, 3));
        assert_eq!(images.bytes(), Some(&[9; 12][..]));
        assert_eq!(images.labels(), Some(&[0, 255][..]));
    }

    #[test]
    fn rows_of_another_kind_are_refused_with_their_number() {
        let second = |image| message(SCHEMA, &[grey(), Some(image), grey()], &[Some(0); 3]);
        assert_eq!(
            second(png(2, 3, ExtendedColorType::L8)),
            "row 1: an image of 3 x 2, expected 2 x 3 as the first"
        );
        assert_eq!(
            second(png(3, 2, ExtendedColorType::Rgb8)),
            "row 1: an image of type Rgb8, expected 8-bit grey (L8)"
        );
        let garbage = second(b"no image".to_vec());
        assert!(garbage.starts_with("row 1: cannot be decoded as an image: "), "{garbage}");
        let mut damaged = png(3, 2, ExtendedColorType::L8);
        let end = damaged.len() - 20;
        damaged[end] ^= 1;
        let damaged = second(damaged);
        assert!(damaged.starts_with("row 1: cannot be decoded as an image: "), "{damaged}");

        let huge = message(SCHEMA, &[Some(png(1025, 1, ExtendedColorType::L8))], &[Some(0)]);
        assert!(huge.starts_with("row 0: cannot be decoded as an image: "), "{huge}");
        for label in [-1, 256] {
            let text = message(SCHEMA, &[grey(), grey()], &[Some(0), Some(label)]);
            assert_eq!(text, format!("row 1: the label {label}, expected 0 to 255"));
        }
    }

    #[test]
    fn columns_that_are_missing_or_have_gaps_are_refused() {
        let start = "not the parquet file of a set of images: Parquet error: column";
        let gap = message(SCHEMA, &[grey(), None], &[Some(0); 2]);
        assert_eq!(gap, format!("{start} image.bytes: 1 values in 2 rows"));
        let gap = message(SCHEMA, &[grey(), grey()], &[Some(0), None]);
        assert_eq!(gap, format!("{start} label: 1 values in 2 rows"));

        let named_otherwise = SCHEMA.replace("label", "class");
        let missing = message(&named_otherwise, &[grey()], &[Some(0)]);
        assert_eq!(missing, format!("{start} label: it is missing"));
        assert_eq!(message(SCHEMA, &[], &[]), "holds no images");
    }

    #[test]
    fn a_file_truncated_anywhere_is_refused() {
        for length in 0..GENUINE.len() {
            assert!(decode(GENUINE[..length].to_vec()).is_err(), "{length}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn changed_bytes_never_panic(
            changes in prop::collection::vec((0..GENUINE.len(), any::<u8>()), 1..4),
        ) {
            let mut bytes = GENUINE.to_vec();
            changes.into_iter().for_each(|(place, byte)| bytes[place] = byte);
            if let Ok(images) = decode(bytes) {
                prop_assert_eq!(images.labels().unwrap().len(), images.len());
            }
        }
    }
}
