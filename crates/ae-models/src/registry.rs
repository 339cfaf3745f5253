//! The registry of the kinds of networks that can be loaded from weights files.

use std::collections::BTreeMap;
use std::path::Path;

use ae_files::read_bounded;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::weights_file::{self, Contents, Fields, take_kind};
use crate::{
    Architecture, MAX_FILE_BYTES, ModelError, ModelKind, ModelSpec, NetworkSpec, SavedPart,
    TaggedModel, WeightTypes,
};

/// Makes the architecture of these fields, and brings them into the form that is written.
type Constructor = fn(&mut Fields) -> Result<Box<dyn Architecture>, ModelError>;

/// The kinds of networks that can be loaded, by their tags. The default knows the two of this crate, `regular` and
/// `denoising`.
#[derive(Debug, Clone)]
pub struct Registry {
    constructors: BTreeMap<String, Constructor>,
}

impl Default for Registry {
    fn default() -> Self {
        let kinds = [ModelKind::Regular, ModelKind::Denoising];
        let constructors = kinds.map(|kind| (kind.to_string(), own as Constructor));
        Self { constructors: constructors.into() }
    }
}

impl Registry {
    /// The same registry with one more kind of network.
    ///
    /// # Errors
    /// [`ModelError::KindTaken`] if the tag is registered already.
    pub fn with<S: NetworkSpec>(mut self) -> Result<Self, ModelError> {
        if self.constructors.insert(S::KIND.to_owned(), foreign::<S>).is_some() {
            return Err(ModelError::KindTaken { kind: S::KIND.to_owned() });
        }
        Ok(self)
    }

    /// The registered tags, sorted.
    pub fn kinds(&self) -> impl Iterator<Item = &str> {
        self.constructors.keys().map(String::as_str)
    }

    /// Reads a weights file of a whole model of any registered kind.
    ///
    /// # Errors
    /// [`ModelError::UnknownKind`] with the known kinds if the file's is not registered; otherwise as
    /// [`SavedModel::load`](crate::SavedModel::load).
    pub fn load(&self, path: &Path, types: WeightTypes) -> Result<TaggedModel, ModelError> {
        self.from_bytes(&read_bounded(path, MAX_FILE_BYTES)?, path, types)
    }

    /// The model in the contents of a weights file; `path` is what errors call it.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn from_bytes(
        &self,
        bytes: &[u8],
        path: &Path,
        types: WeightTypes,
    ) -> Result<TaggedModel, ModelError> {
        let resolve = |mut fields: Fields| {
            let kind = take_kind(&mut fields);
            let Some(constructor) = self.constructors.get(&kind) else {
                let known = self.kinds().collect::<Vec<_>>().join(", ");
                return Err(ModelError::UnknownKind { path: path.to_owned(), found: kind, known });
            };
            fields.insert("kind".to_owned(), kind.as_str().into());
            let architecture = constructor(&mut fields)?;
            fields.remove("kind");
            let layout = architecture.layout().clone();
            Ok(((kind, fields, architecture), layout))
        };
        let contents = weights_file::decode(path, SavedPart::Model, types, bytes, resolve)?;
        let Contents { spec: (kind, fields, architecture), parameters, attachments } = contents;
        Ok(TaggedModel::from_parts(kind, fields, architecture, parameters, attachments))
    }
}

/// A network of this crate, whose fields an earlier version may have written.
fn own(fields: &mut Fields) -> Result<Box<dyn Architecture>, ModelError> {
    let spec: ModelSpec = read(fields)?;
    let fail = |error: serde_json::Error| ModelError::Fields { reason: error.to_string() };
    // Through text, so that an `f32` keeps its short form.
    *fields =
        serde_json::to_string(&spec).and_then(|text| serde_json::from_str(&text)).map_err(fail)?;
    spec.architecture()
}

fn foreign<S: NetworkSpec>(fields: &mut Fields) -> Result<Box<dyn Architecture>, ModelError> {
    let mut fields = fields.clone();
    fields.remove("kind");
    read::<S>(&fields)?.architecture()
}

fn read<S: DeserializeOwned>(fields: &Fields) -> Result<S, ModelError> {
    let spec = serde_json::from_value(Value::Object(fields.clone()));
    spec.map_err(|error| ModelError::Fields { reason: error.to_string() })
}
