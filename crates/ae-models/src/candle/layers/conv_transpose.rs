//! Transposed convolutions over tensors.

use candle_core::Tensor;

use super::window::{fitted, taps};
use super::{LayerWeights, Pass, TensorKind, TensorLayer};
use crate::layer::{Axis, axes};
use crate::{ConvTranspose, MAX_NUMBERS, ModelError, Shape};

impl TensorKind for ConvTranspose {
    fn over(&self, weights: &LayerWeights<'_>) -> Result<Box<dyn TensorLayer>, ModelError> {
        let (input, output) = (weights.layer.input, weights.layer.output);
        let axes = axes(output, input, self.kernel, self.stride);
        let [height, width] = axes.map(|axis| axis.spread());
        let numbers = Shape { height, width, ..input }.numbers();
        if !is_square(&axes) && numbers > MAX_NUMBERS {
            return Err(weights.layer.refused(format!(
                "must have one stride for both axes or spread its input over at most {MAX_NUMBERS} numbers an item, as \
                 candle computes it, but found {numbers}"
            )));
        }
        Ok(Box::new(TransposedConvolution {
            weight: weights.get("weight")?,
            bias: weights.get("bias")?.reshape((1, (), 1, 1))?,
            axes,
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
        let mut output = spread(input, &taps(&self.weight, &self.axes)?, &self.axes)?;
        for (dim, axis) in [(2, &self.axes[0]), (3, &self.axes[1])] {
            // What the convolution's padding would meet is cut off; places that it never meets are 0.
            let (cut, extent) = axis.padded();
            let kept = output.narrow(dim, cut, (extent - cut).min(axis.map))?;
            output = fitted(&kept, dim, 0, axis.map)?;
        }
        Ok(output.broadcast_add(&self.bias)?)
    }
}

fn is_square([down, across]: &[Axis; 2]) -> bool {
    down.stride == across.stride
}

/// The whole extent of the windows.
fn spread(input: &Tensor, weight: &Tensor, axes: &[Axis; 2]) -> candle_core::Result<Tensor> {
    if is_square(axes) {
        return input.conv_transpose2d(weight, 0, 0, axes[0].stride, 1);
    }
    // candle has one stride for both axes: zeros between the numbers make it 1.
    let mut apart = input.clone();
    for (dim, axis) in [(2, &axes[0]), (3, &axes[1])] {
        // The step from the only place to the next may be far longer than the map.
        let step = if axis.places == 1 { 1 } else { axis.stride };
        let columns = fitted(&apart.unsqueeze(dim + 1)?, dim + 1, 0, step)?;
        apart = columns.flatten(dim, dim + 1)?.narrow(dim, 0, axis.spread())?;
    }
    apart.contiguous()?.conv_transpose2d(weight, 0, 0, 1, 1)
}
