//! Gzip decompression with a bound on the length of the output.

use std::io::{self, Read};

use flate2::bufread::GzDecoder;

use crate::FormatError;

/// The largest compression ratio of DEFLATE (Deutsch, RFC 1951: 258 bytes in two bits).
const MAX_RATIO: usize = 1032;
/// Bytes that are decompressed at once; they fit into the L2 cache.
const PIECE: usize = 256 << 10;

/// Whether these bytes begin like a gzip file.
pub(crate) fn is_gzip(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x1f, 0x8b])
}

/// Decompressed contents: the header, and what follows it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unpacked {
    pub(crate) header: Vec<u8>,
    pub(crate) rest: Vec<u8>,
}

/// Decompresses a gzip file of one member whose contents begin with a header that states their length.
///
/// `length_of` computes the whole length from the first `header_length` bytes. No more than that is decompressed, so
/// that a small file cannot fill the memory. `digest` receives the contents in order, piece by piece.
pub(crate) fn gunzip(
    bytes: &[u8],
    header_length: usize,
    length_of: impl FnOnce(&[u8]) -> Result<usize, FormatError>,
    mut digest: impl FnMut(&[u8]) + Send,
) -> Result<Unpacked, FormatError> {
    let mut decoder = GzDecoder::new(bytes);
    let mut header = vec![0; header_length];
    let found = fill(&mut decoder, &mut header)?;
    header.truncate(found);
    let length = length_of(&header)?;
    digest(&header);

    let possible = bytes.len().saturating_mul(MAX_RATIO);
    let rest = unpack(&mut decoder, length.saturating_sub(found).min(possible), digest)?;
    // The decoder compares the checksum only when it is read to the end.
    if fill(&mut decoder, &mut [0])? > 0 {
        return Err(FormatError::GzipTooLong { expected: length });
    }
    let after = decoder.into_inner().len();
    if after > 0 {
        return Err(FormatError::GzipTrailing { bytes: after });
    }
    Ok(Unpacked { header, rest })
}

/// Decompresses at most `most` bytes. Another thread digests and appends each piece while the next one is
/// decompressed, because the first write to new memory waits until the operating system has cleared it.
fn unpack(
    decoder: &mut GzDecoder<&[u8]>,
    most: usize,
    mut digest: impl FnMut(&[u8]) + Send,
) -> Result<Vec<u8>, FormatError> {
    let mut unpacked = Vec::with_capacity(most);
    let [mut piece, mut before] = [const { Vec::new() }; 2];
    loop {
        piece.resize(PIECE.min(most - unpacked.len() - before.len()), 0);
        let (found, ()) = rayon::join(
            || fill(decoder, &mut piece),
            || {
                digest(&before);
                unpacked.extend_from_slice(&before);
            },
        );
        piece.truncate(found?);
        if piece.is_empty() {
            return Ok(unpacked);
        }
        std::mem::swap(&mut piece, &mut before);
    }
}

/// Reads until `out` is full or the contents end. Returns the number of bytes.
fn fill(decoder: &mut GzDecoder<&[u8]>, out: &mut [u8]) -> Result<usize, FormatError> {
    let mut total = 0;
    while total < out.len() {
        match decoder.read(&mut out[total..]) {
            Ok(0) => break,
            Ok(found) => total += found,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(reason(error)),
        }
    }
    Ok(total)
}

fn reason(error: io::Error) -> FormatError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => FormatError::GzipTruncated,
        _ => FormatError::GzipDamaged(error),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn contents() -> Vec<u8> {
        (0..1000_u32).map(|i| (i * i / 7) as u8).collect()
    }

    /// The contents; asserts that exactly they were digested.
    fn unpack(bytes: &[u8], length: usize) -> Result<Vec<u8>, FormatError> {
        let mut digested = Vec::new();
        let digest = |piece: &[u8]| digested.extend_from_slice(piece);
        let Unpacked { header, rest } = gunzip(bytes, 4, |_| Ok(length), digest)?;
        let contents = [header, rest].concat();
        assert!(digested == contents, "each byte is digested once, in order");
        Ok(contents)
    }

    #[test]
    fn what_was_packed_is_unpacked() {
        for length in [4, 5, 1000, PIECE + 4, 2 * PIECE + 5] {
            let contents: Vec<u8> = (0..length).map(|i| (i * i / 7) as u8).collect();
            assert!(unpack(&gzip(&contents), length).unwrap() == contents, "{length} bytes");
        }
        let shorter = gzip(&contents());
        assert_eq!(unpack(&shorter, 3 * PIECE).unwrap(), contents());
    }

    #[test]
    fn each_kind_of_damage_has_its_own_error() {
        let whole = gzip(&contents());
        let damage = |bytes: &[u8]| unpack(bytes, 1000).unwrap_err();
        assert!(matches!(damage(&whole[..5]), FormatError::GzipTruncated));
        assert!(matches!(damage(&whole[..whole.len() - 1]), FormatError::GzipTruncated));

        let mut wrong_checksum = whole.clone();
        let checksum = whole.len() - 8;
        wrong_checksum[checksum] ^= 1;
        let error = damage(&wrong_checksum).to_string();
        assert!(error.starts_with("damaged gzip data: ") && error.contains("checksum"), "{error}");

        let with_garbage = [&whole[..], b"garbage"].concat();
        assert!(matches!(damage(&with_garbage), FormatError::GzipTrailing { bytes: 7 }));
    }

    #[test]
    fn a_bomb_is_unpacked_no_further_than_its_header_claims() {
        let bomb = gzip(&vec![0; 50_000_000]);
        assert!(bomb.len() < 100_000);
        let error = unpack(&bomb, 1000).unwrap_err();
        assert!(matches!(error, FormatError::GzipTooLong { expected: 1000 }), "{error}");
    }

    #[test]
    fn a_claim_beyond_the_largest_ratio_takes_no_memory() {
        let small = gzip(&contents());
        let unpacked = gunzip(&small, 4, |_| Ok(1 << 30), |_| ()).unwrap();
        assert!(unpacked.rest.capacity() <= small.len() * MAX_RATIO);
    }

    proptest! {
        #[test]
        fn one_changed_byte_is_noticed_or_changes_nothing(place in 0_usize..1000, change in 1_u8..) {
            let mut bytes = gzip(&contents());
            let place = place % bytes.len();
            bytes[place] ^= change;
            if let Ok(unpacked) = unpack(&bytes, 1000) {
                prop_assert_eq!(unpacked, contents());
            }
        }
    }
}
