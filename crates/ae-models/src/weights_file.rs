//! Weights files: safetensors with the architecture and a checksum in the metadata.

use std::collections::BTreeMap;
use std::path::Path;

use ae_files::{f32_to_le_bytes, write_atomic};
use safetensors::Dtype;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::number_array::NumberArray;
use crate::tensor_file::{FileTensor, MAX_HEADER_BYTES, TensorFile, checksum, tensor_file};
use crate::weight_types::{self, WeightTypes};
use crate::{
    Attachments, Layout, MAX_PARAMETERS, ModelError, ModelKind, ParameterView, Parameters,
    SavedPart,
};

/// The largest weights file that is written and read: [`MAX_PARAMETERS`] numbers, a header, and 1 GiB of attachments.
pub const MAX_FILE_BYTES: u64 =
    (MAX_PARAMETERS * size_of::<f32>() + MAX_HEADER_BYTES) as u64 + (1 << 30);

/// The metadata entry with the architecture.
const ENTRY: &str = "ae.model";

/// The metadata entry with the SHA-256 of that entry and of all tensors.
const CHECKSUM: &str = "ae.sha256";

/// The version of the entry's JSON: from this one on, networks are lists of layers.
const SCHEMA: u64 = 3;

/// From this schema on, every file has a checksum, and attachments may be tensors.
const CHECKED_SCHEMA: u64 = 2;

/// The tensor with the attachments' JSON, if it is long, and the first part of the names of long arrays.
const ATTACHMENTS: &str = "attachments";

/// The most bytes of the attachments' JSON that are kept in the header, which other programs read as a whole.
const LONG_TEXT: usize = 1 << 20;

/// The fields of the entry that every kind of network has; `kind` is the tag of the network.
pub(crate) const RESERVED: [&str; 4] = ["schema", "part", "kind", ATTACHMENTS];

/// The fields of a specification by name.
pub(crate) type Fields = Map<String, Value>;

/// Takes the tag out; a file without one holds a regular autoencoder.
pub(crate) fn take_kind(fields: &mut Fields) -> String {
    match fields.remove("kind") {
        None => ModelKind::default().to_string(),
        Some(Value::String(kind)) => kind,
        Some(other) => other.to_string(),
    }
}

/// The entry `ae.model`, field by field in the order of the bytes.
#[derive(Serialize)]
struct Description<'a, S> {
    schema: u64,
    part: SavedPart,
    #[serde(flatten)]
    spec: &'a S,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    attachments: BTreeMap<&'a str, &'a Value>,
}

/// What is to be written into a weights file.
pub(crate) struct Written<'a, S> {
    /// The specification, with the field `kind`.
    pub(crate) spec: &'a S,
    pub(crate) parameters: &'a Parameters,
    pub(crate) attachments: &'a Attachments,
}

/// What a weights file holds.
pub(crate) struct Contents<S> {
    pub(crate) spec: S,
    pub(crate) parameters: Parameters,
    pub(crate) attachments: Attachments,
}

/// Writes one part of a model, whole or not at all. `layout` checks the specification.
///
/// The bytes are read as [`decode`] reads them before anything is replaced, so that what is written can be loaded.
pub(crate) fn write<S: Serialize + DeserializeOwned + PartialEq>(
    path: &Path,
    part: SavedPart,
    written: &Written<'_, S>,
    layout: impl Fn() -> Result<Layout, ModelError>,
) -> Result<(), ModelError> {
    if *written.parameters.layout() != layout()? {
        return Err(ModelError::Parameters { path: path.to_owned(), part });
    }
    let bytes = encode(path, part, written)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        let (found, limit) = (bytes.len() as u64, MAX_FILE_BYTES);
        return Err(ModelError::TooLarge { path: path.to_owned(), limit, found });
    }
    let resolve = |fields| {
        let spec: Result<S, _> = serde_json::from_value(Value::Object(fields));
        let fail = |error: serde_json::Error| ModelError::Fields { reason: error.to_string() };
        Ok((spec.map_err(fail)?, layout()?))
    };
    let opened = Opened::new(path, part, WeightTypes::Exact, &bytes, resolve)?;
    if opened.spec != *written.spec || opened.attachments != *written.attachments {
        let reason = "it would not be read as it was written".to_owned();
        return Err(ModelError::Description { path: path.to_owned(), reason });
    }
    Ok(write_atomic(path, &bytes)?)
}

/// A tensor before it is in a file.
struct OwnedTensor {
    name: String,
    dtype: Dtype,
    shape: Vec<usize>,
    data: Vec<u8>,
}

/// The bytes of a file.
fn encode<S: Serialize>(
    path: &Path,
    part: SavedPart,
    written: &Written<'_, S>,
) -> Result<Vec<u8>, ModelError> {
    let Written { spec, parameters, attachments } = *written;
    let unfit = |error: serde_json::Error| ModelError::Description {
        path: path.to_owned(),
        reason: error.to_string(),
    };
    let mut owned: Vec<OwnedTensor> = parameters.slices().map(of_parameter).collect();
    owned.extend(attachments.arrays().map(of_array));
    let mut description =
        Description { schema: SCHEMA, part, spec, attachments: attachments.rest() };
    let text = serde_json::to_vec(&description.attachments).map_err(unfit)?;
    if text.len() > LONG_TEXT {
        description.attachments.clear();
        let (name, shape) = (ATTACHMENTS.to_owned(), vec![text.len()]);
        owned.push(OwnedTensor { name, dtype: Dtype::U8, shape, data: text });
    }
    let entry = serde_json::to_string(&description).map_err(unfit)?;
    let tensors: Vec<_> = owned
        .iter()
        .map(|OwnedTensor { name, dtype, shape, data }| FileTensor {
            name,
            dtype: *dtype,
            shape,
            data,
        })
        .collect();
    let checksum = checksum(&entry, tensors.clone());
    tensor_file(&[(ENTRY, &entry), (CHECKSUM, &checksum)], tensors)
        .map_err(|error| ModelError::of_file(path, error))
}

fn of_parameter((view, values): (&ParameterView, &[f32])) -> OwnedTensor {
    let data = f32_to_le_bytes(values);
    OwnedTensor { name: view.name.clone(), dtype: Dtype::F32, shape: view.shape.clone(), data }
}

fn of_array((place, array): (String, &NumberArray)) -> OwnedTensor {
    let name = format!("{ATTACHMENTS}{place}");
    OwnedTensor { name, dtype: array.dtype(), shape: vec![array.len()], data: array.to_bytes() }
}

/// The contents of a file to one part of a model; the path is for the errors.
///
/// `resolve` makes the specification and the layout of the fields that belong to the network, `kind` among them.
pub(crate) fn decode<S>(
    path: &Path,
    part: SavedPart,
    types: WeightTypes,
    bytes: &[u8],
    resolve: impl FnOnce(Fields) -> Result<(S, Layout), ModelError>,
) -> Result<Contents<S>, ModelError> {
    let Opened { file, spec, layout, attachments } =
        Opened::new(path, part, types, bytes, resolve)?;
    let mut values = Vec::with_capacity(layout.len());
    for tensor in layout.views().iter().filter_map(|view| file.tensor(&view.name)) {
        weight_types::append(&mut values, tensor.dtype, tensor.data);
    }
    Ok(Contents { spec, parameters: Parameters::new(layout, values)?, attachments })
}

/// A file after all checks.
struct Opened<'a, S> {
    file: TensorFile<'a>,
    spec: S,
    layout: Layout,
    attachments: Attachments,
}

impl<'a, S> Opened<'a, S> {
    /// Checks a file. Faults of its contents are reported before a checksum that differs, because they say more.
    fn new(
        path: &Path,
        part: SavedPart,
        types: WeightTypes,
        bytes: &'a [u8],
        resolve: impl FnOnce(Fields) -> Result<(S, Layout), ModelError>,
    ) -> Result<Self, ModelError> {
        let file = TensorFile::parse(bytes).map_err(|error| ModelError::of_file(path, error))?;
        let fail = |reason| ModelError::Description { path: path.to_owned(), reason };
        let Some(entry) = file.entry(ENTRY) else {
            return Err(ModelError::NoDescription { path: path.to_owned() });
        };
        let Entry { schema, fields, attachments: documents } = Entry::read(path, part, entry)?;
        let (spec, layout) = resolve(fields).map_err(|error| match error {
            named @ ModelError::UnknownKind { .. } => named,
            other => fail(other.to_string()),
        })?;
        layout.views().iter().try_for_each(|view| check_parameter(path, view, types, &file))?;
        let known = |name: &String| layout.views().iter().any(|view| view.name == *name);
        let mut others = file.names();
        others.retain(|name| !known(name));
        let is_attached = |name: &String| schema >= CHECKED_SCHEMA && place_of(name).is_some();
        if let Some(name) = others.iter().find(|name| !is_attached(name)) {
            return Err(ModelError::ExtraTensor { path: path.to_owned(), name: name.clone() });
        }
        let attachments = attachments(&file, documents, &others).map_err(fail)?;
        check_checksum(path, schema, entry, &file)?;
        Ok(Self { file, spec, layout, attachments })
    }
}

type Documents = BTreeMap<String, Value>;

/// The entry `ae.model` as it was read.
struct Entry {
    schema: u64,
    /// The fields of the specification.
    fields: Fields,
    attachments: Option<Documents>,
}

impl Entry {
    /// Reads the entry, if it is of a known schema and of this part. A file without `schema` has schema 1, which
    /// needs no checksum; one without `part` holds a whole model.
    fn read(path: &Path, part: SavedPart, entry: &str) -> Result<Self, ModelError> {
        let path = path.to_owned();
        let fail = |reason| ModelError::Description { path: path.clone(), reason };
        let mut fields: Fields =
            serde_json::from_str(entry).map_err(|error| fail(error.to_string()))?;
        let schema = take(&mut fields, "schema").map_err(fail)?.unwrap_or(1);
        match schema {
            1..=SCHEMA => {}
            0 => return Err(fail("field `schema`: there is no schema 0".to_owned())),
            later => return Err(ModelError::LaterSchema { path, expected: SCHEMA, found: later }),
        }
        let found: SavedPart = take(&mut fields, "part").map_err(fail)?.unwrap_or_default();
        if found != part {
            return Err(ModelError::WrongPart { path, expected: part, found });
        }
        let attachments = take(&mut fields, ATTACHMENTS).map_err(fail)?;
        Ok(Self { schema, fields, attachments })
    }
}

/// Takes a field out if it is there, or says what is wrong with it.
fn take<T: DeserializeOwned>(fields: &mut Fields, name: &str) -> Result<Option<T>, String> {
    let Some(field) = fields.remove(name) else { return Ok(None) };
    serde_json::from_value(field).map(Some).map_err(|error| format!("field `{name}`: {error}"))
}

/// Checks a tensor of the architecture.
fn check_parameter(
    path: &Path,
    view: &ParameterView,
    types: WeightTypes,
    file: &TensorFile<'_>,
) -> Result<(), ModelError> {
    let (path, name) = (path.to_owned(), view.name.clone());
    let Some(FileTensor { dtype, shape, data, .. }) = file.tensor(&view.name) else {
        return Err(ModelError::MissingTensor { path, name, expected: view.shape.clone() });
    };
    if !weight_types::is_accepted(types, dtype) {
        let hint = weight_types::hint(dtype);
        return Err(ModelError::TensorType { path, name, found: dtype.to_string(), hint });
    }
    if *shape != view.shape {
        let (expected, found) = (view.shape.clone(), shape.to_vec());
        return Err(ModelError::TensorShape { path, name, expected, found });
    }
    if let Some((index, found)) = weight_types::first_not_finite(dtype, data) {
        return Err(ModelError::NotFinite { path, name, index, found });
    }
    let is_variance = name.ends_with(".running_var");
    match weight_types::first_wrong(dtype, data, |number| is_variance && number < 0.0) {
        None => Ok(()),
        Some((index, found)) => Err(ModelError::NegativeVariance { path, name, index, found }),
    }
}

/// The attachments: documents from the header or from a tensor, long arrays from the tensors of these names.
fn attachments(
    file: &TensorFile<'_>,
    in_header: Option<Documents>,
    names: &[String],
) -> Result<Attachments, String> {
    let mut documents = in_header;
    let mut arrays = Vec::new();
    for name in names {
        let (Some(place), Some(FileTensor { dtype, shape, data, .. })) =
            (place_of(name), file.tensor(name))
        else {
            continue;
        };
        let fail = |reason: String| format!("tensor {name}: {reason}");
        if shape.len() != 1 {
            return Err(fail(format!("it must have one axis, but has the shape {shape:?}")));
        }
        if place.is_empty() {
            if dtype != Dtype::U8 || documents.is_some() {
                return Err(fail(
                    "it must be U8, where no attachments are in the entry".to_owned(),
                ));
            }
            let read = serde_json::from_slice(data);
            documents = Some(read.map_err(|error| fail(error.to_string()))?);
        } else {
            let array = NumberArray::from_bytes(dtype, data).map_err(fail)?;
            arrays.push((place.to_owned(), array));
        }
    }
    Attachments::from_parts(documents.unwrap_or_default(), arrays)
}

/// The JSON pointer in the attachments that a tensor's name gives: empty for all attachments, `None` for a tensor that
/// is not attached.
fn place_of(name: &str) -> Option<&str> {
    let place = name.strip_prefix(ATTACHMENTS)?;
    (place.is_empty() || place.starts_with('/')).then_some(place)
}

/// Compares the file with its checksum, which every file but those of schema 1 must have.
fn check_checksum(
    path: &Path,
    schema: u64,
    entry: &str,
    file: &TensorFile<'_>,
) -> Result<(), ModelError> {
    let expected = file.entry(CHECKSUM);
    if schema < CHECKED_SCHEMA && expected.is_none() {
        tracing::debug!("{} is of an earlier version and has no checksum", path.display());
        return Ok(());
    }
    let names = file.names();
    let tensors = names.iter().filter_map(|name| file.tensor(name)).collect();
    let (path, found) = (path.to_owned(), checksum(entry, tensors));
    match expected {
        Some(expected) if expected == found => Ok(()),
        Some(_) => Err(ModelError::Checksum { path, found }),
        None => Err(ModelError::NoChecksum { path, found }),
    }
}
