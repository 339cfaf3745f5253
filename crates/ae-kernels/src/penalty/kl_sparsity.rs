//! The divergence of the units' mean activations from a target.

use super::{OfMeans, PenaltyKind};
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

impl KlSparsity {
    /// The least distance of a mean from 0 and 1. A mean that is nearer has the value and the derivative of this
    /// distance, so that a dead unit has a large penalty, not an infinite one, and a gradient that wakes it.
    pub const LEAST_DISTANCE: f64 = 1e-7;
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

    fn of_means(&self) -> Option<&dyn OfMeans> {
        Some(self)
    }
}

impl OfMeans for KlSparsity {
    fn value(&self, means: &[f64]) -> f64 {
        let target = f64::from(self.target);
        let divergence = |mean: &f64| {
            let mean = mean.clamp(Self::LEAST_DISTANCE, 1.0 - Self::LEAST_DISTANCE);
            target * (target / mean).ln() + (1.0 - target) * ((1.0 - target) / (1.0 - mean)).ln()
        };
        f64::from(self.weight) * means.iter().map(divergence).sum::<f64>()
    }

    fn slope(&self, mean: f64) -> f64 {
        let (target, mean) =
            (f64::from(self.target), mean.clamp(Self::LEAST_DISTANCE, 1.0 - Self::LEAST_DISTANCE));
        f64::from(self.weight) * ((1.0 - target) / (1.0 - mean) - target / mean)
    }
}
