//! The names of metrics in curves and records.

use ae_models::Loss;

/// Validation: binary cross-entropy per pixel.
pub(crate) const VALIDATION_BCE: &str = "val_bce";
/// Validation: squared error per pixel.
pub(crate) const VALIDATION_MSE: &str = "val_mse";
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

/// The name of the training loss in the curve: `train_bce` or `train_mse`.
pub fn train_metric(loss: Loss) -> &'static str {
    match loss {
        Loss::BinaryCrossEntropy => "train_bce",
        Loss::MeanSquaredError => "train_mse",
    }
}

/// The name of the validation loss in the curve: `val_bce` or `val_mse`.
pub fn validation_metric(loss: Loss) -> &'static str {
    match loss {
        Loss::BinaryCrossEntropy => VALIDATION_BCE,
        Loss::MeanSquaredError => VALIDATION_MSE,
    }
}

/// The names of a curve's metrics, sorted. `val_bce` is among them if the model's output is a probability.
pub fn curve_metrics(loss: Loss, output_is_probability: bool) -> Vec<&'static str> {
    let cross_entropy = output_is_probability.then_some(VALIDATION_BCE);
    [train_metric(loss)].into_iter().chain(cross_entropy).chain([VALIDATION_MSE]).collect()
}
