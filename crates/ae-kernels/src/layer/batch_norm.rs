//! Batch normalisation.

use super::{Context, Kind, Place, Refusal, Role};
use crate::Shape;
use crate::aligned::AlignedBuffer;
use crate::chain::{
    Affine, Backward, Epilogue, Memory, NeededOrder, Operation, Order, PackTask, Pass, Passes,
    Scratch,
};

/// Batch normalisation of each channel over items and positions (Ioffe and Szegedy, ICML 2015, algorithm 1):
/// `y = weight (x - mean) / sqrt(variance + epsilon) + bias`.
///
/// Training uses mean and variance (divisor n) of the batch; inference the running ones.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BatchNorm {
    /// Index of the first number of the weight in the flat parameter buffer, a number for each channel; so are the
    /// others.
    pub weight: usize,
    /// Index of the first number of the bias.
    pub bias: usize,
    /// Index of the first running mean. Running statistics are not trained.
    pub running_mean: usize,
    /// Index of the first running variance.
    pub running_variance: usize,
    /// The part of a step's statistics in the new running ones, in [0, 1].
    pub momentum: f32,
    /// What is added to a variance, above 0.
    pub epsilon: f32,
}

impl Kind for BatchNorm {
    fn output(&self, input: Shape) -> Result<Shape, Refusal> {
        if !(0.0..=1.0).contains(&self.momentum) {
            return Err(Refusal::new("a momentum in [0, 1]", self.momentum));
        }
        if !(self.epsilon > 0.0 && self.epsilon.is_finite()) {
            return Err(Refusal::new("a finite epsilon above 0", self.epsilon));
        }
        Ok(input)
    }

    fn places(&self, input: Shape) -> Vec<Place> {
        let place = |role, offset| Place::new(role, offset, input.channels);
        vec![
            place(Role::PerSlice, self.weight),
            place(Role::PerSlice, self.bias),
            place(Role::Untrained, self.running_mean),
            place(Role::Untrained, self.running_variance),
        ]
    }

    fn order(&self) -> NeededOrder {
        NeededOrder::This(Order::ChannelsLast)
    }

    fn has_small_slices(&self) -> bool {
        true
    }

    fn batch_norm(&self) -> Option<&BatchNorm> {
        Some(self)
    }

    fn operation(&self, context: &Context<'_>) -> Option<Box<dyn Operation>> {
        let before = context.chain.layers()[..context.layer].iter();
        Some(Box::new(BatchNormOperation {
            of: *self,
            index: before.filter(|layer| layer.kind().batch_norm().is_some()).count(),
            channels: context.input.channels,
            numbers: context.input.numbers(),
            running: Affine { scale: Vec::new(), shift: Vec::new() },
            buffers: Default::default(),
        }))
    }
}

impl BatchNorm {
    /// The normalisation by running statistics as a scale and a shift of each channel.
    pub(crate) fn running(&self, parameters: &[f32], channels: usize) -> Affine {
        let of =
            |offset: usize| parameters[offset..offset + channels].iter().map(|&x| f64::from(x));
        let scales = of(self.weight).zip(of(self.running_variance));
        let scale: Vec<f64> = scales
            .map(|(weight, variance)| weight / (variance + f64::from(self.epsilon)).sqrt())
            .collect();
        let shifts = of(self.bias).zip(of(self.running_mean)).zip(&scale);
        let shift = shifts.map(|((bias, mean), scale)| (bias - mean * scale) as f32).collect();
        Affine { scale: scale.iter().map(|&scale| scale as f32).collect(), shift }
    }

    /// Moves the running statistics towards those of a step, with the variance of divisor `count - 1` (PyTorch's
    /// formula).
    pub(crate) fn update_running(
        &self,
        parameters: &mut [f32],
        count: usize,
        mean: &[f32],
        variance: &[f32],
    ) {
        let unbiased = count as f32 / count.saturating_sub(1).max(1) as f32;
        let mut update = |offset: usize, found: &[f32], factor: f32| {
            for (running, found) in parameters[offset..][..found.len()].iter_mut().zip(found) {
                *running = (1.0 - self.momentum) * *running + self.momentum * (found * factor);
            }
        };
        update(self.running_mean, mean, 1.0);
        update(self.running_variance, variance, unbiased);
    }
}

/// Batch normalisation of items with channels last.
#[derive(Debug)]
struct BatchNormOperation {
    of: BatchNorm,
    /// Its place among the batch normalisations of the chain.
    index: usize,
    channels: usize,
    numbers: usize,
    /// The normalisation by running statistics.
    running: Affine,
    /// Weight and bias.
    buffers: [AlignedBuffer; 2],
}

impl BatchNormOperation {
    fn weight(&self) -> &[f32] {
        &self.buffers[0].all()[..self.channels]
    }
}

impl Operation for BatchNormOperation {
    fn pack<'a>(&'a mut self, parameters: &'a [f32], _: Passes, to: &mut Vec<PackTask<'a>>) {
        to.push(PackTask::Other(Box::new(move || {
            let offsets = [self.of.weight, self.of.bias];
            for (buffer, offset) in self.buffers.iter_mut().zip(offsets) {
                let numbers = &parameters[offset..][..self.channels];
                buffer.first(self.channels).copy_from_slice(numbers);
            }
            self.running = self.of.running(parameters, self.channels);
        })));
    }

    fn numbers_kept(&self) -> usize {
        self.numbers
    }

    fn forward(&self, pass: &Pass<'_>, input: &[f32], memory: &mut Memory, _: &mut Scratch) {
        let statistics = &pass.normalisations[self.index];
        let values = memory.values.first(input.len());
        let (weight, bias) = (self.weight(), self.buffers[1].all());
        let rows = input.chunks_exact(self.channels).zip(values.chunks_exact_mut(self.channels));
        for (input, values) in rows {
            let moments = statistics.mean.iter().zip(&statistics.inverse_deviation);
            let affine = weight.iter().zip(bias).zip(moments);
            for ((y, x), ((weight, bias), (mean, inverse))) in
                values.iter_mut().zip(input).zip(affine)
            {
                *y = (x - mean) * inverse * weight + bias;
            }
        }
    }

    /// Gives the gradient at the output unchanged: that at the input needs sums over the whole batch, which
    /// [`Normalisation::finish`](crate::chain::Normalisation::finish) has.
    fn backward(&self, pass: &Pass<'_>, at: Backward<'_>, _: &mut Memory, _: &mut Scratch) {
        let Some(gradient) = at.gradient else { return };
        let statistics = &pass.normalisations[self.index];
        let of_slices = at.slice_gradients.chunks_exact_mut(2 * self.channels);
        for (part, of_slice) in pass.parts.iter().zip(of_slices) {
            let range = part.rows.start * self.numbers..part.rows.end * self.numbers;
            let sums = statistics.sums(&at.input[range.clone()], &gradient[range]);
            for (to, sum) in of_slice.iter_mut().zip(sums) {
                *to += sum as f32;
            }
        }
        if let Some(to) = at.input_gradient {
            to.copy_from_slice(gradient);
        }
    }

    fn infer(&self, input: &[f32], output: &mut [f32], _: Epilogue, _: &mut Scratch) {
        let Affine { scale, shift } = &self.running;
        let rows = input.chunks_exact(self.channels).zip(output.chunks_exact_mut(self.channels));
        for (input, output) in rows {
            let affine = scale.iter().zip(shift);
            for ((y, x), (scale, shift)) in output.iter_mut().zip(input).zip(affine) {
                *y = x * scale + shift;
            }
        }
    }
}
