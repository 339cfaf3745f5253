//! The divergence of a sampled code from a standard normal.

use super::{OfItems, PenaltyKind, Term, TermContext};
use crate::Chain;
use crate::chain::Order;
use crate::elementary::exp;
use crate::layer::{Refusal, half};

/// `weight / d * sum KL(N(mean, exp(v)) || N(0, 1)) / n` over `n` items with `d` output values each, in nats:
/// `KL = (exp(v) + mean^2 - 1 - v) / 2` for each number of the code (Kingma and Welling, ICLR 2014, appendix B).
///
/// With weight 1 and binary cross-entropy the objective is the negative evidence lower bound per output value. The
/// chain needs one [`Sample`](crate::Sample).
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
            None => Err(Refusal::new("a chain with one layer that samples", "none or several")),
        }
    }

    fn term(&self, context: &TermContext<'_>) -> Option<Term> {
        let at = context.program.sample?;
        let mut of_sample = at.shape;
        of_sample.channels /= 2;
        let order = if at.shape.positions() == 1 { Order::ChannelsFirst } else { at.order };
        let numbers = context.rows as f64 * context.chain.outputs() as f64;
        let scale = f64::from(self.weight) / numbers;
        let of_items = Divergence { half: half(of_sample, order), scale };
        Some(Term { at, of_items: Box::new(of_items) })
    }
}

#[derive(Debug)]
struct Divergence {
    /// Means, each run of them followed by as many log-variances.
    half: usize,
    scale: f64,
}

impl OfItems for Divergence {
    fn value(&self, moments: &[f32]) -> f64 {
        let mut sum = 0.0;
        for run in moments.chunks_exact(2 * self.half) {
            let (means, log_variances) = run.split_at(self.half);
            for (mean, &v) in means.iter().zip(log_variances) {
                sum += f64::from(exp(v) - 1.0 - v) + f64::from(*mean) * f64::from(*mean);
            }
        }
        0.5 * sum * self.scale
    }

    fn add_gradient(&self, moments: &[f32], gradient: &mut [f32]) {
        let scale = self.scale as f32;
        let runs = moments.chunks_exact(2 * self.half);
        for (run, gradient) in runs.zip(gradient.chunks_exact_mut(2 * self.half)) {
            let (means, log_variances) = run.split_at(self.half);
            let (of_means, of_variances) = gradient.split_at_mut(self.half);
            of_means.iter_mut().zip(means).for_each(|(g, mean)| *g += scale * mean);
            for (g, &v) in of_variances.iter_mut().zip(log_variances) {
                *g += 0.5 * scale * (exp(v) - 1.0);
            }
        }
    }
}
