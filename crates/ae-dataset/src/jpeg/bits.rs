//! Bits of entropy-coded data, up to the next marker.

use super::JpegFault;
use super::huffman::HuffmanTable;

/// Reads bits from the first one of a byte on; a stuffed zero behind `ff` is left out.
pub(super) struct BitReader<'a> {
    bytes: &'a [u8],
    /// The next byte that is not in the buffer.
    at: usize,
    /// The next bits, from the highest one on; zeros follow them.
    buffer: u64,
    /// How many there are.
    count: u32,
    /// Whether a marker or the end of the file follows.
    at_marker: bool,
}

impl<'a> BitReader<'a> {
    pub(super) fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at, buffer: 0, count: 0, at_marker: false }
    }

    /// Whole bytes that nobody has read, and where the bytes behind them begin.
    pub(super) fn rest(&self) -> (usize, usize) {
        ((self.count / 8) as usize, self.at)
    }

    /// The next symbol of a code.
    pub(super) fn symbol(&mut self, table: &HuffmanTable) -> Result<u8, JpegFault> {
        if self.count < 16 {
            self.fill();
        }
        let (length, symbol) = table.find((self.buffer >> 48) as u16).unwrap_or((17, 0));
        // A code that is only made up by the zeros behind the end does not count as a bad one.
        if length > self.count.min(16) {
            return Err(if self.count >= 16 { JpegFault::BadCode } else { JpegFault::DataEnd });
        }
        self.consume(length);
        Ok(symbol)
    }

    /// The next `count` bits, at most 16.
    pub(super) fn bits(&mut self, count: u32) -> Result<u32, JpegFault> {
        if self.count < count {
            self.fill();
        }
        if self.count < count {
            return Err(JpegFault::DataEnd);
        }
        let bits = (self.buffer >> 32 >> (32 - count)) as u32;
        self.consume(count);
        Ok(bits)
    }

    fn consume(&mut self, count: u32) {
        self.buffer <<= count;
        self.count -= count;
    }

    fn fill(&mut self) {
        while self.count <= 56 && !self.at_marker {
            let Some(&byte) = self.bytes.get(self.at) else {
                self.at_marker = true;
                return;
            };
            let mut next = self.at + 1;
            if byte == 0xff {
                // Bytes `ff` may stand before a marker, and a stuffed zero behind them.
                while self.bytes.get(next) == Some(&0xff) {
                    next += 1;
                }
                if self.bytes.get(next) != Some(&0) {
                    self.at_marker = true;
                    return;
                }
                next += 1;
            }
            self.buffer |= u64::from(byte) << (56 - self.count);
            self.count += 8;
            self.at = next;
        }
    }
}
