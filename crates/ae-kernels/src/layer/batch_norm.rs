//! Batch normalisation.

use super::{Kind, Place, Refusal, Role};
use crate::Shape;

/// Batch normalisation of each channel over items and positions (Ioffe and Szegedy, ICML 2015, algorithm 1):
/// `y = weight (x - mean) / sqrt(variance + epsilon) + bias`.
///
/// Training uses mean and variance (divisor n) of the batch; inference the running ones.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BatchNorm {
    /// Index of the first number of the weight in the flat parameter buffer, a number for each channel; so are the
    /// others.
    pub weight: usize,
    /// Index of the first number of the bias.
    pub bias: usize,
    /// Index of the first running mean. Running statistics are not trained.
    pub running_mean: usize,
    /// Index of the first running variance.
    pub running_variance: usize,
    /// The part of a step's statistics in the new running ones, in [0, 1].
    pub momentum: f32,
    /// What is added to a variance, above 0.
    pub epsilon: f32,
}

impl Kind for BatchNorm {
    fn output(&self, input: Shape) -> Result<Shape, Refusal> {
        if !(0.0..=1.0).contains(&self.momentum) {
            return Err(Refusal::new("a momentum in [0, 1]", self.momentum));
        }
        if !(self.epsilon > 0.0 && self.epsilon.is_finite()) {
            return Err(Refusal::new("a finite epsilon above 0", self.epsilon));
        }
        Ok(input)
    }

    fn places(&self, input: Shape) -> Vec<Place> {
        let place = |role, offset| Place::new(role, offset, input.channels);
        vec![
            place(Role::PerSlice, self.weight),
            place(Role::PerSlice, self.bias),
            place(Role::Untrained, self.running_mean),
            place(Role::Untrained, self.running_variance),
        ]
    }
}
