//! The format of a model's inputs: all that reading for it needs.

use std::borrow::Cow;

use crate::{ImageShape, Scaling};

/// The format of the inputs that a model takes.
#[derive(Debug, Clone, PartialEq)]
pub struct InputFormat {
    /// The shape of an image. A row of a table is a grey image of one row.
    pub shape: ImageShape,
    /// The scaling of the columns, if the model was trained on a table.
    pub scaling: Option<Scaling>,
}

impl InputFormat {
    /// The numbers that the network receives for items, `n x channels x height x width`: images unchanged, rows of a
    /// table bounded by [`Scaling::network_input`].
    pub fn network_input<'a>(&self, items: &'a [f32]) -> Cow<'a, [f32]> {
        match &self.scaling {
            Some(scaling) => scaling.network_input(items),
            None => Cow::Borrowed(items),
        }
    }

    /// Overwrites the constant columns of rows that a network made; see [`Scaling::restore_constants`]. Images stay
    /// unchanged.
    pub fn restore_constants(&self, items: &mut [f32]) {
        if let Some(scaling) = &self.scaling {
            scaling.restore_constants(items);
        }
    }

    /// The part of each item that the network does not receive: [`Scaling::hidden_deviations`] for rows of a table, 0 for
    /// images.
    pub fn hidden_deviations(&self, items: &[f32]) -> Vec<f64> {
        match &self.scaling {
            Some(scaling) => scaling.hidden_deviations(items),
            None => vec![0.0; items.len() / self.shape.size().max(1)],
        }
    }
}
