//! Records: a length and bytes, each with a masked CRC-32C (TFRecord).

use crc::{CRC_32_ISCSI, Crc};
use prost::Message as _;

use super::messages::{Event, Value};

const CRC_32C: Crc<u32> = Crc::<u32>::new(&CRC_32_ISCSI);
/// What a rotated checksum is masked with, so that the checksum of bytes that hold checksums is of use.
const MASK: u32 = 0xa282_ead8;
/// Bytes before and after the contents: a length and its checksum, the checksum of the contents.
const HEAD: usize = 12;
const TAIL: usize = 4;

/// The bytes of a record.
pub(super) fn framed(contents: &[u8]) -> Vec<u8> {
    let length = (contents.len() as u64).to_le_bytes();
    let checksums = [&length[..], contents].map(|bytes| masked(bytes).to_le_bytes());
    [&length[..], &checksums[0], contents, &checksums[1]].concat()
}

fn masked(bytes: &[u8]) -> u32 {
    CRC_32C.checksum(bytes).rotate_right(15).wrapping_add(MASK)
}

/// The contents of the first record, if it is whole and undamaged.
fn first_contents(bytes: &[u8]) -> Option<&[u8]> {
    let (length, rest) = bytes.split_first_chunk::<8>()?;
    let (checksum, rest) = rest.split_first_chunk::<4>()?;
    if masked(length) != u32::from_le_bytes(*checksum) {
        return None;
    }
    let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
    let (contents, rest) = rest.split_at_checked(length)?;
    let (checksum, _) = rest.split_first_chunk::<4>()?;
    (masked(contents) == u32::from_le_bytes(*checksum)).then_some(contents)
}

/// An event of a file that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredEvent {
    /// Its step.
    pub step: i64,
    /// Whether it holds numbers alone: no image and no histogram.
    pub is_scalar: bool,
    /// Where its record ends in the file, in bytes.
    pub end: u64,
}

/// The events in the bytes of a file, up to the first record that is torn, damaged or no event.
pub fn stored_events(bytes: &[u8]) -> impl Iterator<Item = StoredEvent> {
    let mut position = 0;
    std::iter::from_fn(move || {
        let contents = first_contents(&bytes[position..])?;
        let event = Event::decode(contents).ok()?;
        position += HEAD + contents.len() + TAIL;
        let is_number = |value: &Value| value.image.is_none() && value.histo.is_none();
        let is_scalar = event.summary.is_none_or(|summary| summary.value.iter().all(is_number));
        Some(StoredEvent { step: event.step, is_scalar, end: position as u64 })
    })
}

#[cfg(test)]
mod tests {
    use super::super::{event_file_header, histogram_record, scalar_record};
    use super::*;

    /// RFC 3720, B.4: 32 bytes of zeros, and of ones.
    #[test]
    fn the_checksum_is_that_of_iscsi() {
        assert_eq!(CRC_32C.checksum(&[0; 32]), 0x8a91_36aa);
        assert_eq!(CRC_32C.checksum(&[0xff; 32]), 0x62a8_ab43);
    }

    // import struct
    // from tensorboard.compat.proto.event_pb2 import Event
    // from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c
    // def record(event):
    //     data = event.SerializeToString()
    //     head = struct.pack("<Q", len(data))
    //     crc = lambda b: struct.pack("<I", masked_crc32c(b))
    //     return head + crc(head) + data + crc(data)
    // event = Event(wall_time=3, step=3)
    // event.summary.value.add(tag="val_bce", simple_value=0.25)
    // print(record(Event(file_version="brain.Event:2")).hex(), record(event).hex())
    #[test]
    fn the_bytes_are_those_of_tensorboard() {
        assert_eq!(hexadecimal(&event_file_header()), HEADER_BYTES);
        assert_eq!(hexadecimal(&scalar_record(3, [("val_bce", 0.25)])), SCALAR_BYTES);
    }

    const HEADER_BYTES: &str = "0f000000000000006d532b091a0d627261696e2e4576656e743a32fc985129";
    const SCALAR_BYTES: &str = "1d00000000000000602fdf2309000000000000084010032a100a0e0a0776616c5f626365150000803eb16b2575";

    fn hexadecimal(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn file() -> Vec<u8> {
        let values = [1.0, 2.0, 4.0];
        let records = [
            event_file_header(),
            scalar_record(1, [("a", 0.5), ("b", -1.0)]),
            histogram_record(1, [("w", &values[..])]),
            scalar_record(2, [("a", 0.25)]),
        ];
        records.concat()
    }

    #[test]
    fn a_file_that_is_cut_anywhere_has_its_whole_records() {
        let file = file();
        let events: Vec<StoredEvent> = stored_events(&file).collect();
        let told: Vec<(i64, bool)> = events.iter().map(|it| (it.step, it.is_scalar)).collect();
        assert_eq!(told, [(0, true), (1, true), (1, false), (2, true)]);
        assert_eq!(events[3].end, file.len() as u64);
        for cut in 0..file.len() {
            let whole = events.iter().filter(|event| event.end <= cut as u64).count();
            assert_eq!(stored_events(&file[..cut]).count(), whole, "{cut}");
        }
    }

    #[test]
    fn a_byte_that_has_changed_is_noticed() {
        let file = file();
        for place in 0..file.len() {
            let mut damaged = file.clone();
            damaged[place] ^= 0x10;
            assert!(stored_events(&damaged).count() < 4, "{place}");
        }
    }
}
