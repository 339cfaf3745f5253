//! A change of shape.

use super::{Context, Kind, Refusal};
use crate::Shape;
use crate::chain::{NeededOrder, Operation, Order};

/// The same numbers, channels first, in another shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reshape {
    /// The shape, with as many numbers as come in.
    pub shape: Shape,
}

impl Kind for Reshape {
    fn output(&self, input: Shape) -> Result<Shape, Refusal> {
        if self.shape.numbers() != input.numbers() {
            return Err(Refusal::new(format!("a shape with the numbers of {input}"), self.shape));
        }
        Ok(self.shape)
    }

    fn is_permutation(&self) -> bool {
        true
    }

    fn order(&self) -> NeededOrder {
        NeededOrder::This(Order::ChannelsFirst)
    }

    fn operation(&self, _: &Context<'_>) -> Option<Box<dyn Operation>> {
        None
    }
}
