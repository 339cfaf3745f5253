//! Weights files are what was written: checksums, long attachments, and nothing that could not be read again.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use ae_models::{Dtype, ModelError, SavedEncoder, SavedModel, TensorFile};
use safetensors::tensor::{TensorView, serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::files::small_model;

pub(crate) fn header_length(bytes: &[u8]) -> usize {
    u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize
}

/// The digits of a file's checksum and its place, as `SavedModel` describes them; `None` where there is no such file.
fn checksum(bytes: &[u8]) -> Option<(String, usize)> {
    let end = header_length(bytes.get(..8)?).checked_add(8)?;
    let text = bytes.get(8..end)?;
    let header: serde_json::Map<String, Value> = serde_json::from_slice(text).ok()?;
    let entries = header.get("__metadata__")?;
    let mut hash = Sha256::new_with_prefix(entries.get("ae.model")?.as_str()?);
    let mut names: Vec<_> = header.keys().filter(|name| *name != "__metadata__").collect();
    names.sort();
    for name in names {
        let tensor = header[name].as_object()?;
        let numbers = |key| -> Option<Vec<usize>> {
            let values = tensor.get(key)?.as_array()?.iter();
            values.map(|value| usize::try_from(value.as_u64()?).ok()).collect()
        };
        let (shape, offsets) = (numbers("shape")?, numbers("data_offsets")?);
        let (start, stop) = (*offsets.first()?, *offsets.get(1)?);
        hash.update(format!("\n{name} {} {shape:?}\n", tensor.get("dtype")?.as_str()?));
        hash.update(bytes.get(end.checked_add(start)?..end.checked_add(stop)?)?);
    }
    let digest = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    let entry = b"\"ae.sha256\":\"";
    let place = text.windows(entry.len()).position(|window| window == entry)?;
    Some((digest, 8 + place + entry.len()))
}

/// The file with a checksum of what it holds now.
pub(crate) fn sealed(bytes: &[u8]) -> Option<Vec<u8>> {
    let (digest, place) = checksum(bytes)?;
    let mut sealed = bytes.to_vec();
    sealed.get_mut(place..place + digest.len())?.copy_from_slice(digest.as_bytes());
    Some(sealed)
}

fn bytes_of(model: &SavedModel) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    model.save(&path).unwrap();
    fs::read(path).unwrap()
}

/// A model with attachments of all kinds, long arrays among them, and its file.
pub(crate) fn attached() -> (SavedModel, Vec<u8>) {
    let mut model = small_model();
    let long = |scale: f64| (0..20_000).map(|i| scale / (f64::from(i) + 3.0)).collect::<Vec<_>>();
    let single: Vec<f32> = long(1.0).into_iter().map(|number| number as f32).collect();
    let detector = json!({
        "scorer": { "mean": long(1.0), "variance": long(1e-300), "shrinkage": 0.1 },
        "counts": [(0..30_000).collect::<Vec<u32>>(), [1, 2, 3]],
        "large": (0..20_000_i64).map(|i| i << 40).collect::<Vec<_>>(),
    });
    model.attachments.set("anomaly", &detector).unwrap();
    model.attachments.set("scaling", &single).unwrap();
    model.attachments.set("threshold", &0.25).unwrap();
    let bytes = bytes_of(&model);
    (model, bytes)
}

fn refuse(bytes: &[u8]) -> ModelError {
    SavedModel::from_bytes(bytes, Path::new("model.safetensors")).unwrap_err()
}

fn flipped(bytes: &[u8], bit: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[bit / 8] ^= 1 << (bit % 8);
    bytes
}

#[test]
fn every_flipped_bit_is_refused() {
    let mut model = small_model();
    model.attachments.set("names", &["größe", "b\u{1b}c"]).unwrap();
    let whole = bytes_of(&model);
    for bit in 0..whole.len() * 8 {
        refuse(&flipped(&whole, bit));
    }
    let encoder = model.encoder().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("encoder.safetensors");
    encoder.save(&path).unwrap();
    let whole = fs::read(&path).unwrap();
    for bit in 0..whole.len() * 8 {
        fs::write(&path, flipped(&whole, bit)).unwrap();
        SavedEncoder::load(&path).unwrap_err();
    }
}

#[test]
fn flipped_bits_of_long_attachments_are_refused() {
    let (_, whole) = attached();
    let header = 8 + header_length(&whole);
    let bits = (0..header * 8).chain((header * 8..whole.len() * 8).step_by(40_009));
    for bit in bits {
        refuse(&flipped(&whole, bit));
    }
}

#[test]
fn a_changed_number_is_told_with_what_to_do() {
    let (_, mut whole) = attached();
    let last = whole.len() - 1;
    whole[last] ^= 1;
    let error = refuse(&whole);
    let (found, _) = checksum(&whole).unwrap();
    assert!(matches!(error, ModelError::Checksum { .. }), "{error}");
    let told = error.to_string();
    assert!(
        told.starts_with("model.safetensors does not match its checksum: the file was damaged")
    );
    assert!(told.ends_with(&format!("set its metadata entry `ae.sha256` to {found}")), "{told}");
    // What the message says works.
    let sealed = sealed(&whole).unwrap();
    SavedModel::from_bytes(&sealed, Path::new("model.safetensors")).unwrap();
}

/// A file with this description and these entries beside it, and the tensors of another.
fn rewritten(bytes: &[u8], description: &str, checksum: Option<&str>) -> Vec<u8> {
    let file = TensorFile::parse(bytes).unwrap();
    let names = file.names();
    let views = names.iter().map(|name| {
        let tensor = file.tensor(name).unwrap();
        (name, TensorView::new(tensor.dtype, tensor.shape.to_vec(), tensor.data).unwrap())
    });
    let mut entries = HashMap::from([("ae.model".to_owned(), description.to_owned())]);
    entries.extend(checksum.map(|checksum| ("ae.sha256".to_owned(), checksum.to_owned())));
    serialize(views, Some(entries)).unwrap()
}

#[test]
fn a_file_without_the_checksum_of_its_schema_is_refused() {
    let (_, whole) = attached();
    let file = TensorFile::parse(&whole).unwrap();
    let description = file.entry("ae.model").unwrap();
    let error = refuse(&rewritten(&whole, description, None));
    assert!(matches!(error, ModelError::NoChecksum { .. }), "{error}");
    // Nor does an older schema make one that has attachments in tensors.
    let older = description.replacen("\"schema\":3", "\"schema\":1", 1);
    let error = refuse(&rewritten(&whole, &older, None));
    assert!(matches!(error, ModelError::ExtraTensor { .. }), "{error}");
    // Another program's order of the same contents is the same file.
    let checksum = file.entry("ae.sha256");
    let again = rewritten(&whole, description, checksum);
    SavedModel::from_bytes(&again, Path::new("model.safetensors")).unwrap();
}

#[test]
fn files_of_schema_1_have_no_checksum() {
    let model = small_model();
    let whole = bytes_of(&model);
    let file = TensorFile::parse(&whole).unwrap();
    let description = file.entry("ae.model").unwrap();
    let older = description.replacen("\"schema\":3", "\"schema\":1", 1);
    assert_ne!(older, description);
    let loaded = |checksum| {
        let bytes = rewritten(&whole, &older, checksum);
        SavedModel::from_bytes(&bytes, Path::new("model.safetensors"))
    };
    assert_eq!(loaded(None).unwrap(), model);
    // One that has a checksum all the same must match it.
    assert!(matches!(loaded(file.entry("ae.sha256")), Err(ModelError::Checksum { .. })));
}

#[test]
fn long_arrays_are_tensors_that_other_programs_read() {
    let (model, bytes) = attached();
    let loaded = SavedModel::from_bytes(&bytes, Path::new("model.safetensors")).unwrap();
    assert_eq!(loaded, model);
    let value = |model: &SavedModel, name| model.attachments.get::<Value>(name).unwrap().unwrap();
    for name in ["anomaly", "scaling", "threshold"] {
        assert_eq!(value(&loaded, name).to_string(), value(&model, name).to_string());
    }
    let read = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    for (name, dtype, length) in [
        ("attachments/anomaly/counts/0", Dtype::I32, 30_000),
        ("attachments/anomaly/large", Dtype::I64, 20_000),
        ("attachments/anomaly/scorer/mean", Dtype::F64, 20_000),
        ("attachments/anomaly/scorer/variance", Dtype::F64, 20_000),
        ("attachments/scaling", Dtype::F32, 20_000),
        ("encoder.0.bias", Dtype::F32, 4),
    ] {
        let tensor = read.tensor(name).unwrap();
        assert_eq!((tensor.dtype(), tensor.shape()), (dtype, &[length][..]), "{name}");
    }
    let header = header_length(&bytes);
    assert!(header < 4000, "{header}");
    assert_eq!(bytes_of(&loaded), bytes);
    model.encoder().unwrap().save(&tempfile::tempdir().unwrap().path().join("e")).unwrap();
}

#[test]
fn long_documents_without_arrays_are_a_tensor() {
    let mut model = small_model();
    let dimensions: Vec<_> = (0..60_000).map(|i| json!({ "unit": i, "counts": [i, 0] })).collect();
    model.attachments.set("codec", &dimensions).unwrap();
    let bytes = bytes_of(&model);
    assert!(header_length(&bytes) < 2000);
    let loaded = SavedModel::from_bytes(&bytes, Path::new("model.safetensors")).unwrap();
    assert_eq!(loaded, model);
    let file = TensorFile::parse(&bytes).unwrap();
    assert_eq!(file.tensor("attachments").unwrap().dtype, Dtype::U8);
    for bit in (0..bytes.len() * 8).step_by(1_000_003) {
        refuse(&flipped(&bytes, bit));
    }
}

#[test]
fn what_cannot_be_read_again_is_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let mut model = small_model();
    model.save(&path).unwrap();
    let before = fs::read(&path).unwrap();
    let mut deep = json!(1);
    for _ in 0..200 {
        deep = json!([deep]);
    }
    model.attachments.set("deep", &deep).unwrap();
    let error = model.save(&path).unwrap_err().to_string();
    assert!(error.contains("model.safetensors") && error.contains("recursion limit"), "{error}");
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn attachments_that_are_not_what_their_names_say_are_refused() {
    let (_, whole) = attached();
    let renamed = |from: &str, to: &str| {
        let end = 8 + header_length(&whole);
        let mut text = String::from_utf8(whole[8..end].to_vec()).unwrap();
        text = text.replacen(from, to, 1);
        let length = text.len() as u64;
        let bytes = [&length.to_le_bytes()[..], text.as_bytes(), &whole[end..]].concat();
        refuse(&sealed(&bytes).unwrap()).to_string()
    };
    for (from, to, told) in [
        ("anomaly/large", "anomaly/larger", "no array belongs to /anomaly/larger"),
        ("\"attachments/scaling", "\"attachments", "it must be U8, where no attachments are"),
        ("\"attachments/scaling", "\"attached/scaling", "holds the tensor attached/scaling"),
        ("[20000]", "[2,10000]", "it must have one axis, but has the shape [2, 10000]"),
    ] {
        let error = renamed(from, to);
        assert!(error.contains(told), "{to}: {error}");
    }
}
