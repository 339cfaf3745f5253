//! How large a picture may be, and what its bytes can hold. This comes before memory of the claimed size is allocated.

use crate::FormatError;

/// The longest accepted side in pixels.
pub(crate) const MAX_SIDE: u32 = 32_768;
/// The most pixels of a picture: 16 384 x 16 384, or 32 768 x 8192. It is decoded as a whole.
pub(crate) const MAX_PIXELS: u64 = 1 << 28;
/// The most memory for decoding in bytes: the largest picture as floats in colour with opacity.
pub(crate) const MAX_MEMORY: u64 = 16 * MAX_PIXELS;
/// The most decoded bytes of a stored byte: the strings of LZW are up to 4096 long. (DEFLATE reaches 1032.)
pub(super) const RATIO: u64 = 4096;
/// A picture of so many bytes is believed whatever the file's length: a lossless WebP of one colour takes no bit a pixel.
const ALWAYS: u64 = 64 << 20;

/// What a picture claims, and what is there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Claim {
    /// The bytes that are there.
    pub(super) stored: u64,
    /// The bytes that decoding takes.
    pub(super) claimed: u64,
    pub(super) height: u32,
    pub(super) width: u32,
    /// The most that a stored byte becomes.
    pub(super) ratio: u64,
}

/// Refuses a picture that is too large.
pub(super) fn check_sides(height: u32, width: u32) -> Result<(), FormatError> {
    let pixels = u64::from(height) * u64::from(width);
    match height.max(width) <= MAX_SIDE && pixels <= MAX_PIXELS {
        true => Ok(()),
        false => {
            Err(FormatError::TooManyPixels { height, width, side: MAX_SIDE, pixels: MAX_PIXELS })
        }
    }
}

/// Refuses a picture that claims much more than its bytes can hold.
pub(super) fn check_claim(claim: Claim) -> Result<(), FormatError> {
    let Claim { stored, claimed, height, width, ratio } = claim;
    if claimed > stored.saturating_mul(ratio).saturating_add(ALWAYS) {
        return Err(FormatError::Bomb { stored, height, width });
    }
    Ok(())
}

/// The file ends before the picture does.
pub(super) fn cut_short(format: &'static str) -> FormatError {
    FormatError::DamagedPicture {
        format,
        reason: "the file ends before the picture does".to_owned(),
    }
}
