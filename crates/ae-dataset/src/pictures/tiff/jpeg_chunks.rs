//! The strips or tiles of a TIFF that are JPEG files, checked before they are decoded.

use std::io::{Read, Seek, SeekFrom};

use ::tiff::decoder::{ChunkType, Decoder};
use ::tiff::tags::Tag;

use super::{Page, damaged};
use crate::FormatError;
use crate::pictures::jpeg::Expected;
use crate::pictures::{bounds, jpeg};

/// Checks each strip or tile as a JPEG file is checked, and that its size is that which the page gives it.
///
/// All chunks must lie within the file.
pub(super) fn check<R: Read + Seek>(
    decoder: &mut Decoder<R>,
    page: &Page,
) -> Result<(), FormatError> {
    let has_tiles = decoder.get_chunk_type() == ChunkType::Tile;
    let (offsets, counts) = match has_tiles {
        true => (Tag::TileOffsets, Tag::TileByteCounts),
        false => (Tag::StripOffsets, Tag::StripByteCounts),
    };
    let mut numbers = |tag| {
        let found = decoder.find_tag_unsigned_vec::<u64>(tag).map_err(damaged)?;
        Ok::<_, FormatError>(found.unwrap_or_default())
    };
    let (offsets, counts) = (numbers(offsets)?, numbers(counts)?);
    let tables = decoder.find_tag(Tag::JPEGTables).map_err(damaged)?;
    let tables = tables.map(|tables| tables.into_u8_vec()).transpose().map_err(damaged)?;
    // The end marker of the tables, and the start marker of a chunk, are in the middle then.
    let tables = tables.as_ref().map(|tables| &tables[..tables.len().saturating_sub(2)]);
    let (width, rows) = decoder.chunk_dimensions();
    let rows = if has_tiles { rows } else { rows.min(page.height) };
    bounds::check_sides(rows, width)?;
    let planes = decoder.find_tag_unsigned::<u16>(Tag::PlanarConfiguration).map_err(damaged)?;
    let samples = decoder.find_tag_unsigned::<u16>(Tag::SamplesPerPixel).map_err(damaged)?;
    let components = if planes == Some(2) { 1 } else { usize::from(samples.unwrap_or(1)) };
    for (number, (offset, count)) in (0..).zip(offsets.into_iter().zip(counts)) {
        let (_, filled) = decoder.chunk_data_dimensions(number);
        let heights = filled as usize..=rows as usize;
        let expected = Expected { width: width as usize, heights, components };
        let mut bytes = tables.unwrap_or_default().to_vec();
        let start = bytes.len();
        let read = |reader: &mut R, bytes: &mut Vec<u8>| {
            reader.seek(SeekFrom::Start(offset))?;
            reader.take(count).read_to_end(bytes)
        };
        read(decoder.inner(), &mut bytes).map_err(|error| damaged(error.into()))?;
        if start > 0 {
            bytes.drain(start..bytes.len().min(start + 2));
        }
        jpeg::check_part(&bytes, expected).map_err(|fault| FormatError::DamagedPicture {
            format: "TIFF",
            reason: format!("the JPEG in part {}: {fault}", number + 1),
        })?;
    }
    Ok(())
}
