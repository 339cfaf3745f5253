//! What a weights file holds, in plain data.

use std::path::Path;

use ae_models::{
    Attachments, ModelError, ModelSpec, Parameters, SavedEncoder, SavedModel, SavedPart,
};
use serde::Serialize;

use crate::error::ApplyError;
use crate::model::model_file;

/// What a weights file holds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Description {
    /// The file.
    pub file: String,
    /// A whole model or an encoder alone.
    pub part: SavedPart,
    /// What the model is: kind, image, widths, activations.
    pub model: ModelSpec,
    /// Its tensors, in their order.
    pub tensors: Vec<TensorDescription>,
    /// How many parameters they have in all.
    pub parameters: usize,
    /// SHA-256 of the parameters.
    pub weights_sha256: String,
    /// What was fitted to the model after its training, by name.
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

/// Describes a weights file, of an encoder alone too, or the model of a run.
///
/// # Errors
/// If there is no such file or it is not a weights file.
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
