//! What a network of another crate implements, so that it can be saved and loaded.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Architecture, ModelError};

/// The specification of a network that this crate does not know, to be saved and loaded as a
/// [`TaggedModel`](crate::TaggedModel).
///
/// It is written as a JSON object whose fields stand beside `kind` in the entry `ae.model` of a weights file, so it
/// must not have the fields `schema`, `part`, `kind` and `attachments`.
pub trait NetworkSpec: Serialize + DeserializeOwned {
    /// The tag: what stands as `kind` in a weights file. A prefix, such as `my-crate/conv`, keeps it apart from the
    /// tags of other crates.
    const KIND: &'static str;

    /// The architecture, checked.
    ///
    /// # Errors
    /// If the settings do not fit together; [`ModelError::Spec`] names the field.
    fn architecture(&self) -> Result<Box<dyn Architecture>, ModelError>;
}
