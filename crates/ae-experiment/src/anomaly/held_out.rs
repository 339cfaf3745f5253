//! Which normals the model was not trained on, where they are the data of its training.

use ae_dataset::held_out_items;

use crate::{ExperimentError, ModelInput};

/// Fewest held-out items that calibrate by themselves: of fewer, none has a p-value of 0.05.
const FEWEST: usize = 19;

/// Which items an anomaly detector is fitted to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Normals {
    /// Items that the model was not trained on, as far as is known.
    New,
    /// The data of the model's training, of which a part was held out by its seed.
    OfTraining,
}

/// The scores that a threshold comes from: those of the items that the training held out, if these are known
/// and enough; otherwise all. A model reconstructs what it was trained on better than new items.
pub(super) fn honest_scores(
    scores: Vec<f64>,
    normals: Normals,
    skipped: usize,
    input: &ModelInput,
) -> Result<Vec<f64>, ExperimentError> {
    let settings = input.settings.as_ref().filter(|_| normals == Normals::OfTraining);
    let Some((settings, data)) =
        settings.and_then(|settings| Some((settings, settings.data.as_ref()?)))
    else {
        return Ok(scores);
    };
    // What was held out of pictures counts those that cannot be read; rows are counted without them.
    let is_known = skipped == 0 || input.format.scaling.is_some();
    let Some(fraction) = settings.test_fraction.filter(|_| is_known) else { return Ok(scores) };
    if data.train_images + data.test_images != scores.len() || data.test_images < FEWEST {
        return Ok(scores);
    }
    let held_out = held_out_items(scores.len(), fraction, settings.seed())?;
    Ok(held_out.into_iter().filter_map(|item| scores.get(item as usize).copied()).collect())
}
