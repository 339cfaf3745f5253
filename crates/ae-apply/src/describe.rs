//! The contents of a weights file as plain data.

use std::path::Path;

use ae_models::{
    Attachments, ModelError, ModelSpec, Parameters, SavedEncoder, SavedModel, SavedPart,
};
use serde::Serialize;

use crate::error::ApplyError;
use crate::model::model_file;

/// The contents of a weights file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Description {
    /// The file.
    pub file: String,
    /// A whole model or an encoder alone.
    pub part: SavedPart,
    /// The network: kind, image, layers.
    pub model: ModelSpec,
    /// Its tensors, in the order of the parameter buffer.
    pub tensors: Vec<TensorDescription>,
    /// The number of parameters of all tensors.
    pub parameters: usize,
    /// SHA-256 of the parameters as little-endian `f32`.
    pub weights_sha256: String,
    /// The attachments by name: scaling, settings of the training, anomaly detector, codec.
    pub attachments: Attachments,
}

/// A tensor of a weights file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TensorDescription {
    /// Its name.
    pub name: String,
    /// Its shape.
    pub shape: Vec<usize>,
}

/// Describes the weights file of a model or of an encoder alone, or the `model.safetensors` of a folder.
///
/// # Errors
/// If the file cannot be read, is damaged or is no weights file.
pub fn describe(path: &Path) -> Result<Description, ApplyError> {
    let file = model_file(path)?;
    let (part, model, parameters, attachments) = match SavedModel::load(&file) {
        Err(ModelError::WrongPart { .. }) => {
            let SavedEncoder { spec, parameters, attachments } = SavedEncoder::load(&file)?;
            (SavedPart::Encoder, spec, parameters, attachments)
        }
        loaded => {
            let SavedModel { spec, parameters, attachments } = loaded?;
            (SavedPart::Model, spec, parameters, attachments)
        }
    };
    Ok(Description {
        file: file.display().to_string(),
        part,
        model,
        tensors: tensors(&parameters),
        parameters: parameters.values().len(),
        weights_sha256: parameters.sha256(),
        attachments,
    })
}

fn tensors(parameters: &Parameters) -> Vec<TensorDescription> {
    let views = parameters.layout().views().iter();
    views
        .map(|view| TensorDescription { name: view.name.clone(), shape: view.shape.clone() })
        .collect()
}
