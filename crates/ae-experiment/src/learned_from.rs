//! What a denoising model learns from: noise, pairs of pictures, or blind spots in noisy ones.

use ae_apply::has_noise_level;
use ae_corruption::{Corruption, Draw};
use ae_dataset::Dataset;
use ae_models::{CheckedNetwork, Loss, ModelKind};
use ae_training::BlindSpots;

use crate::{CorruptionSpec, ExperimentError, NetworkName, Spec};

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
    check_noise_level(spec, dataset, network)?;
    check_drawn(spec, dataset)?;
    match spec.training.blind_spot {
        Some(fraction) => check_blind_spots(fraction, spec, dataset, network),
        None => Ok(()),
    }
}

fn check_kind(spec: &Spec, dataset: &Dataset) -> Result<(), ExperimentError> {
    if (spec.model.kind, spec.model.name()) == (ModelKind::Regular, NetworkName::Denoiser) {
        let expected =
            "denoising for the network `denoiser`: without noise it has nothing to learn";
        return Err(ExperimentError::setting("model.kind", expected, "regular"));
    }
    let is_given = [
        ("corruption", spec.corruption.is_some(), "a noise"),
        ("data.target", dataset.inputs.is_some(), "a folder"),
        ("training.blind_spot", spec.training.blind_spot.is_some(), "a fraction"),
    ];
    let given = is_given.into_iter().find(|(_, is_given, _)| *is_given);
    let (place, expected, found) = match (spec.model.kind, given) {
        (ModelKind::Denoising, None) => {
            let expected =
                "given for a denoising model, unless data.target or training.blind_spot is";
            ("corruption", expected, "none")
        }
        (ModelKind::Regular, Some((place, _, found))) => {
            (place, "left out for a regular model", found)
        }
        _ => return Ok(()),
    };
    Err(ExperimentError::setting(place, expected, found))
}

/// Refuses a network that is told a noise level where none is known, in training or when the model is applied.
fn check_noise_level(
    spec: &Spec,
    dataset: &Dataset,
    network: &CheckedNetwork,
) -> Result<(), ExperimentError> {
    if !network.network().noise_level {
        return Ok(());
    }
    let refused = |expected: &str, found: &str| {
        Err(ExperimentError::setting("model.noise_level", expected, found))
    };
    if dataset.scaling.is_some() || !has_noise_level(dataset.train.shape()) {
        let expected = "false where items are no images of at least 3 x 3 pixels, whose noise can be estimated";
        return refused(expected, "true");
    }
    if dataset.inputs.is_some() {
        return refused("false with data.target, as the noise of the inputs is not known", "true");
    }
    if spec.training.blind_spot.is_some() {
        let expected = "false with training.blind_spot, as the level of the noise is not known";
        return refused(expected, "true");
    }
    match &spec.corruption {
        None => refused("false without noise, which has no level", "true"),
        Some(CorruptionSpec { noise, .. }) if noise.level_range().is_none() => refused(
            "false: this noise has no known standard deviation",
            &format!("true with {noise}"),
        ),
        Some(_) => Ok(()),
    }
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
        let expected = "left out with training.blind_spot, which learns from noisy images alone";
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
    if network.network().residual {
        // What hides a pixel has little noise. Added to the output of the layers, a pixel that is seen keeps its own.
        let expected = "false with training.blind_spot: a seen pixel would keep its noise";
        return refused("model.residual", expected, "true");
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
    Ok(())
}
