//! What a denoising model learns from: noise, pairs of pictures, or blind spots in noisy ones.

use ae_corruption::{Corruption, Draw};
use ae_dataset::Dataset;
use ae_models::{CheckedNetwork, Loss, ModelKind};
use ae_training::BlindSpots;

use crate::{ExperimentError, NetworkName, Spec};

/// Checks that a denoising model has something to remove, and a regular one has not, and that all of it goes together.
///
/// # Errors
/// [`ExperimentError::Setting`].
pub(crate) fn check(
    spec: &Spec,
    dataset: &Dataset,
    network: &CheckedNetwork,
) -> Result<(), ExperimentError> {
    check_kind(spec, dataset)?;
    check_noise_level(spec, network)?;
    check_drawn(spec, dataset)?;
    match spec.training.blind_spot {
        Some(fraction) => check_blind_spots(fraction, spec, dataset, network),
        None => Ok(()),
    }
}

fn check_kind(spec: &Spec, dataset: &Dataset) -> Result<(), ExperimentError> {
    if (spec.model.kind, spec.model.name()) == (ModelKind::Regular, NetworkName::Denoiser) {
        let expected =
            "denoising for the network `denoiser`, which without noise has nothing to learn";
        return Err(ExperimentError::setting("model.kind", expected, "regular"));
    }
    let is_given = [
        ("corruption", spec.corruption.is_some(), "a noise"),
        ("data.target", dataset.inputs.is_some(), "a folder"),
        ("training.blind_spot", spec.training.blind_spot.is_some(), "a fraction"),
    ];
    let given = is_given.into_iter().find(|(_, is_given, _)| *is_given);
    let (place, expected, found) = match (spec.model.kind, given) {
        (ModelKind::Denoising, None) => ("corruption", "given for a denoising model", "none"),
        (ModelKind::Regular, Some((place, _, found))) => {
            (place, "left out for a regular model", found)
        }
        _ => return Ok(()),
    };
    Err(ExperimentError::setting(place, expected, found))
}

/// Refuses a network that is told a noise level which the noise does not have.
fn check_noise_level(spec: &Spec, network: &CheckedNetwork) -> Result<(), ExperimentError> {
    let noise = spec.corruption.as_ref().map(|corruption| &corruption.noise);
    if !network.network().noise_level || noise.is_some_and(|it| it.level_range().is_some()) {
        return Ok(());
    }
    let expected = "false, as the level is known of Gaussian noise alone";
    let found = noise.map_or("true without noise".to_owned(), |it| format!("true with {it}"));
    Err(ExperimentError::setting("model.noise_level", expected, &found))
}

/// Refuses noise that stays the same while the patches change.
fn check_drawn(spec: &Spec, dataset: &Dataset) -> Result<(), ExperimentError> {
    let drawn = spec.corruption.as_ref().map(|corruption| corruption.drawn);
    match drawn.filter(|&drawn| drawn == Draw::Once && dataset.patches.is_some()) {
        Some(drawn) => {
            let expected = "every-epoch for patches, which are others in every epoch";
            Err(ExperimentError::setting("corruption.drawn", expected, &drawn.to_string()))
        }
        None => Ok(()),
    }
}

/// Checks a training from noisy images alone.
fn check_blind_spots(
    fraction: f64,
    spec: &Spec,
    dataset: &Dataset,
    network: &CheckedNetwork,
) -> Result<(), ExperimentError> {
    let refused =
        |place, expected: &str, found: &str| Err(ExperimentError::setting(place, expected, found));
    let place = "training.blind_spot";
    if !(fraction > 0.0 && fraction <= BlindSpots::MOST) {
        let expected = format!("above 0 and at most {}", BlindSpots::MOST);
        return refused(place, &expected, &fraction.to_string());
    }
    if dataset.inputs.is_some() {
        let expected = "left out for noisy images alone, as blind spots are";
        return refused("data.target", expected, "a folder");
    }
    let shape = dataset.train.shape();
    if dataset.scaling.is_some() || shape.height * shape.width < 2 {
        return refused(place, "left out where items are no images", &fraction.to_string());
    }
    if spec.training.loss != Loss::MeanSquaredError {
        let expected = "mean-squared-error with training.blind_spot";
        return refused("training.loss", expected, &spec.training.loss.to_string());
    }
    if network.is_variational() {
        return refused(place, "left out where codes are samples", &fraction.to_string());
    }
    if network.network().noise_level {
        let expected = "false with training.blind_spot, as the level of the noise is not known";
        return refused("model.noise_level", expected, "true");
    }
    let Some(corruption) = &spec.corruption else { return Ok(()) };
    if corruption.drawn == Draw::EveryEpoch {
        let expected = if dataset.patches.is_some() {
            "left out with training.blind_spot for patches: the pictures must be noisy themselves, the same in every epoch"
        } else {
            "drawn once with training.blind_spot, as a noisy image is the same in every epoch"
        };
        return refused("corruption", expected, &corruption.drawn.to_string());
    }
    if corruption.noise.is_spatial() {
        tracing::warn!(
            "the noise {} is alike in neighbouring pixels: what can be found from neighbours is not removed by learning \
             from blind spots",
            corruption.noise
        );
    }
    Ok(())
}
