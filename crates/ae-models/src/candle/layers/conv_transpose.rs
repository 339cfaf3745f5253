//! Transposed convolutions over tensors.

use candle_core::Tensor;

use super::window::fitted;
use super::{LayerWeights, Pass, TensorKind, TensorLayer};
use crate::layer::{Axis, axes};
use crate::{ConvTranspose, ModelError};

impl TensorKind for ConvTranspose {
    fn over(&self, weights: &LayerWeights<'_>) -> Result<Box<dyn TensorLayer>, ModelError> {
        let (input, output) = (weights.layer.input, weights.layer.output);
        Ok(Box::new(TransposedConvolution {
            weight: weights.get("weight")?,
            bias: weights.get("bias")?.reshape((1, (), 1, 1))?,
            axes: axes(output, input, self.kernel, self.stride),
        }))
    }
}

/// A transposed convolution with a weight `(in, out, height, width)` and a bias `(1, out, 1, 1)`.
struct TransposedConvolution {
    weight: Tensor,
    bias: Tensor,
    axes: [Axis; 2],
}

impl TensorLayer for TransposedConvolution {
    fn forward(&self, input: &Tensor, _pass: &mut Pass<'_>) -> Result<Tensor, ModelError> {
        let mut output = spread(input, &self.weight, &self.axes)?;
        for (dim, axis) in [(2, &self.axes[0]), (3, &self.axes[1])] {
            // What the convolution's padding would meet is cut off; places that it never meets are 0.
            let cut = axis.before();
            let kept = output.narrow(dim, cut, (axis.extent() - cut).min(axis.map))?;
            output = fitted(&kept, dim, 0, axis.map)?;
        }
        Ok(output.broadcast_add(&self.bias)?)
    }
}

/// The whole extent of the windows.
fn spread(input: &Tensor, weight: &Tensor, axes: &[Axis; 2]) -> candle_core::Result<Tensor> {
    let [down, across] = [axes[0].stride, axes[1].stride];
    if down == across {
        return input.conv_transpose2d(weight, 0, 0, down, 1);
    }
    // candle has one stride for both axes: zeros between the numbers make it 1.
    let (n, channels, height, width) = input.dims4()?;
    let apart = input.reshape(&[n, channels, height, 1, width, 1][..])?;
    let apart = fitted(&fitted(&apart, 3, 0, down)?, 5, 0, across)?;
    let apart = apart.reshape((n, channels, height * down, width * across))?;
    let apart = apart.narrow(2, 0, (height - 1) * down + 1)?;
    let apart = apart.narrow(3, 0, (width - 1) * across + 1)?;
    apart.contiguous()?.conv_transpose2d(weight, 0, 0, 1, 1)
}
