//! The squared norm of the code's derivative by the input.

use super::PenaltyKind;
use crate::layer::Refusal;
use crate::{Activation, Chain, Layer, Weight};

/// `weight * sum |d code / d input|^2 / n` over `n` items, the squared Frobenius norm of the Jacobian (Rifai et al.,
/// ICML 2011, equation 5). It is exact for an encoder of one dense layer with a sigmoid, and other encoders are refused:
/// `sum_j (h_j (1 - h_j))^2 sum_i W_ji^2` for the code `h`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Contractive {
    /// The weight.
    pub weight: f32,
}

impl PenaltyKind for Contractive {
    fn name(&self) -> &'static str {
        "contractive"
    }

    fn weight(&self) -> f32 {
        self.weight
    }

    fn check(&self, chain: &Chain) -> Result<(), Refusal> {
        let is_sigmoid = |layer: &Layer| {
            matches!(layer, Layer::Dense(dense)
                if dense.activation == Activation::Sigmoid
                    && matches!(dense.weight, Weight::Own { .. }))
        };
        match (chain.code(), chain.layers()) {
            (0, [first, ..]) if is_sigmoid(first) => Ok(()),
            _ => Err(Refusal::new(
                "an encoder of one dense layer with a sigmoid",
                format!("{} layers to the code", chain.code() + 1),
            )),
        }
    }
}
