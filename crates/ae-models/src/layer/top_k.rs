//! The largest numbers of a code.

use serde::{Deserialize, Serialize};

use super::kind::LayerKind;
use crate::Shape;

/// The `k` largest numbers of an item stay, the others become 0 (Makhzani and Frey, ICLR 2014, algorithm 1). Of equal
/// numbers the first stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TopK {
    /// How many stay, at least 1.
    pub k: usize,
}

impl LayerKind for TopK {
    fn name(&self) -> &'static str {
        "top-k"
    }

    fn output(&self, input: Shape) -> Result<Shape, String> {
        match (1..=input.numbers()).contains(&self.k) {
            true => Ok(input),
            false => {
                Err(format!("must have a k from 1 to {}, but found {}", input.numbers(), self.k))
            }
        }
    }

    fn for_kernels(&self, _input: Shape, _offset: &dyn Fn(&str) -> usize) -> ae_kernels::Layer {
        ae_kernels::TopK { k: self.k }.into()
    }
}
