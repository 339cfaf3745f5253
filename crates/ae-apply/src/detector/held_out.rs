//! Scores for calibration where the normal items are the data of the model's training.

use ae_dataset::held_out_items;

use crate::error::ApplyError;
use crate::model_input::ModelInput;

/// Fewest held-out items that calibrate by themselves: with fewer, no p-value is as small as 0.05.
const FEWEST: usize = 19;

/// What is known of the items that a detector is fitted to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Normals {
    /// Items that the model was not trained on, as far as is known.
    New,
    /// The data of the model's training, of which a part was held out by its seed.
    OfTraining,
}

/// The scores that threshold and p-values come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CalibratedBy {
    /// The scores of all items, unchanged.
    All,
    /// The scores of the items that the training held out.
    HeldOut,
    /// The scores of all items. Too few items were held out, so the scores of training items are multiplied by the ratio of
    /// the mean score of the held-out items to that of the training items.
    Enlarged,
}

/// Scores to calibrate with.
pub(super) struct CalibrationScores {
    pub(super) scores: Vec<f64>,
    pub(super) by: CalibratedBy,
}

/// The scores of the items as if the model had not been trained on them, because a model reconstructs its training items
/// better than new ones. They stay unchanged if it is not known which items were held out.
pub(super) fn calibration_scores(
    scores: Vec<f64>,
    normals: Normals,
    skipped: usize,
    input: &ModelInput,
) -> Result<CalibrationScores, ApplyError> {
    let places = held_out_places(scores.len(), normals, skipped, input)?;
    let held_out: Vec<f64> =
        places.iter().filter_map(|&place| scores.get(place as usize).copied()).collect();
    Ok(match held_out.len() {
        0 => CalibrationScores { scores, by: CalibratedBy::All },
        1..FEWEST => {
            CalibrationScores { scores: enlarged(scores, &places), by: CalibratedBy::Enlarged }
        }
        _ => CalibrationScores { scores: held_out, by: CalibratedBy::HeldOut },
    })
}

/// The places of the items that the training held out; empty if they are not known.
fn held_out_places(
    items: usize,
    normals: Normals,
    skipped: usize,
    input: &ModelInput,
) -> Result<Vec<u32>, ApplyError> {
    let settings = input.settings.as_ref().filter(|_| normals == Normals::OfTraining);
    let data = settings.and_then(|settings| settings.data.as_ref());
    let fraction = settings.and_then(|settings| settings.test_fraction);
    let (Some(settings), Some(data), Some(fraction)) = (settings, data, fraction) else {
        return Ok(Vec::new());
    };
    // The split of pictures counts unreadable ones; the split of a table does not count unreadable rows.
    let is_known = skipped == 0 || input.format.scaling.is_some();
    if !is_known || data.train_images + data.test_images != items {
        return Ok(Vec::new());
    }
    Ok(held_out_items(items, fraction, settings.seed())?)
}

/// Enlarges the scores of the items at other places than these to the mean of those at these places.
fn enlarged(mut scores: Vec<f64>, places: &[u32]) -> Vec<f64> {
    let is_new = |place: usize| places.binary_search(&(place as u32)).is_ok();
    let mean = |new: bool| {
        let chosen: Vec<f64> = (0..scores.len())
            .filter(|&place| is_new(place) == new)
            .map(|place| scores[place])
            .collect();
        chosen.iter().sum::<f64>() / chosen.len() as f64
    };
    let ratio = mean(true) / mean(false);
    if ratio.is_finite() && ratio > 1.0 {
        let trained = scores.iter_mut().enumerate().filter(|&(place, _)| !is_new(place));
        trained.for_each(|(_, score)| *score *= ratio);
    }
    scores
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_of_training_items_are_enlarged_and_never_made_smaller() {
        assert_eq!(enlarged(vec![1.0, 6.0, 3.0, 2.0], &[1]), [3.0, 6.0, 9.0, 6.0]);
        assert_eq!(enlarged(vec![4.0, 1.0, 2.0], &[1]), [4.0, 1.0, 2.0]);
        assert_eq!(enlarged(vec![0.0, 1.0, 0.0], &[1]), [0.0, 1.0, 0.0]);
    }
}
