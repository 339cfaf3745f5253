//! An activation as a layer of its own.

use super::{Context, Kind, Refusal};
use crate::activation::{activate_values, replace_by_gradient};
use crate::chain::{Backward, Epilogue, Memory, Operation, Pass, Scratch};
use crate::{Activation, Shape};

impl Kind for Activation {
    fn output(&self, input: Shape) -> Result<Shape, Refusal> {
        Ok(input)
    }

    fn activation(&self) -> Activation {
        *self
    }

    fn operation(&self, context: &Context<'_>) -> Option<Box<dyn Operation>> {
        let operation = ActivationOperation {
            activation: context.activation,
            numbers: context.input.numbers(),
        };
        (context.activation != Activation::Linear)
            .then(|| Box::new(operation) as Box<dyn Operation>)
    }
}

/// An activation of every number.
#[derive(Debug)]
struct ActivationOperation {
    activation: Activation,
    numbers: usize,
}

impl Operation for ActivationOperation {
    fn numbers_kept(&self) -> usize {
        self.numbers
    }

    fn forward(&self, _: &Pass<'_>, input: &[f32], memory: &mut Memory, _: &mut Scratch) {
        activate_values(self.activation, input, memory.values.first(input.len()));
    }

    fn backward(&self, _: &Pass<'_>, at: Backward<'_>, memory: &mut Memory, _: &mut Scratch) {
        let Backward { gradient: Some(gradient), input_gradient: Some(to), input, .. } = at else {
            return;
        };
        to.copy_from_slice(input);
        replace_by_gradient(self.activation, to, memory.values.all(), gradient);
    }

    fn infer(&self, input: &[f32], output: &mut [f32], epilogue: Epilogue, _: &mut Scratch) {
        match epilogue {
            Epilogue::Activation => activate_values(self.activation, input, output),
            Epilogue::None => output.copy_from_slice(input),
        }
    }
}
