//! Dropout.

use super::{Context, Kind, Refusal};
use crate::Shape;
use crate::chain::{
    Backward, Epilogue, Memory, Operation, Order, Pass, Scratch, from_channels_first,
};

/// Replaces each number by 0 with this probability, and divides the others by `1 - rate` (Srivastava et al., JMLR 2014,
/// section 10). It needs uniform draws `u` from [0, 1) in training, and keeps numbers where `u >= rate`. In inference
/// it does nothing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dropout {
    /// The probability, in [0, 1).
    pub rate: f32,
}

impl Kind for Dropout {
    fn output(&self, input: Shape) -> Result<Shape, Refusal> {
        if !(0.0..1.0).contains(&self.rate) {
            return Err(Refusal::new("a rate in [0, 1)", self.rate));
        }
        Ok(input)
    }

    fn operation(&self, context: &Context<'_>) -> Option<Box<dyn Operation>> {
        let Context { layer, input: shape, order, .. } = *context;
        let rate = self.rate;
        context
            .purpose
            .is_training()
            .then(|| Box::new(DropoutOperation { rate, layer, shape, order }) as Box<dyn Operation>)
    }

    fn draws(&self, input: Shape) -> usize {
        input.numbers()
    }
}

/// Dropout in training.
#[derive(Debug)]
struct DropoutOperation {
    rate: f32,
    layer: usize,
    shape: Shape,
    order: Order,
}

impl Operation for DropoutOperation {
    fn numbers_kept(&self) -> usize {
        2 * self.shape.numbers()
    }

    fn forward(&self, pass: &Pass<'_>, input: &[f32], memory: &mut Memory, scratch: &mut Scratch) {
        let factors = memory.numbers.first(input.len());
        pass.draw(self.layer, factors);
        from_channels_first(factors, self.shape, self.order, &mut scratch.numbers);
        let kept = 1.0 / (1.0 - self.rate);
        let values = memory.values.first(input.len()).iter_mut().zip(input);
        for (factor, (value, x)) in factors.iter_mut().zip(values) {
            *factor = if *factor >= self.rate { kept } else { 0.0 };
            *value = x * *factor;
        }
    }

    fn backward(&self, _: &Pass<'_>, at: Backward<'_>, memory: &mut Memory, _: &mut Scratch) {
        let Backward { gradient: Some(gradient), input_gradient: Some(to), .. } = at else {
            return;
        };
        let factors = memory.numbers.all().iter().zip(gradient);
        to.iter_mut().zip(factors).for_each(|(to, (factor, g))| *to = factor * g);
    }

    fn infer(&self, input: &[f32], output: &mut [f32], _: Epilogue, _: &mut Scratch) {
        output.copy_from_slice(input);
    }
}
