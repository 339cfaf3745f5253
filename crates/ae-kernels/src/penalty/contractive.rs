//! The squared norm of the code's derivative by the input.

use super::{Contraction, OfItems, PenaltyKind, Term, TermContext};
use crate::layer::Refusal;
use crate::{Activation, Chain, Layer, Weight};

/// `weight * sum |d code / d input|^2 / n` over `n` items, the squared Frobenius norm of the Jacobian (Rifai et al.,
/// ICML 2011, equation 5). It is exact for an encoder of one dense layer with a sigmoid, and other encoders are
/// refused: `sum_j (h_j (1 - h_j))^2 sum_i W_ji^2` for the code `h`.
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

    fn term(&self, context: &TermContext<'_>) -> Option<Term> {
        let Some(Layer::Dense(dense)) = context.chain.layers().first() else { return None };
        let Weight::Own { offset } = dense.weight else { return None };
        let rows = context.parameters[offset..][..dense.inputs * dense.outputs].iter();
        let squares: Vec<f64> = rows.map(|&w| f64::from(w) * f64::from(w)).collect();
        let norms = squares.chunks_exact(dense.inputs).map(|row| row.iter().sum()).collect();
        let scale = f64::from(self.weight) / context.rows as f64;
        let contraction = Contraction { weight: offset, factor: (2.0 * scale) as f32 };
        let of_items = SquaredJacobian { norms, scale, contraction };
        Some(Term { at: context.program.code, of_items: Box::new(of_items) })
    }
}

#[derive(Debug)]
struct SquaredJacobian {
    /// The squared norm of each row of the weight.
    norms: Vec<f64>,
    scale: f64,
    contraction: Contraction,
}

impl OfItems for SquaredJacobian {
    fn value(&self, codes: &[f32]) -> f64 {
        let mut sum = 0.0;
        for code in codes.chunks_exact(self.norms.len()) {
            for (&h, norm) in code.iter().zip(&self.norms) {
                let slope = f64::from(h) * (1.0 - f64::from(h));
                sum += slope * slope * norm;
            }
        }
        sum * self.scale
    }

    fn add_gradient(&self, codes: &[f32], gradient: &mut [f32]) {
        let width = self.norms.len();
        for (code, gradient) in codes.chunks_exact(width).zip(gradient.chunks_exact_mut(width)) {
            for ((g, &h), norm) in gradient.iter_mut().zip(code).zip(&self.norms) {
                let factor = (2.0 * self.scale * norm) as f32;
                *g += factor * h * (1.0 - h) * (1.0 - 2.0 * h);
            }
        }
    }

    fn contraction(&self) -> Option<&Contraction> {
        Some(&self.contraction)
    }
}

/// Adds `(h (1 - h))^2` of each code's units.
pub(crate) fn add_squared_slopes(codes: &[f32], sums: &mut [f32]) {
    for code in codes.chunks_exact(sums.len()) {
        for (sum, h) in sums.iter_mut().zip(code) {
            let slope = h * (1.0 - h);
            *sum += slope * slope;
        }
    }
}
