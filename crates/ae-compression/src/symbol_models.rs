//! What the range coder knows of codes and pixels at one quality.

use crate::CompressionError;
use crate::code_quantiser::Quantiser;
use crate::codec::Codec;
use crate::pixel_contexts::PixelModel;
use crate::quality::{Mode, Quality};
use crate::range_coder::Frequencies;

/// The frequencies of all symbols at one quality.
pub(crate) struct SymbolModels {
    /// One for each number of a code.
    pub(crate) quantisers: Vec<Quantiser>,
    /// For the bytes of numbers outside of the histograms.
    pub(crate) raw: Frequencies,
    /// In the exact mode.
    pub(crate) pixels: Option<PixelModel>,
}

impl SymbolModels {
    /// Of a codec, for images of this shape.
    pub(crate) fn new(
        codec: &Codec,
        shape: [usize; 3],
        quality: Quality,
        mode: Mode,
    ) -> Result<Self, CompressionError> {
        let pixels = match mode {
            Mode::Lossy => None,
            Mode::Exact => Some(PixelModel::new(&codec.pixels, shape)?),
        };
        let raw = Frequencies::new(&[1; 256])?;
        Ok(Self { quantisers: codec.quantisers(quality)?, raw, pixels })
    }
}

impl Codec {
    pub(crate) fn quantisers(&self, quality: Quality) -> Result<Vec<Quantiser>, CompressionError> {
        self.dimensions.iter().map(|dimension| Quantiser::new(dimension, quality)).collect()
    }
}
