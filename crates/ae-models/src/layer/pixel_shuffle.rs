//! Blocks of pixels to channels and back.

use serde::{Deserialize, Serialize};

use super::kind::{LayerKind, Slide};
use crate::Shape;

/// Moves each block of `factor x factor` pixels into `factor^2` channels, in PyTorch's order (`PixelUnshuffle`): output
/// channel `c factor^2 + y factor + x` holds the pixels at row `y` and column `x` of the blocks of channel `c`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PixelUnshuffle {
    /// Height and width of a block.
    pub factor: usize,
}

/// The inverse of [`PixelUnshuffle`] (Shi et al., CVPR 2016, section 2.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PixelShuffle {
    /// Height and width of a block.
    pub factor: usize,
}

impl LayerKind for PixelUnshuffle {
    fn output(&self, input: Shape) -> Result<Shape, String> {
        let factor = self.factor;
        let Shape { channels, height, width } = input;
        if factor == 0 || !height.is_multiple_of(factor) || !width.is_multiple_of(factor) {
            return Err(format!(
                "must have a factor that divides {height} and {width}, but found {factor}"
            ));
        }
        let channels = channels.saturating_mul(factor.saturating_mul(factor));
        Ok(Shape { channels, height: height / factor, width: width / factor })
    }

    fn for_kernels(&self, _input: Shape, _offset: &dyn Fn(&str) -> usize) -> ae_kernels::Layer {
        ae_kernels::PixelUnshuffle { factor: self.factor }.into()
    }

    fn is_permutation(&self) -> bool {
        true
    }

    fn slides(&self) -> Option<[Slide; 2]> {
        Some(Slide::windows([self.factor; 2], [self.factor; 2]))
    }
}

impl LayerKind for PixelShuffle {
    fn output(&self, input: Shape) -> Result<Shape, String> {
        let factor = self.factor;
        let block = factor.saturating_mul(factor);
        let Shape { channels, height, width } = input;
        if factor == 0 || !channels.is_multiple_of(block) {
            return Err(format!(
                "must have a factor whose square divides the {channels} channels, but found {factor}"
            ));
        }
        let (height, width) = (height.saturating_mul(factor), width.saturating_mul(factor));
        Ok(Shape { channels: channels / block, height, width })
    }

    fn for_kernels(&self, _input: Shape, _offset: &dyn Fn(&str) -> usize) -> ae_kernels::Layer {
        ae_kernels::PixelShuffle { factor: self.factor }.into()
    }

    fn is_permutation(&self) -> bool {
        true
    }

    fn slides(&self) -> Option<[Slide; 2]> {
        Some(Slide::spread([self.factor; 2], [self.factor; 2]))
    }
}

#[cfg(feature = "candle")]
mod tensors {
    use candle_core::Tensor;

    use super::{PixelShuffle, PixelUnshuffle};
    use crate::ModelError;
    use crate::candle::{Pass, TensorLayer};

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
}

#[cfg(feature = "exchange")]
mod onnx {
    use super::{PixelShuffle, PixelUnshuffle};
    use crate::exchange::{ExchangeError, Flow, LayerGraph, OnnxKind};

    impl OnnxKind for PixelUnshuffle {
        /// ONNX' `SpaceToDepth` has another order of channels than PyTorch, so numbers are moved by hand.
        fn add(&self, at: &mut LayerGraph<'_, '_>, input: Flow) -> Result<Flow, ExchangeError> {
            let (from, to, factor) = (at.layer.input, at.layer.output, self.factor);
            let blocks = [from.channels, to.height, factor, to.width, factor];
            Ok(at.moved(input, &blocks, &[0, 1, 3, 5, 2, 4]))
        }
    }

    impl OnnxKind for PixelShuffle {
        fn add(&self, at: &mut LayerGraph<'_, '_>, input: Flow) -> Result<Flow, ExchangeError> {
            let (from, to, factor) = (at.layer.input, at.layer.output, self.factor);
            let blocks = [to.channels, factor, factor, from.height, from.width];
            Ok(at.moved(input, &blocks, &[0, 1, 4, 2, 5, 3]))
        }
    }
}
