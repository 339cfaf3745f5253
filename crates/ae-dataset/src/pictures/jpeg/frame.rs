//! The header of a JPEG's frame: its components and their blocks.

use super::Expected;
use super::fault::JpegFault;

/// The frame of a Huffman-coded JPEG of 8 bits, and what its scans have filled until now.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) is_progressive: bool,
    pub(super) components: Vec<Component>,
    /// Columns and rows of minimum coded units (MCUs) if all components are interleaved.
    units: [usize; 2],
}

/// A component: luminance or a colour difference.
#[derive(Debug)]
pub(super) struct Component {
    pub(super) id: u8,
    /// Horizontal and vertical sampling factors.
    pub(super) sampling: [usize; 2],
    pub(super) quantisation: usize,
    /// Columns and rows of 8 x 8 blocks if the component has a scan of its own.
    pub(super) blocks: [usize; 2],
    /// Blocks per row if the component is interleaved; at least as many.
    pub(super) stride: usize,
    /// The number of low bits that are missing of each coefficient; `None` before its first scan.
    pub(super) missing_bits: [Option<u8>; 64],
    /// For progressive files: one word per block, with a bit for each coefficient that is known not to be zero.
    pub(super) nonzero: Vec<u64>,
}

/// Checks that a header states the expected frame, before memory of its size is allocated.
pub(super) fn check(header: &[u8], expected: &Expected) -> Result<(), JpegFault> {
    let &[_, height_high, height_low, width_high, width_low, components, ..] = header else {
        return Err(JpegFault::Header);
    };
    let height = u16::from_be_bytes([height_high, height_low]);
    let width = u16::from_be_bytes([width_high, width_low]);
    let is_met = usize::from(width) == expected.width
        && expected.heights.contains(&usize::from(height))
        && usize::from(components) == expected.components;
    if is_met { Ok(()) } else { Err(JpegFault::Frame { height, width, components }) }
}

impl Frame {
    /// Parses a header (SOF0, SOF1 or SOF2). `None` if frames of its kind are not checked.
    pub(super) fn parse(marker: u8, header: &[u8]) -> Result<Option<Self>, JpegFault> {
        let [precision, height_high, height_low, width_high, width_low, count, rest @ ..] = header
        else {
            return Err(JpegFault::Header);
        };
        let height = usize::from(u16::from_be_bytes([*height_high, *height_low]));
        let width = usize::from(u16::from_be_bytes([*width_high, *width_low]));
        let (parts, count) = (rest.as_chunks::<3>().0, usize::from(*count));
        if *precision != 8 || height == 0 || width == 0 {
            return Ok(None);
        }
        if !(1..=4).contains(&count) || rest.len() != 3 * count {
            return Err(JpegFault::Header);
        }
        let sampling = |byte: u8| [usize::from(byte >> 4), usize::from(byte & 15)];
        let factors = parts.iter().map(|&[_, byte, _]| sampling(byte));
        if !factors.clone().flatten().all(|factor| (1..=4).contains(&factor)) {
            return Err(JpegFault::Header);
        }
        let largest = |axis: usize| factors.clone().map(|factors| factors[axis]).max().unwrap_or(1);
        let largest = [largest(0), largest(1)];
        let units = [width.div_ceil(8 * largest[0]), height.div_ceil(8 * largest[1])];
        let is_progressive = marker == 0xc2;
        let component = |&[id, factors, quantisation]: &[u8; 3]| {
            let sampling = sampling(factors);
            let stride = units[0] * sampling[0];
            let blocks = if is_progressive { stride * units[1] * sampling[1] } else { 0 };
            Component {
                id,
                sampling,
                quantisation: usize::from(quantisation),
                blocks: [
                    (width * sampling[0]).div_ceil(8 * largest[0]),
                    (height * sampling[1]).div_ceil(8 * largest[1]),
                ],
                stride,
                missing_bits: [None; 64],
                nonzero: vec![0; blocks],
            }
        };
        let components = parts.iter().map(component).collect();
        Ok(Some(Self { is_progressive, components, units }))
    }

    /// Columns and rows of the MCUs of a scan of these components.
    pub(super) fn units_of(&self, components: &[usize]) -> [usize; 2] {
        match components {
            [alone] => self.components[*alone].blocks,
            _ => self.units,
        }
    }
}
