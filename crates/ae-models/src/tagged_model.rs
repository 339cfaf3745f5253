//! Models of any kind with their numbers, to be saved and loaded through a registry.

use std::path::Path;

use serde_json::Value;

use crate::candle::Device;
use crate::weights_file::{self, Fields};
use crate::{Architecture, Attachments, Inference, ModelError, NetworkSpec, Parameters, SavedPart};

/// A whole model of any kind: its tag, the fields of its specification, its architecture and its numbers.
///
/// [`SavedModel`](crate::SavedModel) is the same for the networks of this crate alone. Both write the same format.
pub struct TaggedModel {
    kind: String,
    fields: Fields,
    architecture: Box<dyn Architecture>,
    /// Its numbers, in the layout of the architecture.
    pub parameters: Parameters,
    /// What was fitted to it after its training.
    pub attachments: Attachments,
}

impl std::fmt::Debug for TaggedModel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TaggedModel")
            .field("kind", &self.kind)
            .field("fields", &self.fields)
            .field("parameters", &self.parameters.values().len())
            .finish_non_exhaustive()
    }
}

impl TaggedModel {
    /// A model with nothing attached.
    ///
    /// # Errors
    /// If the settings do not fit together, or the specification is not written as a JSON object.
    pub fn new<S: NetworkSpec>(spec: &S, parameters: Parameters) -> Result<Self, ModelError> {
        let fail = |reason: String| ModelError::Fields { reason };
        let fields = match serde_json::to_value(spec).map_err(|error| fail(error.to_string()))? {
            Value::Object(fields) => fields,
            other => return Err(fail(format!("expected a JSON object, found {other}"))),
        };
        let architecture = spec.architecture()?;
        let (kind, attachments) = (S::KIND.to_owned(), Attachments::default());
        Ok(Self { kind, fields, architecture, parameters, attachments })
    }

    pub(crate) fn from_parts(
        kind: String,
        fields: Fields,
        architecture: Box<dyn Architecture>,
        parameters: Parameters,
        attachments: Attachments,
    ) -> Self {
        Self { kind, fields, architecture, parameters, attachments }
    }

    /// The tag of its kind.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// Its architecture.
    pub fn architecture(&self) -> &dyn Architecture {
        self.architecture.as_ref()
    }

    /// Writes a weights file, whole or not at all.
    ///
    /// # Errors
    /// As [`SavedModel::save`](crate::SavedModel::save); also if the specification has a field that the format uses.
    pub fn save(&self, path: &Path) -> Result<(), ModelError> {
        if let Some(name) =
            weights_file::RESERVED.iter().find(|name| self.fields.contains_key(**name))
        {
            let reason = format!("it must not have the field `{name}`, which the format uses");
            return Err(ModelError::Fields { reason });
        }
        let mut spec = Fields::new();
        spec.insert("kind".to_owned(), self.kind.as_str().into());
        spec.extend(self.fields.clone());
        let (parameters, attachments) = (&self.parameters, &self.attachments);
        let written = weights_file::Written { spec: &spec, parameters, attachments };
        let layout = || Ok(self.architecture.layout().clone());
        weights_file::write(path, SavedPart::Model, &written, layout)
    }

    /// The model applied to slices of numbers: by the kernels if they can compute it and the device is the CPU,
    /// otherwise by candle.
    ///
    /// # Errors
    /// If the parameters are not the architecture's, the device cannot hold them, or candle is needed and the crate was
    /// built without it.
    pub fn inference(&self, device: &Device) -> Result<Box<dyn Inference>, ModelError> {
        self.architecture.inference(&self.parameters, device)
    }
}
