//! A batch and what comes back of it.

use std::fmt;
use std::ops::Range;

use crate::chain::Draws;
use crate::{Chain, Objective};

/// What a chain is trained to output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// Its input.
    Input,
    /// Rows of their own: the clean image of a corrupted one.
    Separate,
    /// Rows of their own, of which the loss counts some numbers alone: its mean is over these. The others are NaN. The
    /// loss is the squared error.
    Masked {
        /// The numbers that are counted in every row, at least 1.
        counted: usize,
    },
}

/// What is minimised over which chain.
#[derive(Debug, Clone, Copy)]
pub struct Problem<'a> {
    /// The layers.
    pub chain: &'a Chain,
    /// The objective, which must suit the chain (see [`Chain::check_objective`]).
    pub objective: &'a Objective,
}

/// The rows of a batch: items with channels first.
#[derive(Clone, Copy)]
pub struct Batch<'a, F> {
    pub(super) rows: usize,
    pub(super) target: Target,
    pub(super) fill: F,
    pub(super) draws: Option<&'a Draws<'a>>,
}

impl<F> fmt::Debug for Batch<'_, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let draws = self.draws.is_some();
        f.debug_struct("Batch").field("rows", &self.rows).field("draws", &draws).finish()
    }
}

impl<'a, F: Fn(Range<usize>, &mut [f32], &mut [f32]) + Sync> Batch<'a, F> {
    /// A batch of so many rows. The gradient of no rows is 0.
    ///
    /// `fill(range, inputs, targets)` writes the rows of the range: (rows, inputs) and (rows, outputs) numbers. With
    /// [`Target::Input`] the targets are empty. It is called on any thread and in any order, once for each row and for
    /// neighbouring rows together.
    pub fn new(rows: usize, target: Target, fill: F) -> Self {
        Self { rows, target, fill, draws: None }
    }

    /// The same batch with a source of random numbers, which layers that draw need ([`Chain::draws`]).
    ///
    /// `draws(layer, rows, numbers)` writes the numbers of the layer with this index for these rows: as many for each
    /// row as [`Chain::draws`] says, channels first; uniform ones in [0, 1) for [`Dropout`](crate::Dropout), standard
    /// normal ones for [`GaussianNoise`](crate::GaussianNoise) and [`Sample`](crate::Sample). It is called on any
    /// thread, in any order, and possibly more than once for a row, for which it must write the same numbers again.
    #[must_use]
    pub fn with_draws(mut self, draws: &'a Draws<'a>) -> Self {
        self.draws = Some(draws);
        self
    }
}

/// The objective of a batch and the size of its gradient.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BatchSummary {
    /// The loss of the reconstruction, a mean (see [`Loss`](crate::Loss)).
    pub reconstruction: f64,
    /// Each penalty of the objective with its weight, in the objective's order.
    pub penalties: Vec<f64>,
    /// The squared norm of the gradient: [`squared_norm`](crate::squared_norm), but summed block by block.
    pub squared_norm: f64,
    /// The statistics of the batch before each layer of batch normalisation, in their order.
    pub statistics: Vec<BatchStatistics>,
}

impl BatchSummary {
    /// The sum of the loss and the penalties: what is minimised.
    pub fn objective(&self) -> f64 {
        self.reconstruction + self.penalties.iter().sum::<f64>()
    }
}

/// The statistics of a batch before a layer of batch normalisation.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BatchStatistics {
    /// Index of the layer.
    pub layer: usize,
    /// Numbers of a channel: items times positions.
    pub count: usize,
    /// The mean of each channel.
    pub mean: Vec<f32>,
    /// The variance of each channel, with the divisor `count`.
    pub variance: Vec<f32>,
}
