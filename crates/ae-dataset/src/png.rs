//! The chunks of a PNG: whether all are whole, and what the decoder does not tell.

use std::io::{self, Read, Seek, SeekFrom};

const SIGNATURE: [u8; 8] = *b"\x89PNG\r\n\x1a\n";
/// Most bytes that a byte of compressed pixels can stand for.
const MOST_INFLATED: u64 = 1032;
/// The longest chunk whose contents are of interest; longer ones are not what they should be.
const LONGEST: u32 = 1 << 20;
/// The type of pixels that are places in a palette.
const INDEXED: u8 = 3;

/// What is wrong with the chunks of a PNG.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PngFault {
    #[error("the file ends before the picture does")]
    FileEnd,
    #[error("the checksum of the chunk {0} is another")]
    Checksum(String),
    #[error("{bytes} bytes of compressed pixels cannot hold the {claimed} that the header claims")]
    Claim { bytes: u64, claimed: u64 },
}

/// What a PNG says of itself before and behind its pixels.
#[derive(Debug, Default)]
pub(crate) struct PngFacts {
    /// Bits of a value.
    pub(crate) bits: u8,
    /// Whether pixels are places in a palette that holds nothing but greys.
    pub(crate) has_grey_palette: bool,
    /// Its EXIF data.
    pub(crate) exif: Option<Vec<u8>>,
}

/// Checks that no chunk is cut short or has another checksum, up to the end chunk; what follows it does not
/// matter. Also that the pixels' bytes are enough for the size that the header claims.
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
            b"IEND" if claimed > pixels.saturating_mul(MOST_INFLATED) => {
                return Err(PngFault::Claim { bytes: pixels, claimed });
            }
            b"IEND" => return Ok(()),
            _ => {}
        }
        rest = after;
    }
}

/// The least that pixels of the size in the header take; the decoder tells of headers that are none.
fn claimed_bytes(header: &[u8]) -> u64 {
    let Some((&[w0, w1, w2, w3, h0, h1, h2, h3, bits], _)) = header.split_first_chunk::<9>() else {
        return 0;
    };
    let [width, height] = [[w0, w1, w2, w3], [h0, h1, h2, h3]].map(u32::from_be_bytes);
    u64::from(height).saturating_mul((u64::from(width) * u64::from(bits)).div_ceil(8))
}

/// Reads what the chunks say, and passes over the pixels.
pub(crate) fn facts(reader: &mut (impl Read + Seek)) -> io::Result<PngFacts> {
    let mut facts = PngFacts::default();
    let mut is_indexed = false;
    reader.seek(SeekFrom::Start(SIGNATURE.len() as u64))?;
    loop {
        let mut head = [0; 8];
        match reader.read_exact(&mut head) {
            // Whoever decodes it tells of a file that ends early.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(facts),
            read => read?,
        }
        let [l0, l1, l2, l3, kind @ ..] = head;
        let length = u32::from_be_bytes([l0, l1, l2, l3]);
        let contents = match &kind {
            b"IEND" => return Ok(facts),
            b"IHDR" | b"PLTE" | b"eXIf" if length <= LONGEST => {
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
                let is_grey = |[red, green, blue]: &[u8; 3]| red == green && green == blue;
                facts.has_grey_palette = is_indexed && contents.as_chunks().0.iter().all(is_grey);
            }
            b"eXIf" => facts.exif = Some(contents),
            _ => {}
        }
        // The checksum.
        reader.seek_relative(4)?;
    }
}
