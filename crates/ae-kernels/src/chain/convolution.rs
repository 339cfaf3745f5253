//! A convolution or a transposed one that runs.

use super::operation::{
    Affine, Backward, Epilogue, Memory, Operation, PackTask, Pass, Passes, Scratch,
};
use crate::Activation;
use crate::activation::{activate_values, replace_by_gradient};
use crate::convolution::{Geometry, PackedConvolution};
use crate::layer::Context;

/// A convolution with its weight rearranged, over maps with channels last.
#[derive(Debug)]
pub(crate) struct ConvolutionOperation {
    packed: PackedConvolution,
    weight: usize,
    bias: usize,
    activation: Activation,
    affine: Option<Affine>,
}

impl ConvolutionOperation {
    /// A convolution whose weight and bias begin at these places of the flat buffer.
    pub(crate) fn new(
        geometry: Geometry,
        weight: usize,
        bias: usize,
        context: &Context<'_>,
    ) -> Self {
        Self {
            packed: PackedConvolution::new(geometry),
            weight,
            bias,
            activation: context.activation,
            affine: context.purpose.affine(),
        }
    }

    fn geometry(&self) -> &Geometry {
        self.packed.geometry()
    }

    /// The weight and the bias, scaled as the batch normalisation after it demands.
    fn scaled(&self, parameters: &[f32], Affine { scale, shift }: &Affine) -> (Vec<f32>, Vec<f32>) {
        let outputs = self.geometry().output().channels;
        let count = self.geometry().weight_count();
        let taps = count / outputs / self.geometry().input().channels;
        // The output's channels are the first axis of a convolution's weight, and the second of a transposed one's.
        let output = |place: usize| match self.geometry().is_transposed() {
            false => place / (count / outputs),
            true => place / taps % outputs,
        };
        let weight = parameters[self.weight..][..count].iter().enumerate();
        let weight = weight.map(|(place, number)| number * scale[output(place)]).collect();
        let biases = parameters[self.bias..].iter().zip(scale).zip(shift);
        (weight, biases.map(|((bias, scale), shift)| bias * scale + shift).collect())
    }
}

impl Operation for ConvolutionOperation {
    fn pack<'a>(&'a mut self, parameters: &'a [f32], passes: Passes, to: &mut Vec<PackTask<'a>>) {
        to.push(PackTask::Other(Box::new(move || {
            if let Some(affine) = &self.affine {
                let (weight, bias) = self.scaled(parameters, affine);
                return self.packed.pack_forward(&weight, &bias);
            }
            let weight = &parameters[self.weight..][..self.geometry().weight_count()];
            let bias = &parameters[self.bias..][..self.geometry().output().channels];
            self.packed.pack_forward(weight, bias);
            if passes == Passes::ForwardAndBackward {
                self.packed.pack_backward(weight);
            }
        })));
    }

    fn numbers_kept(&self) -> usize {
        let numbers = self.geometry().output().numbers();
        if self.activation == Activation::Linear { numbers } else { 2 * numbers }
    }

    fn forward(&self, pass: &Pass<'_>, input: &[f32], memory: &mut Memory, scratch: &mut Scratch) {
        let numbers = pass.count() * self.geometry().output().numbers();
        let values = memory.values.first(numbers);
        let scratch = &mut scratch.convolution;
        if self.activation == Activation::Linear {
            return self.packed.forward(input, values, Activation::Linear, scratch);
        }
        let logits = memory.logits.first(numbers);
        self.packed.forward(input, logits, Activation::Linear, scratch);
        activate_values(self.activation, logits, values);
    }

    fn backward(
        &self,
        pass: &Pass<'_>,
        at: Backward<'_>,
        memory: &mut Memory,
        scratch: &mut Scratch,
    ) {
        let Some(mut gradient) = at.gradient else { return };
        if self.activation != Activation::Linear {
            let logits = memory.logits.first(gradient.len());
            replace_by_gradient(self.activation, logits, memory.values.all(), gradient);
            gradient = logits;
        }
        let geometry = self.geometry();
        let (inputs, outputs) = (geometry.input().numbers(), geometry.output().numbers());
        let weights = geometry.weight_count();
        let sums = memory.sums.first(geometry.packed_gradient_count());
        let of_slices = at.slice_gradients.chunks_exact_mut(weights + geometry.output().channels);
        for (part, of_slice) in pass.parts.iter().zip(of_slices) {
            let input = &at.input[part.rows.start * inputs..part.rows.end * inputs];
            let gradient = &gradient[part.rows.start * outputs..part.rows.end * outputs];
            let (weight, bias) = of_slice.split_at_mut(weights);
            if part.starts {
                sums.fill(0.0);
            }
            geometry.add_weight_gradient(input, gradient, sums, &mut scratch.convolution);
            geometry.add_bias_gradient(gradient, bias);
            if part.ends {
                geometry.unpack_weight_gradient(sums, weight);
            }
        }
        if let Some(input_gradient) = at.input_gradient {
            self.packed.input_gradient(gradient, input_gradient, &mut scratch.convolution);
        }
    }

    fn infer(&self, input: &[f32], output: &mut [f32], epilogue: Epilogue, scratch: &mut Scratch) {
        let activation = match epilogue {
            Epilogue::Activation => self.activation,
            Epilogue::None => Activation::Linear,
        };
        self.packed.forward(input, output, activation, &mut scratch.convolution);
    }
}
