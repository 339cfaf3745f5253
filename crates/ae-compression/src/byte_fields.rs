//! Fields of a file's header: numbers of variable length, and digests.

use sha2::{Digest, Sha256};

use crate::CompressionError;

/// Bytes of a digest in a file: a checksum, or a model's fingerprint.
pub(crate) const DIGEST: usize = 8;

/// The first bytes of the SHA-256.
pub(crate) fn digest(hash: Sha256) -> [u8; DIGEST] {
    let digest = hash.finalize();
    std::array::from_fn(|place| digest[place])
}

/// Adds the digest of all bytes as a checksum at their end.
pub(crate) fn add_checksum(bytes: &mut Vec<u8>) {
    let checksum = digest(Sha256::new_with_prefix(&*bytes));
    bytes.extend(checksum);
}

/// The bytes before the checksum.
///
/// # Errors
/// [`CompressionError::Archive`] if they are too few, or the checksum is not theirs.
pub(crate) fn checked<'a>(bytes: &'a [u8], what: &str) -> Result<&'a [u8], CompressionError> {
    let cut = || wrong(what, "only their beginning: the file was cut");
    let (body, checksum) = bytes.split_last_chunk::<DIGEST>().ok_or_else(cut)?;
    if *checksum != digest(Sha256::new_with_prefix(body)) {
        return Err(wrong("the checksum of the contents", "another: the file is damaged or cut"));
    }
    Ok(body)
}

/// LEB128: seven bits a byte from the lowest; the eighth bit says that more bytes follow.
pub(crate) fn write_number(mut number: usize, bytes: &mut Vec<u8>) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

pub(crate) fn read_number(bytes: &mut &[u8]) -> Result<usize, CompressionError> {
    let mut number = 0;
    for place in 0..5 {
        let [byte] = take::<1>(bytes)?;
        number |= usize::from(byte & 0x7f) << (7 * place);
        if byte < 0x80 {
            return Ok(number);
        }
    }
    Err(wrong("a number below 2^35", "a larger one"))
}

/// Removes the first `N` bytes.
pub(crate) fn take<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], CompressionError> {
    let (taken, rest) =
        bytes.split_first_chunk().ok_or_else(|| wrong("a header and an index", "too few bytes"))?;
    *bytes = rest;
    Ok(*taken)
}

pub(crate) fn wrong(expected: &str, found: &str) -> CompressionError {
    CompressionError::Archive { expected: expected.to_owned(), found: found.to_owned() }
}
