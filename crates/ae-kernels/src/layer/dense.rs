//! A dense layer.

use super::{Context, Kind, Place, Refusal, Role};
use crate::chain::{DenseOperation, NeededOrder, Operation, Order, PackedDense, WeightView};
use crate::product::{Orientation, ScannedAxes};
use crate::{Activation, Shape};

/// Where the weight of a layer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// The layer has its own weight, (outputs, inputs) row-major, in the flat parameter buffer.
    Own {
        /// Index of its first number.
        offset: usize,
    },
    /// The weight is tied: the transpose of the weight of an earlier dense layer, which has its own.
    TransposeOf {
        /// Index of that layer.
        layer: usize,
    },
}

/// A dense layer: `y = activation(x W^T + b)`. It takes any shape, channels first, and gives a vector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dense {
    /// Numbers of an item before the layer.
    pub inputs: usize,
    /// Numbers of an item after the layer, at least 1.
    pub outputs: usize,
    /// The weight `W`, (outputs, inputs).
    pub weight: Weight,
    /// Index of the first number of the bias `b` in the flat parameter buffer.
    pub bias: usize,
    /// The activation.
    pub activation: Activation,
}

impl Kind for Dense {
    fn output(&self, input: Shape) -> Result<Shape, Refusal> {
        if self.inputs != input.numbers() {
            let expected = format!("{} inputs, the numbers of {input}", input.numbers());
            return Err(Refusal::new(expected, self.inputs));
        }
        Ok(Shape::vector(self.outputs))
    }

    fn places(&self, _: Shape) -> Vec<Place> {
        let mut places = Vec::new();
        if let Weight::Own { offset } = self.weight {
            let length = self.inputs.saturating_mul(self.outputs);
            places.push(Place::new(Role::DenseWeight, offset, length));
        }
        places.push(Place::new(Role::PerSlice, self.bias, self.outputs));
        places
    }

    fn activation(&self) -> Activation {
        self.activation
    }

    fn order(&self) -> NeededOrder {
        NeededOrder::This(Order::ChannelsFirst)
    }

    fn takes_what_follows(&self) -> bool {
        self.activation == Activation::Linear
    }

    fn operation(&self, context: &Context<'_>) -> Option<Box<dyn Operation>> {
        let weight = WeightView::new(context.chain.layers(), self);
        // The gradient of the weight skips the zeros of the input's columns or those of the gradient at the logits,
        // whichever are more. The input's are more in the first layer (background pixels) and in the last (whose
        // gradient has no zeros); for a tied weight the input is the left factor.
        let tied = weight.forward == Orientation::AsStored;
        let axes = if context.is_first || context.is_last || tied {
            ScannedAxes::RowsAndColumns
        } else {
            ScannedAxes::Rows
        };
        Some(Box::new(DenseOperation {
            packed: PackedDense::new(self.inputs, self.outputs, context.activation),
            weight,
            bias: self.bias,
            is_last: context.is_last,
            axes,
            affine: context.purpose.affine(),
        }))
    }
}
