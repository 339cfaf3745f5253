//! Attachments: documents that a weights file holds beside the weights.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::ModelError;
use crate::number_array::NumberArray;

/// Arrays of at least this many numbers become tensors of the file. As JSON they would take two to three times the
/// bytes, in a header that other programs read as a whole.
const LONG: usize = 1 << 14;

/// The most arrays of a document that become tensors, because each takes some of the header.
const MOST_ARRAYS: usize = 1000;

/// Documents in a weights file, by name: what was fitted to the model after its training, such as an anomaly threshold
/// or the frequencies of quantised codes.
///
/// A document is any value that serde can write as JSON. Long arrays of numbers in it become tensors of the file and
/// keep every bit; see [`SavedModel`](crate::SavedModel) for the format. This crate stores documents and does not
/// interpret them. They are sorted by name, so that the same documents give the same bytes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Attachments(BTreeMap<String, Document>);

/// A document whose long arrays are kept separately.
#[derive(Debug, Clone, PartialEq)]
struct Document {
    /// `null` stands where an array was.
    rest: Value,
    /// By their JSON pointers (RFC 6901) within the document.
    arrays: BTreeMap<String, NumberArray>,
}

impl Attachments {
    /// Whether there are no documents.
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
    /// [`ModelError::Attachment`] with the place in the document if it cannot be read as a `T`.
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, ModelError> {
        let read = |document: &Document| match document.arrays.is_empty() {
            true => T::deserialize(&document.rest),
            false => T::deserialize(document.whole()),
        };
        self.0.get(name).map(read).transpose().map_err(|error| fail(name, &error))
    }

    /// Copies all documents of another; one of the same name is replaced.
    pub fn take_over(&mut self, other: &Self) {
        self.0.extend(other.0.iter().map(|(name, document)| (name.clone(), document.clone())));
    }

    /// Attaches a document; an earlier one of this name is replaced.
    ///
    /// # Errors
    /// If JSON cannot hold it. A number that is not finite becomes `null`, which cannot be read as a number.
    pub fn set<T: Serialize>(&mut self, name: &str, document: &T) -> Result<(), ModelError> {
        let document = serde_json::to_value(document).map_err(|error| fail(name, &error))?;
        self.0.insert(name.to_owned(), Document::new(document));
        Ok(())
    }

    /// The documents as JSON, without their long arrays.
    pub(crate) fn rest(&self) -> BTreeMap<&str, &Value> {
        self.0.iter().map(|(name, document)| (name.as_str(), &document.rest)).collect()
    }

    /// The long arrays, by their JSON pointers within all documents.
    pub(crate) fn arrays(&self) -> impl Iterator<Item = (String, &NumberArray)> {
        self.0.iter().flat_map(|(name, document)| {
            let arrays = document.arrays.iter();
            arrays.map(move |(place, array)| (format!("/{}{place}", escaped(name)), array))
        })
    }

    /// Joins documents and their long arrays.
    pub(crate) fn from_parts(
        rest: BTreeMap<String, Value>,
        arrays: impl IntoIterator<Item = (String, NumberArray)>,
    ) -> Result<Self, String> {
        let documents = rest.into_iter().map(|(name, value)| (name, Document::new(value)));
        let mut documents: BTreeMap<String, Document> = documents.collect();
        for (place, array) in arrays {
            let (name, within) = split(&place);
            match documents.get_mut(&name) {
                Some(document) if document.rest.pointer(within) == Some(&Value::Null) => {
                    document.arrays.insert(within.to_owned(), array);
                }
                _ => return Err(format!("no array belongs to {place} of the attachments")),
            }
        }
        Ok(Self(documents))
    }
}

impl Document {
    fn new(mut value: Value) -> Self {
        let mut arrays = BTreeMap::new();
        take_arrays(&mut value, "", &mut arrays);
        Self { rest: value, arrays }
    }

    fn whole(&self) -> Value {
        let mut whole = self.rest.clone();
        for (place, array) in &self.arrays {
            if let Some(value) = whole.pointer_mut(place) {
                *value = array.to_value();
            }
        }
        whole
    }
}

/// Moves the long arrays out of a value.
fn take_arrays(value: &mut Value, place: &str, arrays: &mut BTreeMap<String, NumberArray>) {
    match value {
        Value::Array(items) if items.len() >= LONG && is_nameable(place, arrays) => {
            if let Some(array) = NumberArray::of(items) {
                arrays.insert(place.to_owned(), array);
                *value = Value::Null;
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                if item.is_array() || item.is_object() {
                    take_arrays(item, &format!("{place}/{index}"), arrays);
                }
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                take_arrays(field, &format!("{place}/{}", escaped(name)), arrays);
            }
        }
        _ => {}
    }
}

/// Whether an array at this place may become a tensor. A name in plain letters has a single spelling in JSON, so a
/// damaged one is a different name.
fn is_nameable(place: &str, arrays: &BTreeMap<String, NumberArray>) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/_-.~".contains(&byte);
    arrays.len() < MOST_ARRAYS && place.bytes().all(is_plain)
}

/// A name as a part of a JSON pointer.
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// A JSON pointer within all documents to the document's name and the pointer within it.
fn split(place: &str) -> (String, &str) {
    let place = place.strip_prefix('/').unwrap_or(place);
    let (name, within) = place.split_at(place.find('/').unwrap_or(place.len()));
    (name.replace("~1", "/").replace("~0", "~"), within)
}

impl Serialize for Attachments {
    /// All documents, long arrays in their places.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, document)| (name, document.whole())))
    }
}

impl<'de> Deserialize<'de> for Attachments {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let documents = BTreeMap::<String, Value>::deserialize(deserializer)?;
        Ok(Self(documents.into_iter().map(|(name, value)| (name, Document::new(value))).collect()))
    }
}

fn fail(name: &str, error: &serde_json::Error) -> ModelError {
    ModelError::Attachment { name: name.to_owned(), reason: error.to_string() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

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

    #[test]
    fn long_arrays_are_apart_and_come_back_in_their_places() {
        let long: Vec<f64> = (0..LONG).map(|i| 1.0 / (i as f64 + 3.0)).collect();
        let counts: Vec<u32> = (0..LONG as u32).collect();
        let document = json!({
            "mean": long,
            "short": [1.5, 2.5],
            "of/each~": [{ "counts": counts }, null, { "counts": [] }],
            "names": vec!["a"; LONG],
            "two words": long,
        });
        let mut attachments = Attachments::default();
        attachments.set("a.b", &document).unwrap();
        let places: Vec<_> = attachments.arrays().map(|(place, _)| place).collect();
        assert_eq!(places, ["/a.b/mean", "/a.b/of~1each~0/0/counts"]);
        assert_eq!(attachments.get::<Value>("a.b").unwrap(), Some(document.clone()));
        assert_eq!(serde_json::to_value(&attachments).unwrap(), json!({ "a.b": document }));

        let rest = attachments.rest().into_iter().map(|(name, v)| (name.to_owned(), v.clone()));
        let arrays = || attachments.arrays().map(|(place, array)| (place, array.clone()));
        let rest: BTreeMap<_, _> = rest.collect();
        let again = Attachments::from_parts(rest.clone(), arrays()).unwrap();
        assert_eq!(again, attachments);

        let astray = arrays().map(|(place, array)| (place + "x", array));
        let error = Attachments::from_parts(rest, astray).unwrap_err();
        assert_eq!(error, "no array belongs to /a.b/meanx of the attachments");
    }
}
