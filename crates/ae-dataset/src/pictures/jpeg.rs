//! Checks that a JPEG is whole, as far as its bytes can tell.
//!
//! The decoder replaces missing data by grey and skips what it does not understand. This checker walks the markers and
//! the entropy-coded data without computing pixels. It refuses everything that libjpeg warns about: an early end,
//! extraneous bytes, codes that do not exist, missing restart markers, scans in an impossible order. It also refuses two
//! faults that libjpeg ignores: a block of more than 64 coefficients, and an end-of-band run beyond its scan.
//!
//! A JPEG has no checksum, so some damage cannot be noticed: a byte that became another valid one, such as a flipped
//! bit in a quantisation table, or in the data if all codes after it exist and end where the data ends (restart markers
//! make that rarer); and a progressive file that has lost its last scans but has an end marker.

mod bits;
mod fault;
mod frame;
mod huffman;
mod scan;
mod standard;

use std::ops::RangeInclusive;

use bits::BitReader;
use fault::{JpegFault, MAX_SCANS};
use frame::Frame;
use huffman::HuffmanTable;
use scan::{Scan, Tables};

/// Checks a JPEG up to its end marker, and returns the number of its components. What follows, such as a camera's
/// preview, is ignored.
///
/// Arithmetic coding, lossless files and precisions other than 8 bits are left to the decoder, which refuses them.
pub(crate) fn check(bytes: &[u8]) -> Result<usize, JpegFault> {
    walked(Walk { bytes, ..Walk::default() })
}

/// The frame that a JPEG within another file must have.
#[derive(Debug, Clone)]
pub(crate) struct Expected {
    pub(crate) width: usize,
    pub(crate) heights: RangeInclusive<usize>,
    pub(crate) components: usize,
}

/// Checks a JPEG within another file, which must have the expected frame. What [`check`] leaves to the decoder is refused.
pub(crate) fn check_part(bytes: &[u8], expected: Expected) -> Result<(), JpegFault> {
    walked(Walk { bytes, expected: Some(expected), ..Walk::default() }).map(|_| ())
}

fn walked(mut walk: Walk<'_>) -> Result<usize, JpegFault> {
    if walk.next_marker()? != 0xd8 {
        return Err(JpegFault::Header);
    }
    while walk.step()? == Step::Continue {}
    Ok(walk.frame.map_or(0, |frame| frame.components.len()))
}

#[derive(PartialEq, Eq)]
enum Step {
    Continue,
    End,
}

/// The state of the walk over a file.
#[derive(Default)]
struct Walk<'a> {
    bytes: &'a [u8],
    at: usize,
    expected: Option<Expected>,
    frame: Option<Frame>,
    tables: Tables,
    has_quantisation: [bool; 4],
    restart_interval: usize,
    scans: usize,
}

impl<'a> Walk<'a> {
    /// Reads a marker and its segment.
    fn step(&mut self) -> Result<Step, JpegFault> {
        let marker = self.next_marker()?;
        match marker {
            // A second frame is impossible.
            0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf if self.frame.is_some() => {
                return Err(JpegFault::Header);
            }
            0xc0..=0xc2 => {
                let header = self.segment()?;
                self.expected.as_ref().map_or(Ok(()), |expected| frame::check(header, expected))?;
                self.frame = Frame::parse(marker, header)?;
                return if self.frame.is_some() { Ok(Step::Continue) } else { self.unchecked() };
            }
            // Lossless, differential and arithmetic frames.
            0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => return self.unchecked(),
            0xc4 => self.huffman_tables()?,
            0xdb => self.quantisation_tables()?,
            0xdd => {
                let &[high, low] = self.segment()? else { return Err(JpegFault::Header) };
                self.restart_interval = usize::from(u16::from_be_bytes([high, low]));
            }
            0xda => self.scan()?,
            0xd9 => return self.end(),
            0xee => is_known_transform(self.segment()?)?,
            // Segments of applications, comments, and others that do not matter here.
            0xe0..=0xef | 0xfe | 0xcc | 0xdc => {
                self.segment()?;
            }
            0x01 | 0xd0..=0xd7 => {}
            _ => return Err(JpegFault::Marker(marker)),
        }
        Ok(Step::Continue)
    }

    /// The end of the walk, at a frame of a kind that is not checked.
    fn unchecked(&self) -> Result<Step, JpegFault> {
        if self.expected.is_none() { Ok(Step::End) } else { Err(JpegFault::Kind) }
    }

    /// The next marker. Only fill bytes `ff` may precede it.
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

    /// The segment of a marker.
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
        if self.scans > MAX_SCANS {
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
        // Step back: the next step reads this marker.
        self.at -= 2;
        (self.tables, self.frame) = (tables, Some(frame));
        Ok(())
    }

    /// The marker after entropy-coded data, all of which must have been used.
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

    /// At the end marker, every component must have had a scan.
    fn end(&self) -> Result<Step, JpegFault> {
        let frame = self.frame.as_ref().ok_or(JpegFault::NoData)?;
        let is_there = frame.components.iter().all(|component| component.missing_bits[0].is_some());
        if is_there { Ok(Step::End) } else { Err(JpegFault::NoData) }
    }
}

/// Adobe's segment names one of three colour transforms.
fn is_known_transform(segment: &[u8]) -> Result<(), JpegFault> {
    let transform = if segment.starts_with(b"Adobe") { segment.get(11) } else { None };
    if transform.is_some_and(|&transform| transform > 2) {
        return Err(JpegFault::Header);
    }
    Ok(())
}
