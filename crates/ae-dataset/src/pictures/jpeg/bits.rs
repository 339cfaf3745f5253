//! Reads bits of entropy-coded data up to the next marker.

use super::fault::JpegFault;
use super::huffman::HuffmanTable;

/// Reads bits, the most significant of a byte first. A stuffed zero after `ff` is left out.
pub(super) struct BitReader<'a> {
    bytes: &'a [u8],
    /// The place of the next byte that is not in the buffer.
    at: usize,
    /// The next bits, at the top of the word; zeros follow them.
    buffer: u64,
    /// The number of bits in the buffer.
    count: u32,
    /// Whether a marker or the end of the file comes next.
    at_marker: bool,
}

impl<'a> BitReader<'a> {
    pub(super) fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at, buffer: 0, count: 0, at_marker: false }
    }

    /// The number of whole bytes that are in the buffer and unused, and the place of the byte after them.
    pub(super) fn rest(&self) -> (usize, usize) {
        ((self.count / 8) as usize, self.at)
    }

    /// The next symbol of a code.
    pub(super) fn symbol(&mut self, table: &HuffmanTable) -> Result<u8, JpegFault> {
        if self.count < 16 {
            self.fill();
        }
        let (length, symbol) = table.find((self.buffer >> 48) as u16).unwrap_or((17, 0));
        // The zeros after the end must not complete a code: then the data has ended too early.
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
                // Fill bytes `ff` may precede a marker or a stuffed zero.
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
