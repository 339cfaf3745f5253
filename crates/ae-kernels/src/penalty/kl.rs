//! The divergence of a sampled code from a standard normal.

use super::PenaltyKind;
use crate::Chain;
use crate::layer::Refusal;

/// `weight / d * sum KL(N(mean, exp(v)) || N(0, 1)) / n` over `n` items with `d` output values each, in nats:
/// `KL = (exp(v) + mean^2 - 1 - v) / 2` for each number of the code (Kingma and Welling, ICLR 2014, appendix B).
///
/// With weight 1 and binary cross-entropy the objective is the negative evidence lower bound per output value. The chain
/// needs one [`Sample`](crate::Sample).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Kl {
    /// The weight: beta of the current step.
    pub weight: f32,
}

impl PenaltyKind for Kl {
    fn name(&self) -> &'static str {
        "kl"
    }

    fn weight(&self) -> f32 {
        self.weight
    }

    fn check(&self, chain: &Chain) -> Result<(), Refusal> {
        match chain.sample() {
            Some(_) => Ok(()),
            None => Err(Refusal::new("a chain with a layer that samples", "none")),
        }
    }
}
