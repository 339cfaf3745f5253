//! Convolutions over tensors.

use candle_core::Tensor;

use super::window::{fitted, places, taps};
use super::{LayerWeights, Pass, TensorKind, TensorLayer};
use crate::layer::{Axis, axes};
use crate::{Conv, ModelError, Window};

impl TensorKind for Conv {
    fn over(&self, weights: &LayerWeights<'_>) -> Result<Box<dyn TensorLayer>, ModelError> {
        let (input, output) = (weights.layer.input, weights.layer.output);
        Ok(Box::new(Convolution {
            weight: weights.get("weight")?,
            bias: weights.get("bias")?.reshape((1, (), 1, 1))?,
            axes: axes(input, output, self.kernel, self.stride),
        }))
    }
}

/// A convolution with a weight `(out, in, height, width)` and a bias `(1, out, 1, 1)`.
struct Convolution {
    weight: Tensor,
    bias: Tensor,
    axes: [Axis; 2],
}

impl TensorLayer for Convolution {
    fn forward(&self, input: &Tensor, _pass: &mut Pass<'_>) -> Result<Tensor, ModelError> {
        let [(top, height), (left, width)] = self.axes.map(|axis| axis.padded());
        // Exactly the places that the kernel meets: candle's gradient takes what is left over from the height alone.
        let input = fitted(&fitted(input, 2, top, height)?, 3, left, width)?;
        let weight = taps(&self.weight, &self.axes)?;
        let output = convolve(&input.contiguous()?, &weight, &self.axes)?;
        Ok(output.broadcast_add(&self.bias)?)
    }
}

fn convolve(input: &Tensor, weight: &Tensor, axes: &[Axis; 2]) -> candle_core::Result<Tensor> {
    let [down, across]: Window = [axes[0].stride, axes[1].stride];
    if down == across {
        return input.conv2d(weight, 0, down, 1, 1);
    }
    // candle has one stride for both axes.
    let mut output = input.conv2d(weight, 0, 1, 1, 1)?;
    for (dim, axis) in [(2, &axes[0]), (3, &axes[1])] {
        output = places(&output, dim, (0..axis.places).map(|place| place * axis.stride))?;
    }
    Ok(output)
}
