//! Blocks of pixels to channels and back, over tensors.

use candle_core::Tensor;

use super::{LayerWeights, Pass, TensorKind, TensorLayer};
use crate::{ModelError, PixelShuffle, PixelUnshuffle};

impl TensorKind for PixelUnshuffle {
    fn over(&self, _weights: &LayerWeights<'_>) -> Result<Box<dyn TensorLayer>, ModelError> {
        Ok(Box::new(self.clone()))
    }
}

impl TensorLayer for PixelUnshuffle {
    fn forward(&self, input: &Tensor, _pass: &mut Pass<'_>) -> Result<Tensor, ModelError> {
        let (n, channels, height, width) = input.dims4()?;
        let factor = self.factor;
        let (height, width) = (height / factor, width / factor);
        let blocks = input.reshape(&[n, channels, height, factor, width, factor][..])?;
        // Channel, row and column in the block, block.
        let blocks = blocks.permute([0, 1, 3, 5, 2, 4])?;
        Ok(blocks.reshape((n, channels * factor * factor, height, width))?)
    }
}

impl TensorKind for PixelShuffle {
    fn over(&self, _weights: &LayerWeights<'_>) -> Result<Box<dyn TensorLayer>, ModelError> {
        Ok(Box::new(self.clone()))
    }
}

impl TensorLayer for PixelShuffle {
    fn forward(&self, input: &Tensor, _pass: &mut Pass<'_>) -> Result<Tensor, ModelError> {
        let (n, channels, height, width) = input.dims4()?;
        let factor = self.factor;
        let channels = channels / (factor * factor);
        let blocks = input.reshape(&[n, channels, factor, factor, height, width][..])?;
        let rows = blocks.permute([0, 1, 4, 2, 5, 3])?;
        Ok(rows.reshape((n, channels, height * factor, width * factor))?)
    }
}
