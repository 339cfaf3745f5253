//! The sum of the magnitudes of a code.

use super::{OfItems, PenaltyKind, Term, TermContext};
use crate::Chain;
use crate::layer::Refusal;
use crate::loss::magnitude_sum;

/// `weight * sum |code| / n` over `n` items. The derivative of `|code|` at 0 is taken as 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CodeL1 {
    /// The weight.
    pub weight: f32,
}

impl PenaltyKind for CodeL1 {
    fn name(&self) -> &'static str {
        "code_l1"
    }

    fn weight(&self) -> f32 {
        self.weight
    }

    fn check(&self, _: &Chain) -> Result<(), Refusal> {
        Ok(())
    }

    fn term(&self, context: &TermContext<'_>) -> Option<Term> {
        let of_items = Magnitudes { weight: self.weight, rows: context.rows };
        Some(Term { at: context.program.code, of_items: Box::new(of_items) })
    }
}

#[derive(Debug)]
struct Magnitudes {
    weight: f32,
    rows: usize,
}

impl OfItems for Magnitudes {
    fn value(&self, codes: &[f32]) -> f64 {
        magnitude_sum(codes) * f64::from(self.weight) / self.rows as f64
    }

    fn add_gradient(&self, codes: &[f32], gradient: &mut [f32]) {
        let penalty = self.weight / self.rows as f32;
        for (g, &code) in gradient.iter_mut().zip(codes) {
            let sign = f32::from(code > 0.0) - f32::from(code < 0.0);
            *g += penalty * sign;
        }
    }
}
