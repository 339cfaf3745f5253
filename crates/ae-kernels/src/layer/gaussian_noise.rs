//! Additive Gaussian noise.

use super::{Context, Kind, Refusal};
use crate::Shape;
use crate::chain::{
    Backward, Epilogue, Memory, Operation, Order, Pass, Scratch, from_channels_first,
};

/// Adds `deviation` times a standard normal draw to each number in training. In inference it does nothing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GaussianNoise {
    /// The standard deviation, 0 or above.
    pub deviation: f32,
}

impl Kind for GaussianNoise {
    fn output(&self, input: Shape) -> Result<Shape, Refusal> {
        if !(self.deviation >= 0.0 && self.deviation.is_finite()) {
            return Err(Refusal::new("a finite deviation, 0 or above", self.deviation));
        }
        Ok(input)
    }

    fn operation(&self, context: &Context<'_>) -> Option<Box<dyn Operation>> {
        let Context { layer, input: shape, order, .. } = *context;
        let deviation = self.deviation;
        context.purpose.is_training().then(|| {
            Box::new(NoiseOperation { deviation, layer, shape, order }) as Box<dyn Operation>
        })
    }

    fn draws(&self, input: Shape) -> usize {
        input.numbers()
    }
}

/// Gaussian noise in training.
#[derive(Debug)]
struct NoiseOperation {
    deviation: f32,
    layer: usize,
    shape: Shape,
    order: Order,
}

impl Operation for NoiseOperation {
    fn numbers_kept(&self) -> usize {
        self.shape.numbers()
    }

    fn forward(&self, pass: &Pass<'_>, input: &[f32], memory: &mut Memory, scratch: &mut Scratch) {
        let values = memory.values.first(input.len());
        pass.draw(self.layer, values);
        from_channels_first(values, self.shape, self.order, &mut scratch.numbers);
        for (value, x) in values.iter_mut().zip(input) {
            *value = x + self.deviation * *value;
        }
    }

    fn backward(&self, _: &Pass<'_>, at: Backward<'_>, _: &mut Memory, _: &mut Scratch) {
        if let Backward { gradient: Some(gradient), input_gradient: Some(to), .. } = at {
            to.copy_from_slice(gradient);
        }
    }

    fn infer(&self, input: &[f32], output: &mut [f32], _: Epilogue, _: &mut Scratch) {
        output.copy_from_slice(input);
    }
}
