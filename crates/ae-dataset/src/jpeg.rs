//! Whether a JPEG is whole, as far as its bytes can tell.
//!
//! The decoder makes grey of what is missing, and goes on behind what it does not understand. Here the
//! markers and the entropy-coded data are walked without computing pixels, and what libjpeg warns about is
//! refused: an early end, bytes that belong to nothing, codes that do not exist, missing restart markers,
//! scans that do not follow each other. Two faults that libjpeg passes over are refused too: a block of
//! more than 64 coefficients, and a run of blocks that goes beyond its scan.
//!
//! A JPEG has no checksum. What nobody can notice is a byte that became another valid one: a flipped bit
//! in a table of quantisation, or in the data where all codes that follow happen to exist and to end
//! where the data ends (restart markers make that rarer); nor that a progressive file has lost its last
//! scans, if an end marker follows the others.

mod bits;
mod frame;
mod huffman;
mod scan;
mod standard;

use bits::BitReader;
use frame::Frame;
use huffman::HuffmanTable;
use scan::{Scan, Tables};

/// Most scans; encoders make some ten.
const MOST_SCANS: usize = 500;

/// What is wrong with the bytes of a JPEG.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum JpegFault {
    #[error("the file ends before the picture does")]
    FileEnd,
    #[error("the data of a scan end before the picture does")]
    DataEnd,
    #[error("a code that does not exist in the data of a scan")]
    BadCode,
    #[error("{count} bytes that belong to nothing before the marker {marker:#04x}")]
    ExtraneousBytes { count: usize, marker: u8 },
    #[error("the marker {found:#04x} in the data of a scan, expected {expected:#04x}")]
    Restart { expected: u8, found: u8 },
    #[error("a header that makes no sense")]
    Header,
    #[error("a missing or impossible table")]
    Tables,
    #[error("the unknown marker {0:#04x}")]
    Marker(u8),
    #[error("scans that do not follow each other")]
    Progression,
    #[error("no image data for every component")]
    NoData,
    #[error("more than {MOST_SCANS} scans")]
    ManyScans,
}

/// Checks a JPEG up to its end marker; what follows it, such as a camera's preview, does not matter.
///
/// Arithmetic codes, lossless files and other precisions than 8 bits are left to the decoder, which refuses
/// them.
pub(crate) fn check(bytes: &[u8]) -> Result<(), JpegFault> {
    let mut walk = Walk { bytes, ..Walk::default() };
    if walk.next_marker()? != 0xd8 {
        return Err(JpegFault::Header);
    }
    while walk.step()? == Step::On {}
    Ok(())
}

#[derive(PartialEq, Eq)]
enum Step {
    On,
    End,
}

/// What has been read until now.
#[derive(Default)]
struct Walk<'a> {
    bytes: &'a [u8],
    at: usize,
    frame: Option<Frame>,
    tables: Tables,
    has_quantisation: [bool; 4],
    restart_interval: usize,
    scans: usize,
}

impl<'a> Walk<'a> {
    /// Reads a marker and what belongs to it.
    fn step(&mut self) -> Result<Step, JpegFault> {
        let marker = self.next_marker()?;
        match marker {
            // A second frame, of any kind.
            0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf if self.frame.is_some() => {
                return Err(JpegFault::Header);
            }
            0xc0..=0xc2 => {
                let frame = Frame::parse(marker, self.segment()?)?;
                let is_checked = frame.is_some();
                self.frame = frame;
                return Ok(if is_checked { Step::On } else { Step::End });
            }
            // Lossless, differential and arithmetic frames.
            0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => return Ok(Step::End),
            0xc4 => self.huffman_tables()?,
            0xdb => self.quantisation_tables()?,
            0xdd => {
                let &[high, low] = self.segment()? else { return Err(JpegFault::Header) };
                self.restart_interval = usize::from(u16::from_be_bytes([high, low]));
            }
            0xda => self.scan()?,
            0xd9 => return self.end(),
            0xee => is_known_transform(self.segment()?)?,
            // Applications, comments, and what is of no use here.
            0xe0..=0xef | 0xfe | 0xcc | 0xdc => {
                self.segment()?;
            }
            0x01 | 0xd0..=0xd7 => {}
            _ => return Err(JpegFault::Marker(marker)),
        }
        Ok(Step::On)
    }

    /// The next marker, before which there is nothing but bytes `ff`.
    fn next_marker(&mut self) -> Result<u8, JpegFault> {
        let start = self.at;
        loop {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            let Some(place) = rest.iter().position(|&byte| byte == 0xff) else {
                return Err(JpegFault::FileEnd);
            };
            let after = &rest[place..];
            let Some(filling) = after.iter().position(|&byte| byte != 0xff) else {
                return Err(JpegFault::FileEnd);
            };
            let count = self.at + place - start;
            self.at += place + filling + 1;
            match after[filling] {
                0 => {}
                _ if count == 0 => return Ok(after[filling]),
                marker => return Err(JpegFault::ExtraneousBytes { count, marker }),
            }
        }
    }

    /// What belongs to a marker.
    fn segment(&mut self) -> Result<&'a [u8], JpegFault> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let &[high, low, ..] = rest else { return Err(JpegFault::FileEnd) };
        let length = usize::from(u16::from_be_bytes([high, low]));
        if length < 2 {
            return Err(JpegFault::Header);
        }
        self.at += length;
        rest.get(2..length).ok_or(JpegFault::FileEnd)
    }

    fn huffman_tables(&mut self) -> Result<(), JpegFault> {
        let mut rest = self.segment()?;
        while !rest.is_empty() {
            let Some((&[number, ref counts @ ..], symbols)) = rest.split_first_chunk::<17>() else {
                return Err(JpegFault::Tables);
            };
            let count = counts.iter().map(|&count| usize::from(count)).sum();
            let symbols = symbols.get(..count).ok_or(JpegFault::Tables)?;
            let table = HuffmanTable::new(counts, symbols)?;
            let (class, place) = (usize::from(number >> 4), usize::from(number & 15));
            if class == 0 && !table.has_only_sizes() {
                return Err(JpegFault::Tables);
            }
            let tables = self.tables.get_mut(class).and_then(|tables| tables.get_mut(place));
            *tables.ok_or(JpegFault::Tables)? = Some(table);
            rest = &rest[17 + count..];
        }
        Ok(())
    }

    fn quantisation_tables(&mut self) -> Result<(), JpegFault> {
        let mut rest = self.segment()?;
        while let Some(&number) = rest.first() {
            let (precision, place) = (number >> 4, usize::from(number & 15));
            let length = 1 + 64 * (1 + usize::from(precision));
            if precision > 1 || rest.len() < length || place > 3 {
                return Err(JpegFault::Tables);
            }
            self.has_quantisation[place] = true;
            rest = &rest[length..];
        }
        Ok(())
    }

    fn scan(&mut self) -> Result<(), JpegFault> {
        self.scans += 1;
        if self.scans > MOST_SCANS {
            return Err(JpegFault::ManyScans);
        }
        let header = self.segment()?;
        let mut frame = self.frame.take().ok_or(JpegFault::Header)?;
        let scan = Scan::parse(header, &frame)?;
        scan.advance(&mut frame)?;
        let quantised = |place: usize| {
            let table = frame.components[place].quantisation;
            self.has_quantisation.get(table) == Some(&true)
        };
        if !scan.components().into_iter().all(quantised) {
            return Err(JpegFault::Tables);
        }
        standard::fill(&mut self.tables)?;
        let tables = std::mem::take(&mut self.tables);
        let mut bits = BitReader::new(self.bytes, self.at);
        let mut expected = 0xd0;
        scan.walk(&mut frame, &tables, &mut bits, self.restart_interval, |bits| {
            let found = self.marker_after(bits)?;
            if found != expected {
                return Err(JpegFault::Restart { expected, found });
            }
            expected = 0xd0 + (expected + 1) % 8;
            *bits = BitReader::new(self.bytes, self.at);
            Ok(())
        })?;
        self.marker_after(&bits)?;
        // The next step reads this marker again.
        self.at -= 2;
        (self.tables, self.frame) = (tables, Some(frame));
        Ok(())
    }

    /// The marker behind entropy-coded data, all of which must have been of use.
    fn marker_after(&mut self, bits: &BitReader<'a>) -> Result<u8, JpegFault> {
        let (unread, at) = bits.rest();
        self.at = at;
        match self.next_marker() {
            Ok(marker) if unread > 0 => Err(JpegFault::ExtraneousBytes { count: unread, marker }),
            Err(JpegFault::ExtraneousBytes { count, marker }) => {
                Err(JpegFault::ExtraneousBytes { count: count + unread, marker })
            }
            found => found,
        }
    }

    /// At the end marker: every component has had a scan.
    fn end(&self) -> Result<Step, JpegFault> {
        let frame = self.frame.as_ref().ok_or(JpegFault::NoData)?;
        let is_there = frame.components.iter().all(|component| component.missing_bits[0].is_some());
        if is_there { Ok(Step::End) } else { Err(JpegFault::NoData) }
    }
}

/// Adobe's segment says which colours the components are; there are three answers.
fn is_known_transform(segment: &[u8]) -> Result<(), JpegFault> {
    let transform = if segment.starts_with(b"Adobe") { segment.get(11) } else { None };
    if transform.is_some_and(|&transform| transform > 2) {
        return Err(JpegFault::Header);
    }
    Ok(())
}
