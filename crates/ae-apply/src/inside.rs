//! The denoiser inside this crate.

use std::path::Path;

use ae_models::{Device, SavedModel};

use crate::{ApplyError, Model};

/// The weights file of the denoiser, made by the recipe beside it, `denoiser.toml`.
const WEIGHTS: &[u8] = include_bytes!("../assets/denoiser.safetensors");

/// What the denoiser is called where a model's path would stand.
pub const DENOISER_INSIDE: &str = "the denoiser inside";

/// A denoiser for grey and colour photographs of any size with Gaussian noise of 5 to 55 grey levels of 255, which
/// needs no file.
///
/// It is the network `denoiser` (129 940 parameters), trained on procedural pictures ([`ae_dataset::Leaves`]), so that
/// it holds nothing of anybody's photographs. It is grey, and takes a colour picture as brightness and two differences
/// of colours.
///
/// # Errors
/// If the device cannot hold it.
pub fn denoiser_inside(device: &Device) -> Result<Model, ApplyError> {
    Model::new_on(SavedModel::from_bytes(WEIGHTS, Path::new(DENOISER_INSIDE))?, device)
}
