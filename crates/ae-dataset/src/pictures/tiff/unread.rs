//! Pages that the decoder would read wrongly: they are refused.

use std::io::{Read, Seek};

use ::tiff::decoder::{ChunkType, Decoder};
use ::tiff::tags::{CompressionMethod, PlanarConfiguration, Predictor, Tag};

use super::{Layout, damaged, unsupported};
use crate::FormatError;

/// The value of the tag `FillOrder` for bytes whose lowest bit comes first.
const LOWEST_BIT_FIRST: u16 = 2;

/// Refuses what the decoder ignores or confuses.
///
/// Three faults of the crate `tiff` 0.11 are the cause: it takes no notice of `FillOrder`; of tiles in planes, it knows the
/// lowest row of the first plane alone; and it drops further channels of a pixel before it undoes the prediction and swaps
/// bytes, each time along a whole row of the picture.
pub(super) fn refuse<R: Read + Seek>(
    decoder: &mut Decoder<R>,
    layout: Layout,
    compression: CompressionMethod,
) -> Result<(), FormatError> {
    let mut stated = |tag| Ok(decoder.find_tag_unsigned::<u16>(tag).map_err(damaged)?.unwrap_or(1));
    // A JPEG has its own order of bits.
    let is_reversed = stated(Tag::FillOrder)? == LOWEST_BIT_FIRST;
    if is_reversed && compression != CompressionMethod::ModernJPEG {
        return Err(unsupported("bits in reverse order (FillOrder 2)"));
    }
    let has_planes = stated(Tag::PlanarConfiguration)? == PlanarConfiguration::Planar.to_u16();
    let is_predicted = stated(Tag::Predictor)? != Predictor::None.to_u16();
    let samples = stated(Tag::SamplesPerPixel)?;
    let has_tiles = decoder.get_chunk_type() == ChunkType::Tile;
    let (_, height) = decoder.dimensions().map_err(damaged)?;
    let (_, tile) = decoder.chunk_dimensions();
    if has_planes && has_tiles && samples > 1 && height % tile != 0 {
        return Err(unsupported("channels apart from each other in tiles that reach beyond it"));
    }
    let has_more = u64::from(samples) > layout.samples();
    if !has_planes && has_more && (is_predicted || has_tiles) {
        let how = if has_tiles { "tiles" } else { "strips with a predictor" };
        let more = u64::from(samples) - layout.samples();
        let channels = if more == 1 { "a further channel" } else { "further channels" };
        return Err(unsupported(&format!("{channels} beside its colours in {how}")));
    }
    Ok(())
}
