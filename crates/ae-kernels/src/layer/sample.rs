//! A sample of a Gaussian: the code of a variational autoencoder.

use super::{Context, Kind, Refusal};
use crate::Shape;
use crate::chain::{
    Backward, Epilogue, Memory, Operation, Order, Pass, Scratch, from_channels_first,
};
use crate::elementary::exp;

/// (2c, h, w) to (c, h, w): the first half of the channels are means, the second half log-variances `v` of Gaussians,
/// and `mean + exp(v / 2) e` comes out, with a standard normal draw `e` (Kingma and Welling, ICLR 2014, section 2.4).
/// In inference the mean comes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample;

impl Kind for Sample {
    fn output(&self, input: Shape) -> Result<Shape, Refusal> {
        if !input.channels.is_multiple_of(2) {
            let expected = "an even number of channels, means and log-variances";
            return Err(Refusal::new(expected, input));
        }
        Ok(Shape { channels: input.channels / 2, ..input })
    }

    fn operation(&self, context: &Context<'_>) -> Option<Box<dyn Operation>> {
        let Context { layer, output: shape, order, .. } = *context;
        Some(Box::new(SampleOperation { layer, shape, order }))
    }

    fn draws(&self, input: Shape) -> usize {
        input.numbers() / 2
    }
}

/// How means and log-variances of a shape lie: runs of `half` means, each followed by as many log-variances.
pub(crate) fn half(shape: Shape, order: Order) -> usize {
    match order {
        Order::ChannelsFirst => shape.numbers(),
        Order::ChannelsLast => shape.channels,
    }
}

/// Samples in training, means in inference.
#[derive(Debug)]
struct SampleOperation {
    layer: usize,
    /// Of a sample.
    shape: Shape,
    order: Order,
}

impl Operation for SampleOperation {
    fn numbers_kept(&self) -> usize {
        2 * self.shape.numbers()
    }

    fn forward(&self, pass: &Pass<'_>, input: &[f32], memory: &mut Memory, scratch: &mut Scratch) {
        let (half, numbers) = (half(self.shape, self.order), pass.count() * self.shape.numbers());
        let noise = memory.numbers.first(numbers);
        pass.draw(self.layer, noise);
        from_channels_first(noise, self.shape, self.order, &mut scratch.numbers);
        let samples = memory.values.first(numbers).chunks_exact_mut(half);
        let runs = input.chunks_exact(2 * half).zip(samples);
        for ((input, samples), noise) in runs.zip(noise.chunks_exact_mut(half)) {
            let (means, log_variances) = input.split_at(half);
            let moments = means.iter().zip(log_variances);
            for ((sample, noise), (mean, v)) in samples.iter_mut().zip(noise).zip(moments) {
                *noise *= exp(0.5 * v);
                *sample = mean + *noise;
            }
        }
    }

    fn backward(&self, _: &Pass<'_>, at: Backward<'_>, memory: &mut Memory, _: &mut Scratch) {
        let Backward { gradient: Some(gradient), input_gradient: Some(to), .. } = at else {
            return;
        };
        let half = half(self.shape, self.order);
        let noise = memory.numbers.all().chunks_exact(half);
        let runs = gradient.chunks_exact(half).zip(noise);
        for (to, (gradient, noise)) in to.chunks_exact_mut(2 * half).zip(runs) {
            let (means, log_variances) = to.split_at_mut(half);
            means.copy_from_slice(gradient);
            for ((v, g), noise) in log_variances.iter_mut().zip(gradient).zip(noise) {
                *v = 0.5 * g * noise;
            }
        }
    }

    fn infer(&self, input: &[f32], output: &mut [f32], _: Epilogue, _: &mut Scratch) {
        let half = half(self.shape, self.order);
        let runs = input.chunks_exact(2 * half).zip(output.chunks_exact_mut(half));
        runs.for_each(|(input, output)| output.copy_from_slice(&input[..half]));
    }
}
