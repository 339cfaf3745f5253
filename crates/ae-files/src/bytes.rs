//! Numbers as bytes, and bytes as hexadecimal digits.

use std::fmt::Write as _;

/// Numbers as little-endian bytes, four each: how weights files, checkpoints, `.npy` files and digests hold them.
///
/// ```
/// let bytes = ae_files::f32_to_le_bytes(&[1.0, -0.5]);
/// assert_eq!(bytes, [0, 0, 128, 63, 0, 0, 0, 191]);
/// assert_eq!(ae_files::f32_from_le_bytes(&bytes), [1.0, -0.5]);
/// ```
#[must_use]
pub fn f32_to_le_bytes(numbers: &[f32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

/// The numbers that [`f32_to_le_bytes`] wrote, with the same bits.
///
/// One to three bytes behind the last whole number are ignored, so the caller checks the length first.
#[must_use]
pub fn f32_from_le_bytes(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks().0.iter().map(|&number| f32::from_le_bytes(number)).collect()
}

/// Bytes as lower-case hexadecimal digits, such as those of a SHA-256.
///
/// ```
/// assert_eq!(ae_files::hexadecimal(&[0, 15, 0xa7]), "000fa7");
/// ```
#[must_use]
pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Also a NaN with a payload and the negative zero, which compare unlike themselves or alike with others.
    #[test]
    fn every_number_keeps_its_bits() {
        let bits = [0x0000_0000, 0x8000_0000, 0x7fc1_2345, 0xff80_0000, 0x0000_0001, 0x3eaa_aaab];
        let bytes = f32_to_le_bytes(&bits.map(f32::from_bits));
        assert_eq!(bytes[8..12], [0x45, 0x23, 0xc1, 0x7f]);
        let back: Vec<u32> = f32_from_le_bytes(&bytes).into_iter().map(f32::to_bits).collect();
        assert_eq!(back, bits);
    }

    #[test]
    fn bytes_of_no_whole_number_are_ignored() {
        assert_eq!(f32_from_le_bytes(&[0, 0, 128, 63, 1, 2, 3]), [1.0]);
        assert!(f32_from_le_bytes(&[1, 2, 3]).is_empty());
    }
}
