//! The names of metrics in curves and records.

use ae_models::{Architecture, Loss, Objective, Penalty};

use crate::variational::has_bound;
use crate::{BatchLoss, Counted, Metrics};

/// Validation: the divergence of codes from their prior, in nats an item.
pub(crate) const VALIDATION_KL: &str = "val_kl";
/// Validation: the negative evidence lower bound, in nats an item.
pub(crate) const VALIDATION_NEGATIVE_ELBO: &str = "val_negative_elbo";
/// Validation: squared error per image, summed over its pixels.
pub(crate) const VALIDATION_SSE: &str = "val_sse";
/// Validation: peak signal-to-noise ratio.
pub(crate) const VALIDATION_PSNR: &str = "val_psnr";
/// Validation: structural similarity.
pub(crate) const VALIDATION_SSIM: &str = "val_ssim";
/// Corrupted input against clean image: squared error per pixel.
pub(crate) const NOISY_MSE: &str = "noisy_mse";
/// Corrupted input against clean image: peak signal-to-noise ratio.
pub(crate) const NOISY_PSNR: &str = "noisy_psnr";
/// Corrupted input against clean image: structural similarity.
pub(crate) const NOISY_SSIM: &str = "noisy_ssim";

/// The short name of a loss.
fn short_name(loss: Loss) -> &'static str {
    match loss {
        Loss::BinaryCrossEntropy => "bce",
        Loss::MeanSquaredError => "mse",
        Loss::MeanAbsoluteError => "mae",
        Loss::SoftmaxCrossEntropy => "ce",
    }
}

/// The name of the training loss in the curve: `train_bce`, `train_mse` or `train_mae`; of blind spots `train_blind_spot_mse`.
pub fn train_metric(loss: Loss, counted: Counted) -> String {
    format!("train_{}", name_of(loss, counted))
}

/// The name of a loss in the validation: `val_bce`, `val_mse` or `val_mae`; of blind spots `val_blind_spot_mse`.
pub fn validation_metric(loss: Loss, counted: Counted) -> String {
    format!("val_{}", name_of(loss, counted))
}

/// The error at blind spots is that to a noisy pixel, and no error of a reconstruction.
fn name_of(loss: Loss, counted: Counted) -> String {
    match counted {
        Counted::All => short_name(loss).to_owned(),
        Counted::BlindSpots => format!("blind_spot_{}", short_name(loss)),
    }
}

/// The name of the validation metric that a best model is chosen by: the negative evidence lower bound of a variational
/// model, otherwise that of the loss.
pub fn deciding_metric(
    architecture: &dyn Architecture,
    objective: &Objective,
    counted: Counted,
) -> String {
    if has_bound(architecture) {
        VALIDATION_NEGATIVE_ELBO.to_owned()
    } else {
        validation_metric(objective.loss, counted)
    }
}

/// The names of a curve's metrics, sorted: the training loss, each penalty, and those of the validation.
pub fn curve_metrics(
    architecture: &dyn Architecture,
    objective: &Objective,
    counted: Counted,
) -> Vec<String> {
    let train = train_metrics(objective, &BatchLoss::default(), counted).into_keys();
    let mut names: Vec<String> =
        train.chain([validation_metric(Loss::MeanSquaredError, counted)]).collect();
    if objective.loss == Loss::MeanAbsoluteError {
        names.push(validation_metric(objective.loss, counted));
    }
    if architecture.output_is_probability() && counted == Counted::All {
        names.push(validation_metric(Loss::BinaryCrossEntropy, counted));
    }
    if has_bound(architecture) {
        names.extend([VALIDATION_KL, VALIDATION_NEGATIVE_ELBO].map(str::to_owned));
    }
    names.sort();
    names
}

/// The training loss and each penalty by name; penalties of one kind are added up.
pub(crate) fn train_metrics(objective: &Objective, mean: &BatchLoss, counted: Counted) -> Metrics {
    let name = train_metric(objective.loss, counted);
    let mut metrics = Metrics::from([(name, mean.reconstruction)]);
    for (place, name) in penalty_names(objective).into_iter().enumerate() {
        let value = mean.penalties.get(place).copied().unwrap_or_default();
        *metrics.entry(format!("train_{name}")).or_default() += value;
    }
    metrics
}

/// The names of an objective's penalties, in its order.
fn penalty_names(objective: &Objective) -> Vec<&'static str> {
    objective.penalties.iter().map(Penalty::name).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_loss_has_names_of_its_own() {
        let names: BTreeSet<String> = Loss::ALL
            .into_iter()
            .flat_map(|loss| {
                let of = |counted| [train_metric(loss, counted), validation_metric(loss, counted)];
                [of(Counted::All), of(Counted::BlindSpots)].concat()
            })
            .collect();
        assert_eq!(names.len(), 4 * Loss::ALL.len());
        // A loss is read by its short name too, if it has one in files.
        assert_eq!("bce".parse(), Ok(Loss::BinaryCrossEntropy));
        assert!(names.contains("train_bce") && names.contains("val_blind_spot_mse"));
    }
}
