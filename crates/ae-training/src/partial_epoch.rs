//! How far an epoch has been learned.

use serde::{Deserialize, Serialize};

/// The batches of an epoch that were learned, and their mean loss: the training metric of the curve.
///
/// A clean stop within an epoch leaves one in the state, and a resume goes on from it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PartialEpoch {
    /// Batches that were learned.
    pub(crate) batches: usize,
    /// Images in them.
    pub(crate) images: usize,
    /// The sum of the images' losses.
    loss: f64,
}

impl PartialEpoch {
    /// Counts a batch; a short last batch weighs less in the mean.
    pub(crate) fn add(&mut self, mean_loss: f64, images: usize) {
        self.loss += mean_loss * images as f64;
        self.images += images;
        self.batches += 1;
    }

    /// The mean loss of an image.
    pub(crate) fn mean_loss(&self) -> f64 {
        self.loss / self.images as f64
    }
}
