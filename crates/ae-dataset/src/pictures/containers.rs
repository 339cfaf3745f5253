//! The parts of GIF, WebP and BMP files that their decoders do not check: whether all bytes are there, whether there are
//! several frames, and whether a palette holds only greys.

use image::ImageFormat;

use crate::FormatError;
use crate::pictures::bounds::cut_short;

/// What a file states outside of its pixels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Contents {
    /// Whether there are frames after the first.
    pub(super) is_animated: bool,
    /// Whether a palette holds only greys.
    pub(super) has_grey_palette: bool,
}

/// Looks at a whole file. Other formats than GIF, WebP and BMP have nothing to be looked at.
pub(super) fn contents(format: ImageFormat, bytes: &[u8]) -> Result<Contents, FormatError> {
    match format {
        ImageFormat::Gif => gif(bytes).ok_or_else(|| cut_short("GIF")),
        ImageFormat::WebP => webp(bytes).ok_or_else(|| cut_short("WebP")),
        ImageFormat::Bmp => bmp(bytes).ok_or_else(|| cut_short("BMP")),
        _ => Ok(Contents::default()),
    }
}

/// The blocks of a GIF; `None` if the first frame is not whole. (A byte 0x3b ends the file, which some lack.)
fn gif(bytes: &[u8]) -> Option<Contents> {
    let (palette, mut rest) = with_palette(bytes.get(6..)?, 4, 7)?;
    let mut has_grey_palette = palette.is_none_or(is_grey);
    let mut frames = 0;
    while let Some((&kind, after)) = rest.split_first() {
        match kind {
            // An extension: its kind, then blocks.
            0x21 => rest = after_blocks(after.get(1..)?)?,
            0x2c if frames > 0 => return Some(Contents { is_animated: true, has_grey_palette }),
            0x2c => {
                let (own, data) = with_palette(after, 8, 9)?;
                has_grey_palette = own.map_or(has_grey_palette, is_grey);
                rest = after_blocks(data.get(1..)?)?;
                frames += 1;
            }
            _ => break,
        }
    }
    (frames > 0).then_some(Contents { is_animated: false, has_grey_palette })
}

/// A descriptor's palette, if its flags at a place say that there is one, and what follows.
fn with_palette(bytes: &[u8], flags: usize, length: usize) -> Option<(Option<&[u8]>, &[u8])> {
    let (descriptor, rest) = bytes.split_at_checked(length)?;
    let flags = descriptor[flags];
    if flags & 0x80 == 0 {
        return Some((None, rest));
    }
    let (palette, rest) = rest.split_at_checked(3 << ((flags & 7) + 1))?;
    Some((Some(palette), rest))
}

/// What follows blocks, each after its length, of which the last is empty.
fn after_blocks(mut bytes: &[u8]) -> Option<&[u8]> {
    loop {
        let (&length, rest) = bytes.split_first()?;
        bytes = rest.get(usize::from(length)..)?;
        if length == 0 {
            return Some(bytes);
        }
    }
}

/// Whether all colours, of three bytes each, are greys.
pub(super) fn is_grey(palette: &[u8]) -> bool {
    palette.as_chunks().0.iter().all(|[red, green, blue]| red == green && green == blue)
}

/// The chunks of a WebP; `None` if the file is shorter than it says.
fn webp(bytes: &[u8]) -> Option<Contents> {
    let length = number(bytes.get(4..8)?);
    let mut rest = bytes.get(12..length.checked_add(8)?)?;
    let mut is_animated = false;
    while rest.len() >= 8 {
        let (head, after) = rest.split_at(8);
        let length = number(&head[4..]);
        is_animated |= head.starts_with(b"ANIM");
        let padded = length.checked_add(length % 2)?;
        // The padding of the last chunk is missing in some files.
        rest = after.get(padded..).or_else(|| (after.len() == length).then_some(&[]))?;
    }
    Some(Contents { is_animated, has_grey_palette: false })
}

/// The headers of a BMP; `None` if the file is shorter than its rows, where they are not compressed.
fn bmp(bytes: &[u8]) -> Option<Contents> {
    let (start, header) = (number(bytes.get(10..14)?), number(bytes.get(14..18)?));
    if header < 40 {
        // The oldest header: it has no compression, and 3 bytes a colour.
        let side = |at: usize| {
            Some(usize::from(u16::from_le_bytes([*bytes.get(at)?, *bytes.get(at + 1)?])))
        };
        let (width, height, bits) = (side(18)?, side(20)?, side(24)?);
        return has_rows(bytes, start, [height, width, bits]).then(Contents::default);
    }
    let at = |place: usize| Some(number(bytes.get(place..place + 4)?));
    let (width, height) = (at(18)?, (at(22)? as i32).unsigned_abs() as usize);
    let bits = usize::from(u16::from_le_bytes([*bytes.get(28)?, *bytes.get(29)?]));
    let compression = at(30)?;
    if matches!(compression, 0 | 3 | 6) && !has_rows(bytes, start, [height, width, bits]) {
        return None;
    }
    let palette = bytes.get(14_usize.checked_add(header)?..start).unwrap_or_default();
    let colours = palette.as_chunks::<4>().0;
    let is_grey = colours.iter().all(|[blue, green, red, _]| red == green && green == blue);
    Some(Contents {
        is_animated: false,
        has_grey_palette: bits <= 8 && !colours.is_empty() && is_grey,
    })
}

fn has_rows(bytes: &[u8], start: usize, [height, width, bits]: [usize; 3]) -> bool {
    let row = width.saturating_mul(bits).div_ceil(32).saturating_mul(4);
    row.saturating_mul(height).saturating_add(start) <= bytes.len()
}

fn number(bytes: &[u8]) -> usize {
    let bytes = bytes.first_chunk::<4>().copied().unwrap_or_default();
    u32::from_le_bytes(bytes) as usize
}
