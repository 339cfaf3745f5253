//! The chunks of a PNG: their checksums, and facts that the decoder does not tell.

use std::io::{self, Read, Seek, SeekFrom};

use super::containers::is_grey;

const SIGNATURE: [u8; 8] = *b"\x89PNG\r\n\x1a\n";
/// The largest compression ratio of DEFLATE.
const MAX_RATIO: u64 = 1032;
/// The longest header, palette or EXIF chunk that is read, in bytes.
const MAX_CHUNK: u32 = 1 << 20;
/// The colour type of a picture with a palette.
const INDEXED: u8 = 3;

/// Why a PNG is damaged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PngFault {
    #[error("the file ends before the picture does")]
    FileEnd,
    #[error("the checksum of the chunk {0} is wrong")]
    Checksum(String),
    #[error("{bytes} bytes of compressed pixels cannot hold the {claimed} that the header claims")]
    Claim { bytes: u64, claimed: u64 },
}

/// What a PNG states outside of its pixels.
#[derive(Debug, Default)]
pub(crate) struct PngFacts {
    /// Bits per value.
    pub(crate) bits: u8,
    /// Whether the picture has a palette that holds only greys.
    pub(crate) has_grey_palette: bool,
    /// Its EXIF data.
    pub(crate) exif: Option<Vec<u8>>,
    /// Whether it is an animation (APNG).
    pub(crate) is_animated: bool,
    /// Pixels per metre, across and down.
    pub(crate) pixels_per_metre: Option<[u32; 2]>,
}

/// Checks that all chunks up to the end chunk are whole and have the right checksum, and that the compressed pixels can
/// hold the size that the header claims. Bytes after the end chunk are ignored.
pub(crate) fn check(bytes: &[u8]) -> Result<(), PngFault> {
    let mut rest = bytes.get(SIGNATURE.len()..).unwrap_or_default();
    let (mut pixels, mut claimed) = (0, 0);
    loop {
        let (length, after) = rest.split_first_chunk::<4>().ok_or(PngFault::FileEnd)?;
        let length = u32::from_be_bytes(*length) as usize;
        let whole = after.split_at_checked(length.saturating_add(4));
        let (chunk, after) = whole.ok_or(PngFault::FileEnd)?;
        let (sum, after) = after.split_first_chunk::<4>().ok_or(PngFault::FileEnd)?;
        let (kind, contents) = chunk.split_at(4);
        if crc32fast::hash(chunk) != u32::from_be_bytes(*sum) {
            return Err(PngFault::Checksum(String::from_utf8_lossy(kind).into_owned()));
        }
        match kind {
            b"IHDR" => claimed = claimed_bytes(contents),
            b"IDAT" => pixels += length as u64,
            b"IEND" if claimed > pixels.saturating_mul(MAX_RATIO) => {
                return Err(PngFault::Claim { bytes: pixels, claimed });
            }
            b"IEND" => return Ok(()),
            _ => {}
        }
        rest = after;
    }
}

/// The smallest size of the uncompressed pixels by the header, in bytes. The decoder refuses impossible headers.
fn claimed_bytes(header: &[u8]) -> u64 {
    let Some((&[w0, w1, w2, w3, h0, h1, h2, h3, bits], _)) = header.split_first_chunk::<9>() else {
        return 0;
    };
    let [width, height] = [[w0, w1, w2, w3], [h0, h1, h2, h3]].map(u32::from_be_bytes);
    u64::from(height).saturating_mul((u64::from(width) * u64::from(bits)).div_ceil(8))
}

/// The resolution, unless it is a mere ratio.
fn pixels_per_metre(contents: &[u8]) -> Option<[u32; 2]> {
    let (&[x0, x1, x2, x3, y0, y1, y2, y3, unit], _) = contents.split_first_chunk::<9>()?;
    let found = [[x0, x1, x2, x3], [y0, y1, y2, y3]].map(u32::from_be_bytes);
    (unit == 1 && !found.contains(&0)).then_some(found)
}

/// Reads the facts in the chunks and seeks past the pixels.
pub(crate) fn facts(reader: &mut (impl Read + Seek)) -> io::Result<PngFacts> {
    let mut facts = PngFacts::default();
    let mut is_indexed = false;
    reader.seek(SeekFrom::Start(SIGNATURE.len() as u64))?;
    loop {
        let mut head = [0; 8];
        match reader.read_exact(&mut head) {
            // The decoder will refuse a file that ends early.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(facts),
            read => read?,
        }
        let [l0, l1, l2, l3, kind @ ..] = head;
        let length = u32::from_be_bytes([l0, l1, l2, l3]);
        let contents = match &kind {
            b"IEND" => return Ok(facts),
            b"IHDR" | b"PLTE" | b"eXIf" | b"pHYs" if length <= MAX_CHUNK => {
                let mut contents = Vec::new();
                reader.take(length.into()).read_to_end(&mut contents)?;
                contents
            }
            _ => {
                reader.seek_relative(length.into())?;
                Vec::new()
            }
        };
        match &kind {
            b"IHDR" => {
                facts.bits = contents.get(8).copied().unwrap_or_default();
                is_indexed = contents.get(9) == Some(&INDEXED);
            }
            b"PLTE" => {
                facts.has_grey_palette = is_indexed && is_grey(&contents);
            }
            b"eXIf" => facts.exif = Some(contents),
            b"acTL" => facts.is_animated = true,
            b"pHYs" => facts.pixels_per_metre = pixels_per_metre(&contents),
            _ => {}
        }
        // The checksum is compared by `check`.
        reader.seek_relative(4)?;
    }
}
