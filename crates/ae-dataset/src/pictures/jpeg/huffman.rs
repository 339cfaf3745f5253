//! The Huffman codes of a JPEG.

use super::fault::JpegFault;

/// The longest code in bits.
const MAX_LENGTH: usize = 16;
/// Codes up to this length are found in a lookup table.
const LOOKED_UP: u32 = 8;

/// A Huffman code.
#[derive(Debug, Clone)]
pub(super) struct HuffmanTable {
    /// Indexed by the next eight bits: the length of the code, or 0 if it is longer, and its symbol.
    lookup: Vec<(u8, u8)>,
    /// Indexed by length: the first code that is longer, aligned to 16 bits.
    limits: [u32; MAX_LENGTH + 1],
    /// Indexed by length: what is added to a code to get the index of its symbol.
    offsets: [i32; MAX_LENGTH + 1],
    symbols: Vec<u8>,
}

impl HuffmanTable {
    /// A code from the number of symbols of each length (1 to 16), and the symbols.
    pub(super) fn new(counts: &[u8], symbols: &[u8]) -> Result<Self, JpegFault> {
        let mut lookup = vec![(0, 0); 1 << LOOKED_UP];
        let (mut limits, mut offsets) = ([0; MAX_LENGTH + 1], [0; MAX_LENGTH + 1]);
        let (mut code, mut place) = (0_u32, 0_usize);
        for (length, &count) in (1_u32..).zip(counts) {
            offsets[length as usize] = place as i32 - code as i32;
            for _ in 0..count {
                let symbol = *symbols.get(place).ok_or(JpegFault::Tables)?;
                if let Some(free) = LOOKED_UP.checked_sub(length) {
                    let range = (code as usize) << free..((code as usize) + 1) << free;
                    lookup.get_mut(range).ok_or(JpegFault::Tables)?.fill((length as u8, symbol));
                }
                (code, place) = (code + 1, place + 1);
            }
            // The standard excludes codes of ones only.
            if count > 0 && code >= 1 << length {
                return Err(JpegFault::Tables);
            }
            limits[length as usize] = code << (MAX_LENGTH as u32 - length);
            code <<= 1;
        }
        Ok(Self { lookup, limits, offsets, symbols: symbols.to_vec() })
    }

    /// The length and the symbol of the code with which these bits begin.
    pub(super) fn find(&self, bits: u16) -> Option<(u32, u8)> {
        let (length, symbol) = self.lookup[usize::from(bits >> LOOKED_UP)];
        if length > 0 {
            return Some((u32::from(length), symbol));
        }
        let length =
            (LOOKED_UP as usize + 1..=MAX_LENGTH).find(|&l| u32::from(bits) < self.limits[l])?;
        let code = i32::from(bits >> (MAX_LENGTH - length));
        let place = usize::try_from(code + self.offsets[length]).ok()?;
        Some((length as u32, *self.symbols.get(place)?))
    }

    /// Whether all symbols are numbers of bits, as those of DC differences are.
    pub(super) fn has_only_sizes(&self) -> bool {
        self.symbols.iter().all(|&symbol| symbol <= 15)
    }
}
