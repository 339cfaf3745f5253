//! Texts of arguments to values.

use std::path::PathBuf;

use ae_experiment::{Loss, Noise};

use super::NoiseChoice;

pub(super) fn positive(text: &str) -> Result<f64, String> {
    let value: f64 = text.parse().map_err(|_| "expected a number".to_owned())?;
    if value.is_finite() && value > 0.0 {
        Ok(value)
    } else {
        Err("expected a finite number above 0".to_owned())
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

pub(super) fn device(text: &str) -> Result<String, String> {
    let index = text.strip_prefix("cuda:").map(str::parse::<usize>);
    match text {
        "cpu" | "cuda" | "metal" => Ok(text.to_owned()),
        _ if matches!(index, Some(Ok(_))) => Ok(text.to_owned()),
        _ => Err("expected cpu, cuda, cuda:N or metal".to_owned()),
    }
}

pub(super) fn target(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    if text.ends_with(std::path::is_separator) || path.is_dir() {
        return Ok(path);
    }
    file_that_ends_with(text, &["npy", "csv", "png", "svg"]).ok_or_else(|| {
        "expected a file that ends with .npy, .csv, .png or .svg, or a folder, such as out/"
            .to_owned()
    })
}

pub(super) fn npy_file(text: &str) -> Result<PathBuf, String> {
    file_that_ends_with(text, &["npy"])
        .ok_or_else(|| "expected a file that ends with .npy".to_owned())
}

pub(super) fn file_that_ends_with(text: &str, endings: &[&str]) -> Option<PathBuf> {
    let path = PathBuf::from(text);
    let ending = path.extension()?.to_str()?;
    endings.contains(&ending).then_some(path)
}

pub(super) fn figure_file(text: &str) -> Result<PathBuf, String> {
    file_that_ends_with(text, &["png", "svg"])
        .ok_or_else(|| "expected a file that ends with .png or .svg".to_owned())
}
