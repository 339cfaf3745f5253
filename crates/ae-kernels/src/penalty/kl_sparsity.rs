//! The divergence of the units' mean activations from a target.

use super::PenaltyKind;
use crate::layer::{Kind, Layer, Refusal};
use crate::{Activation, Chain};

/// `weight * sum KL(target || mean)` over the code's units, with their mean over the batch:
/// `KL = target ln(target / mean) + (1 - target) ln((1 - target) / (1 - mean))` (Ng, "Sparse autoencoder", CS294A
/// notes, section 3). The code must come from a sigmoid.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KlSparsity {
    /// The mean activation that is aimed at, in (0, 1).
    pub target: f32,
    /// The weight.
    pub weight: f32,
}

impl PenaltyKind for KlSparsity {
    fn name(&self) -> &'static str {
        "kl_sparsity"
    }

    fn weight(&self) -> f32 {
        self.weight
    }

    fn check(&self, chain: &Chain) -> Result<(), Refusal> {
        if !(self.target > 0.0 && self.target < 1.0) {
            return Err(Refusal::new("a target between 0 and 1", self.target));
        }
        let activation = chain.layers().get(chain.code()).map(Layer::kind).map(Kind::activation);
        match activation {
            Some(Activation::Sigmoid) => Ok(()),
            Some(other) => Err(Refusal::new("a code from a sigmoid", other)),
            None => Err(Refusal::new("a code from a sigmoid", "no code")),
        }
    }
}
