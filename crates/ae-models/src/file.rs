//! Weights files: safetensors with the architecture in the metadata.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;

use ae_files::{read_bounded, write_atomic};
use safetensors::tensor::{Metadata, TensorInfo, TensorView};
use safetensors::{Dtype, serialize};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{Attachments, Layout, MAX_PARAMETERS, ModelError, ModelSpec, Parameters};

/// The largest weights file that is read: [`MAX_PARAMETERS`] numbers and the header.
pub const MAX_FILE_BYTES: u64 = (MAX_PARAMETERS * size_of::<f32>() + MAX_HEADER_BYTES) as u64;

/// Far above the header of [`MAX_LAYERS`](crate::MAX_LAYERS) layers and what is attached.
const MAX_HEADER_BYTES: usize = 1 << 22;

/// The metadata entry with the architecture.
const ENTRY: &str = "ae.model";

/// The version of the entry's JSON.
const SCHEMA: u64 = 1;

/// How much of a model a weights file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// Encoder and decoder.
    Model,
    /// The encoder alone.
    Encoder,
}

impl Part {
    /// The tensors of this part, once the specification is checked.
    fn layout(self, spec: &ModelSpec) -> Result<Layout, ModelError> {
        spec.dense.check()?;
        Ok(match self {
            Self::Model => spec.dense.layout(),
            Self::Encoder => spec.dense.encoder_layout(),
        })
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Model => "a whole model",
            Self::Encoder => "an encoder alone",
        })
    }
}

/// The entry `ae.model`, field by field in the order of the bytes.
#[derive(Serialize)]
struct Description<'a> {
    schema: u64,
    part: Part,
    #[serde(flatten)]
    spec: &'a ModelSpec,
    #[serde(skip_serializing_if = "Attachments::is_empty")]
    attachments: &'a Attachments,
}

/// What a weights file holds.
pub(crate) struct Contents {
    pub(crate) spec: ModelSpec,
    pub(crate) parameters: Parameters,
    pub(crate) attachments: Attachments,
}

/// Writes one part of a model, whole or not at all.
pub(crate) fn write(
    path: &Path,
    part: Part,
    spec: &ModelSpec,
    parameters: &Parameters,
    attachments: &Attachments,
) -> Result<(), ModelError> {
    if *parameters.layout() != part.layout(spec)? {
        return Err(ModelError::Parameters { path: path.to_owned(), part });
    }
    for (view, values) in parameters.slices() {
        check_finite(path, &view.name, values)?;
    }
    let bytes = encode(&Description { schema: SCHEMA, part, spec, attachments }, parameters)
        .map_err(|reason| ModelError::Description { path: path.to_owned(), reason })?;
    Ok(write_atomic(path, &bytes)?)
}

/// The bytes of a file, or why there are none.
fn encode(description: &Description, parameters: &Parameters) -> Result<Vec<u8>, String> {
    let description = serde_json::to_string(description).map_err(|error| error.to_string())?;
    // One entry alone: safetensors writes several in the order of a hash map.
    let metadata = HashMap::from([(ENTRY.to_owned(), description)]);
    let data: Vec<_> =
        parameters.slices().map(|(view, values)| (view, little_endian(values))).collect();
    data.iter()
        .map(|(view, bytes)| {
            Ok((&view.name, TensorView::new(Dtype::F32, view.shape.clone(), bytes)?))
        })
        .collect::<Result<Vec<_>, _>>()
        .and_then(|tensors| serialize(tensors, Some(metadata)))
        .map_err(|error| error.to_string())
}

/// Reads one part of a model and checks all of it.
pub(crate) fn read(path: &Path, part: Part) -> Result<Contents, ModelError> {
    decode(path, part, &read_bounded(path, MAX_FILE_BYTES)?)
}

/// The contents of a file to one part of a model; the path is for the errors.
pub(crate) fn decode(path: &Path, part: Part, bytes: &[u8]) -> Result<Contents, ModelError> {
    let (metadata, data) = split(path, bytes)?;
    let (spec, attachments) = describe(path, part, &metadata)?;
    let layout = part.layout(&spec).map_err(|error| ModelError::Description {
        path: path.to_owned(),
        reason: error.to_string(),
    })?;
    let mut values = Vec::new();
    for view in layout.views() {
        let info = metadata.info(&view.name).ok_or_else(|| ModelError::MissingTensor {
            path: path.to_owned(),
            name: view.name.clone(),
            expected: view.shape.clone(),
        })?;
        let tensor = decode_tensor(path, &view.name, &view.shape, info, data)?;
        check_finite(path, &view.name, &tensor)?;
        values.extend(tensor);
    }
    let known = |name: &String| layout.views().iter().any(|view| view.name == *name);
    if let Some(name) = metadata.offset_keys().into_iter().find(|name| !known(name)) {
        return Err(ModelError::ExtraTensor { path: path.to_owned(), name });
    }
    Ok(Contents { spec, parameters: Parameters::new(layout, values)?, attachments })
}

/// A file to its header and its tensors' bytes, whose number the header tells.
///
/// The safetensors crate's own reader adds up the sizes that a header claims without a check for
/// overflow, so only its header type is used.
fn split<'a>(path: &Path, bytes: &'a [u8]) -> Result<(Metadata, &'a [u8]), ModelError> {
    let foreign = |reason: String| ModelError::NotSafetensors { path: path.to_owned(), reason };
    let Some((length, rest)) = bytes.split_first_chunk() else {
        return Err(foreign(format!("it has {} bytes, fewer than 8", bytes.len())));
    };
    let length = usize::try_from(u64::from_le_bytes(*length))
        .ok()
        .filter(|&length| length <= MAX_HEADER_BYTES)
        .ok_or_else(|| foreign(format!("its header would be over {MAX_HEADER_BYTES} bytes")))?;
    let wrong_length =
        |expected| ModelError::Length { path: path.to_owned(), expected, found: bytes.len() };
    let Some((header, data)) = rest.split_at_checked(length) else {
        return Err(wrong_length(length.saturating_add(8)));
    };
    let metadata: Metadata =
        serde_json::from_slice(header).map_err(|error| foreign(error.to_string()))?;
    if metadata.data_len() != data.len() {
        return Err(wrong_length(metadata.data_len().saturating_add(length).saturating_add(8)));
    }
    Ok((metadata, data))
}

/// The specification in the metadata and what is attached, if it is of this schema and part.
fn describe(
    path: &Path,
    part: Part,
    metadata: &Metadata,
) -> Result<(ModelSpec, Attachments), ModelError> {
    let path = path.to_owned();
    let Some(text) = metadata.metadata().as_ref().and_then(|entries| entries.get(ENTRY)) else {
        return Err(ModelError::NoDescription { path });
    };
    let fail = |reason| ModelError::Description { path: path.clone(), reason };
    let mut fields: Map<String, Value> =
        serde_json::from_str(text).map_err(|error| fail(error.to_string()))?;
    let schema: u64 = take(&mut fields, "schema").map_err(fail)?;
    match schema {
        SCHEMA => {}
        0 => return Err(fail("field `schema`: there is no schema 0".to_owned())),
        later => return Err(ModelError::LaterSchema { path, expected: SCHEMA, found: later }),
    }
    let found: Part = take(&mut fields, "part").map_err(fail)?;
    if found != part {
        return Err(ModelError::WrongPart { path, expected: part, found });
    }
    let attachments = match fields.contains_key("attachments") {
        true => take(&mut fields, "attachments").map_err(fail)?,
        false => Attachments::default(),
    };
    let spec = serde_json::from_value(Value::Object(fields));
    Ok((spec.map_err(|error| fail(error.to_string()))?, attachments))
}

/// Takes a field out, or says what is wrong with it.
fn take<T: DeserializeOwned>(fields: &mut Map<String, Value>, name: &str) -> Result<T, String> {
    let field = fields.remove(name).ok_or_else(|| format!("missing field `{name}`"))?;
    serde_json::from_value(field).map_err(|error| format!("field `{name}`: {error}"))
}

/// One tensor's values.
fn decode_tensor(
    path: &Path,
    name: &str,
    shape: &[usize],
    info: &TensorInfo,
    data: &[u8],
) -> Result<Vec<f32>, ModelError> {
    let (path, name) = (path.to_owned(), name.to_owned());
    if info.dtype != Dtype::F32 {
        return Err(ModelError::TensorType { path, name, found: info.dtype.to_string() });
    }
    if info.shape != shape {
        let (expected, found) = (shape.to_vec(), info.shape.clone());
        return Err(ModelError::TensorShape { path, name, expected, found });
    }
    let (start, end) = info.data_offsets;
    let (values, _) = data.get(start..end).unwrap_or_default().as_chunks();
    Ok(values.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())
}

fn little_endian(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn check_finite(path: &Path, name: &str, values: &[f32]) -> Result<(), ModelError> {
    let not_finite = values.iter().enumerate().find(|(_, value)| !value.is_finite());
    let Some((index, &found)) = not_finite else {
        return Ok(());
    };
    Err(ModelError::NotFinite { path: path.to_owned(), name: name.to_owned(), index, found })
}
