//! Gzip with a bound on what comes out.

use std::io::{self, Read};

use flate2::bufread::GzDecoder;

use crate::FormatError;

/// DEFLATE gives at most this many bytes for one (Deutsch, RFC 1951: 258 bytes for two bits).
const MAX_RATIO: usize = 1032;

/// Whether these bytes begin like a gzip file.
pub(crate) fn is_gzip(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x1f, 0x8b])
}

/// Decompresses a gzip file of one member whose contents tell their own length.
///
/// `length_of` says from the first `header_length` bytes how many there should be in all; more than
/// that is never unpacked, so that a small file cannot fill the memory.
pub(crate) fn gunzip(
    bytes: &[u8],
    header_length: usize,
    length_of: impl FnOnce(&[u8]) -> Result<usize, FormatError>,
) -> Result<Vec<u8>, FormatError> {
    let mut decoder = GzDecoder::new(bytes);
    let mut contents = Vec::new();
    decoder.by_ref().take(header_length as u64).read_to_end(&mut contents).map_err(reason)?;
    let length = length_of(&contents)?;

    let possible = bytes.len().saturating_mul(MAX_RATIO);
    contents.reserve_exact(length.min(possible).saturating_sub(contents.len()));
    // One more than wanted: only reading on to the end has the checksum compared.
    let rest = length.saturating_sub(contents.len()) as u64 + 1;
    decoder.by_ref().take(rest).read_to_end(&mut contents).map_err(reason)?;
    if contents.len() > length {
        return Err(FormatError::GzipTooLong { expected: length });
    }
    let after = decoder.into_inner().len();
    if after > 0 {
        return Err(FormatError::GzipTrailing { bytes: after });
    }
    Ok(contents)
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

    fn unpack(bytes: &[u8]) -> Result<Vec<u8>, FormatError> {
        gunzip(bytes, 4, |_| Ok(1000))
    }

    #[test]
    fn what_was_packed_is_unpacked() {
        assert_eq!(unpack(&gzip(&contents())).unwrap(), contents());
    }

    #[test]
    fn each_damage_is_told_from_the_others() {
        let whole = gzip(&contents());
        assert!(matches!(unpack(&whole[..5]), Err(FormatError::GzipTruncated)));
        assert!(matches!(unpack(&whole[..whole.len() - 1]), Err(FormatError::GzipTruncated)));

        let mut wrong_checksum = whole.clone();
        let checksum = whole.len() - 8;
        wrong_checksum[checksum] ^= 1;
        let error = unpack(&wrong_checksum).unwrap_err().to_string();
        assert!(error.starts_with("damaged gzip data: ") && error.contains("checksum"), "{error}");

        let with_garbage = [&whole[..], b"garbage"].concat();
        assert!(matches!(unpack(&with_garbage), Err(FormatError::GzipTrailing { bytes: 7 })));
    }

    #[test]
    fn a_bomb_is_unpacked_no_further_than_its_contents_say() {
        let bomb = gzip(&vec![0; 50_000_000]);
        assert!(bomb.len() < 100_000);
        let error = unpack(&bomb).unwrap_err();
        assert!(matches!(error, FormatError::GzipTooLong { expected: 1000 }), "{error}");
    }

    #[test]
    fn a_claim_that_a_small_file_cannot_keep_takes_no_memory() {
        let small = gzip(&contents());
        let unpacked = gunzip(&small, 4, |_| Ok(1 << 30)).unwrap();
        assert!(unpacked.capacity() <= small.len() * MAX_RATIO);
    }

    proptest! {
        #[test]
        fn one_changed_byte_is_noticed_or_changes_nothing(place in 0_usize..1000, change in 1_u8..) {
            let mut bytes = gzip(&contents());
            let place = place % bytes.len();
            bytes[place] ^= change;
            if let Ok(unpacked) = unpack(&bytes) {
                prop_assert_eq!(unpacked, contents());
            }
        }
    }
}
