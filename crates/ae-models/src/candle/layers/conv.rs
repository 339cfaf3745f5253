//! Convolutions over tensors.

use candle_core::Tensor;

use super::window::{fitted, places};
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
        let [down, across] = &self.axes;
        // Exactly the places that the kernel meets: candle's gradient takes what is left over from the height alone.
        let input = fitted(input, 2, down.before(), down.extent())?;
        let input = fitted(&input, 3, across.before(), across.extent())?;
        let output = convolve(&input.contiguous()?, &self.weight, &self.axes)?;
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
