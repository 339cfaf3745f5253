//! What travels in a weights file beside the weights.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ModelError;

/// JSON documents in a weights file, by name: what was fitted to the model after its training, such
/// as the threshold of an anomaly or the frequencies of quantised codes.
///
/// This crate stores and does not read them. The order is that of the names, so that the same
/// documents give the same bytes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Attachments(BTreeMap<String, Value>);

impl Attachments {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The document of this name, or `None` if there is none.
    ///
    /// # Errors
    /// If it is not a `T`: [`ModelError::Attachment`] with the place in it.
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, ModelError> {
        let document = self.0.get(name).map(|document| T::deserialize(document)).transpose();
        document.map_err(|error| fail(name, &error))
    }

    /// Takes over all documents of another, also in place of those of the same names.
    pub fn take_over(&mut self, other: &Self) {
        self.0.extend(other.0.iter().map(|(name, document)| (name.clone(), document.clone())));
    }

    /// Attaches a document, in place of an earlier one of this name.
    ///
    /// # Errors
    /// If JSON cannot hold it. A number that is not finite becomes `null`, which is then no number.
    pub fn set<T: Serialize>(&mut self, name: &str, document: &T) -> Result<(), ModelError> {
        let document = serde_json::to_value(document).map_err(|error| fail(name, &error))?;
        self.0.insert(name.to_owned(), document);
        Ok(())
    }
}

fn fail(name: &str, error: &serde_json::Error) -> ModelError {
    ModelError::Attachment { name: name.to_owned(), reason: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_what_was_attached_or_an_error_that_names_it() {
        let mut attachments = Attachments::default();
        assert_eq!(attachments.get::<f64>("threshold").unwrap(), None);
        attachments.set("threshold", &0.1).unwrap();
        attachments.set("levels", &[1, 2]).unwrap();
        assert_eq!(attachments.get::<f64>("threshold").unwrap(), Some(0.1));
        assert_eq!(attachments.names().collect::<Vec<_>>(), ["levels", "threshold"]);
        let error = attachments.get::<String>("levels").unwrap_err().to_string();
        assert!(error.starts_with("the attachment `levels` cannot be understood: "), "{error}");
    }
}
