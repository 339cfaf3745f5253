//! Texts of arguments to values.

use std::path::PathBuf;

use ae_corruption::Noise;
use ae_models::Loss;

use super::{MaybeNoise, NoiseChoice, OutputKind, OutputPath};

pub(super) fn positive(text: &str) -> Result<f64, String> {
    let value: f64 = text.parse().map_err(|_| "expected a number".to_owned())?;
    // What single precision takes for 0 or for infinite is neither.
    let single = value as f32;
    if single.is_finite() && single > 0.0 {
        Ok(value)
    } else {
        Err("expected a finite number above 0, from 1e-45 to 3e38".to_owned())
    }
}

pub(super) fn not_negative(text: &str) -> Result<f32, String> {
    let value: f32 = text.parse().map_err(|_| "expected a number".to_owned())?;
    if value.is_finite() && value >= 0.0 {
        Ok(value)
    } else {
        Err("expected a finite number, 0 or above".to_owned())
    }
}

pub(super) fn loss(text: &str) -> Result<Loss, String> {
    match text {
        "binary-cross-entropy" => Ok(Loss::BinaryCrossEntropy),
        "mean-squared-error" => Ok(Loss::MeanSquaredError),
        _ => Err("expected binary-cross-entropy or mean-squared-error".to_owned()),
    }
}

pub(super) fn noise(text: &str) -> Result<NoiseChoice, String> {
    if text == "none" {
        return Ok(NoiseChoice::None);
    }
    text.parse::<Noise>().map(NoiseChoice::Of).map_err(|error| error.to_string())
}

pub(super) fn noise_if_any(text: &str) -> Result<MaybeNoise, String> {
    Ok(noise(text)?.into())
}

pub(super) fn device(text: &str) -> Result<String, String> {
    let index = text.strip_prefix("cuda:").map(str::parse::<usize>);
    match text {
        "cpu" | "cuda" | "metal" => Ok(text.to_owned()),
        _ if matches!(index, Some(Ok(_))) => Ok(text.to_owned()),
        _ => Err("expected cpu, cuda, cuda:N or metal".to_owned()),
    }
}

pub(super) fn target(text: &str) -> Result<OutputPath, String> {
    let path = OutputPath::file_or_folder(text.into());
    if path.is_folder() {
        return Ok(path);
    }
    file_that_ends_with(text, &["npy", "csv", "png", "svg"]).ok_or_else(|| {
        "expected a file that ends with .npy, .csv, .png or .svg, or a folder, such as out/"
            .to_owned()
    })
}

pub(super) fn npy_file(text: &str) -> Result<OutputPath, String> {
    file_that_ends_with(text, &["npy"])
        .ok_or_else(|| "expected a file that ends with .npy".to_owned())
}

pub(super) fn file_that_ends_with(text: &str, endings: &[&str]) -> Option<OutputPath> {
    let path = PathBuf::from(text);
    let ending = path.extension()?.to_str()?;
    endings.contains(&ending).then(|| OutputPath::new(path, OutputKind::File))
}

/// A whole number between bounds, such as how many there are.
pub(super) fn whole<const LEAST: usize, const MOST: usize>(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| (LEAST..=MOST).contains(number));
    number.ok_or_else(|| format!("expected a number from {LEAST} to {MOST}"))
}

pub(super) fn smoothing(text: &str) -> Result<f32, String> {
    let sigma = text.parse().ok().filter(|sigma| (0.0..=100.0).contains(sigma));
    sigma.ok_or_else(|| "expected a number from 0 to 100".to_owned())
}

pub(super) fn figure_file(text: &str) -> Result<OutputPath, String> {
    file_that_ends_with(text, &["png", "svg"])
        .ok_or_else(|| "expected a file that ends with .png or .svg".to_owned())
}
