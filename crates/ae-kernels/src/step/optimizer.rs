//! A step of any optimizer over the flat parameter buffer.
//!
//! Each parameter is updated on its own by operations whose rounding IEEE 754 defines, so the result does not depend
//! on threads, chunks or the width of the vectors.

use std::ops::Range;

use super::adam::AdamStep;
use super::sgd::SgdStep;
use crate::error::{ChainError, check_length};
use crate::threads::run_all;

/// Parameters that a task updates: few enough for many tasks, enough to be worth one.
const CHUNK_LENGTH: usize = 4096;

/// An optimizer's step with the moments that it keeps for each parameter.
#[derive(Debug)]
pub enum Step<'a> {
    /// A step of Adam or AdamW.
    Adam {
        /// The constants of the step.
        step: AdamStep,
        /// The running mean of the gradient, as long as the parameters.
        mean: &'a mut [f32],
        /// The running mean of the squared gradient, as long as the parameters.
        variance: &'a mut [f32],
    },
    /// A step of gradient descent with momentum.
    Sgd {
        /// The constants of the step.
        step: SgdStep,
        /// The velocity, as long as the parameters.
        velocity: &'a mut [f32],
    },
}

impl Step<'_> {
    /// Updates parameters and moments on all threads of rayon's current pool.
    ///
    /// # Errors
    /// If the buffers differ in length. Nothing is changed then.
    pub fn apply(self, parameters: &mut [f32], gradient: &[f32]) -> Result<(), ChainError> {
        self.apply_except(&[], parameters, gradient)
    }

    /// [`Step::apply`], but parameters and moments of the ranges `untrained` stay as they are
    /// ([`Chain::untrained`](crate::Chain::untrained)). The ranges are in order and do not overlap.
    ///
    /// # Errors
    /// If the buffers differ in length. Nothing is changed then.
    pub fn apply_except(
        self,
        untrained: &[Range<usize>],
        mut parameters: &mut [f32],
        mut gradient: &[f32],
    ) -> Result<(), ChainError> {
        self.check(parameters.len())?;
        check_length("the gradient", parameters.len(), gradient.len())?;
        let (mut rest, mut chunks) = (self, Vec::new());
        let (mut first, mut untrained) = (0, untrained.iter().peekable());
        while !parameters.is_empty() {
            let is_kept = untrained.peek().is_some_and(|range| range.start <= first);
            let length = match untrained.peek() {
                Some(range) if is_kept => range.end.saturating_sub(first),
                Some(range) => CHUNK_LENGTH.min(range.start - first),
                None => CHUNK_LENGTH,
            };
            let length = length.min(parameters.len());
            let (step, others) = rest.split_at(length);
            let (now, later) = parameters.split_at_mut(length);
            let (of_now, of_later) = gradient.split_at(length);
            (rest, parameters, gradient) = (others, later, of_later);
            if is_kept {
                untrained.next();
            } else {
                chunks.push((step, now, of_now));
            }
            first += length;
        }
        run_all(chunks, |(step, parameters, gradient)| step.update(parameters, gradient));
        Ok(())
    }

    /// Checks that the moments are as long as the parameters.
    pub(super) fn check(&self, parameters: usize) -> Result<(), ChainError> {
        match self {
            Self::Adam { mean, variance, .. } => {
                check_length("the running mean", parameters, mean.len())?;
                check_length("the running variance", parameters, variance.len())
            }
            Self::Sgd { velocity, .. } => check_length("the velocity", parameters, velocity.len()),
        }
    }
}

impl Step<'_> {
    /// The same for a shorter time.
    pub(super) fn again(&mut self) -> Step<'_> {
        match self {
            Self::Adam { step, mean, variance } => Step::Adam { step: *step, mean, variance },
            Self::Sgd { step, velocity } => Step::Sgd { step: *step, velocity },
        }
    }
}

impl<'a> Step<'a> {
    /// The step of the first parameters, and that of the others.
    pub(super) fn split_at(self, parameters: usize) -> (Self, Self) {
        match self {
            Self::Adam { step, mean, variance } => {
                let (mean, other_mean) = mean.split_at_mut(parameters);
                let (variance, other_variance) = variance.split_at_mut(parameters);
                let other = Self::Adam { step, mean: other_mean, variance: other_variance };
                (Self::Adam { step, mean, variance }, other)
            }
            Self::Sgd { step, velocity } => {
                let (velocity, other) = velocity.split_at_mut(parameters);
                (Self::Sgd { step, velocity }, Self::Sgd { step, velocity: other })
            }
        }
    }

    /// Updates parameters and moments on the calling thread.
    pub(super) fn update(self, parameters: &mut [f32], gradient: &[f32]) {
        match self {
            Self::Adam { step, mean, variance } => {
                step.update(parameters, gradient, mean, variance);
            }
            Self::Sgd { step, velocity } => step.update(parameters, gradient, velocity),
        }
    }
}
