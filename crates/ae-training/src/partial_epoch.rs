//! How far an epoch has been learned.

use serde::{Deserialize, Serialize};

use crate::BatchLoss;

/// The batches of an epoch that were learned, and their mean loss: the training metric of the curve.
///
/// A clean stop within an epoch leaves one in the state, and a resume goes on from it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PartialEpoch {
    /// Batches that were learned.
    pub(crate) batches: usize,
    /// Images in them.
    pub(crate) images: usize,
    /// The sum of the images' reconstruction losses.
    loss: f64,
    /// The sum of the images' penalties, in the objective's order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    penalties: Vec<f64>,
}

impl PartialEpoch {
    /// Counts a batch; a short last batch weighs less in the mean.
    pub(crate) fn add(&mut self, mean: &BatchLoss, images: usize) {
        self.loss += mean.reconstruction * images as f64;
        self.penalties.resize(mean.penalties.len(), 0.0);
        for (sum, penalty) in self.penalties.iter_mut().zip(&mean.penalties) {
            *sum += penalty * images as f64;
        }
        self.images += images;
        self.batches += 1;
    }

    /// The mean loss of an image.
    pub(crate) fn mean_loss(&self) -> BatchLoss {
        let mean = |sum: f64| sum / self.images as f64;
        BatchLoss {
            reconstruction: mean(self.loss),
            penalties: self.penalties.iter().map(|&sum| mean(sum)).collect(),
        }
    }
}
