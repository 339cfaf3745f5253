//! The largest numbers of an item.

use super::{Kind, Refusal};
use crate::Shape;

/// The `k` largest numbers of an item stay, the others become 0 (Makhzani and Frey, ICLR 2014, algorithm 1). Of equal
/// ones the first stay, channels first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TopK {
    /// Numbers that stay, from 1 to all.
    pub k: usize,
}

impl Kind for TopK {
    fn output(&self, input: Shape) -> Result<Shape, Refusal> {
        if self.k == 0 || self.k > input.numbers() {
            return Err(Refusal::new(format!("a k from 1 to {}", input.numbers()), self.k));
        }
        Ok(input)
    }
}
