//! Weights files: round trips, and every kind of damage with its own error.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use ae_models::Activation::Relu;
use ae_models::{Device, ModelError, SavedEncoder, SavedModel, SavedPart, WeightTypes};
use proptest::prelude::*;
use safetensors::tensor::{Dtype, SafeTensors, TensorView, serialize};
use tempfile::TempDir;

use crate::integrity::{attached, header_length, sealed};
use crate::{small_parameters, small_spec};

pub(crate) fn small_model() -> SavedModel {
    let spec = small_spec(Relu, false);
    let parameters = small_parameters(&spec);
    SavedModel::new(spec, parameters)
}

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("model.safetensors")
    }

    fn bytes(&self) -> Vec<u8> {
        small_model().save(&self.path()).unwrap();
        fs::read(self.path()).unwrap()
    }
}

fn refuse(bytes: &[u8]) -> ModelError {
    let error = SavedModel::from_bytes(bytes, Path::new("model.safetensors")).unwrap_err();
    assert!(error.to_string().contains("model.safetensors"), "{error}");
    error
}

type OwnedTensor = (String, Dtype, Vec<usize>, Vec<u8>);

/// A file taken apart, changed and put together again.
fn altered(bytes: &[u8], change: impl Fn(&mut String, &mut Vec<OwnedTensor>)) -> Vec<u8> {
    let (_, header) = SafeTensors::read_metadata(bytes).unwrap();
    let mut entry = header.metadata().as_ref().unwrap()["ae.model"].clone();
    let mut tensors: Vec<OwnedTensor> = SafeTensors::deserialize(bytes)
        .unwrap()
        .iter()
        .map(|(name, t)| (name.to_owned(), t.dtype(), t.shape().to_vec(), t.data().to_vec()))
        .collect();
    change(&mut entry, &mut tensors);
    let views = tensors.iter().map(|(name, dtype, shape, data)| {
        (name.as_str(), TensorView::new(*dtype, shape.clone(), data).unwrap())
    });
    serialize(views, Some(HashMap::from([("ae.model".to_owned(), entry)]))).unwrap()
}

fn tensor<'a>(tensors: &'a mut [OwnedTensor], name: &str) -> &'a mut OwnedTensor {
    tensors.iter_mut().find(|tensor| tensor.0 == name).unwrap()
}

#[test]
fn a_model_comes_back_bit_by_bit() {
    let folder = Folder::new();
    let mut model = small_model();
    model.parameters.values_mut()[..3].copy_from_slice(&[-0.0, 1e-45, f32::MAX]);
    model.save(&folder.path()).unwrap();
    let loaded = SavedModel::load(&folder.path()).unwrap();
    assert_eq!(loaded.spec, model.spec);
    assert_eq!(loaded.parameters.sha256(), model.parameters.sha256());
}

#[test]
fn a_model_always_gives_the_same_bytes() {
    let folder = Folder::new();
    let first = folder.bytes();
    assert_eq!(folder.bytes(), first);
    let entry = r#"{\"schema\":3,\"part\":\"model\",\"kind\":\"regular\",\"image\":[2,3],\"encoder\":[{\"layer\":\"dense\",\"outputs\":4,\"activation\":\"relu\"},"#;
    let header = String::from_utf8_lossy(&first[8..]);
    assert!(header.starts_with(&format!(r#"{{"__metadata__":{{"ae.model":"{entry}"#)), "{header}");
}

#[test]
fn an_encoder_alone_gives_the_codes_of_the_whole_model() {
    let folder = Folder::new();
    let model = small_model();
    model.encoder().unwrap().save(&folder.path()).unwrap();
    let saved = SavedEncoder::load(&folder.path()).unwrap();
    assert!(saved.parameters.layout().views().iter().all(|view| view.name.starts_with("encoder.")));

    let images: Vec<f32> = (0..12).map(|index| index as f32 / 12.0).collect();
    let [mut codes, mut expected] = [[0.0; 6]; 2];
    saved.inference(&Device::Cpu).unwrap().encode(&images, &mut codes).unwrap();
    model.inference(&Device::Cpu).unwrap().encode(&images, &mut expected).unwrap();
    assert_eq!(codes, expected);
    assert!(codes.iter().any(|&number| number != 0.0));
}

#[test]
fn the_wrong_part_is_named() {
    let folder = Folder::new();
    let model = small_model();
    model.encoder().unwrap().save(&folder.path()).unwrap();
    let error = SavedModel::load(&folder.path()).unwrap_err();
    assert!(error.to_string().ends_with("must hold a whole model, but holds an encoder alone"));
    model.save(&folder.path()).unwrap();
    let error = SavedEncoder::load(&folder.path()).unwrap_err();
    assert!(matches!(error, ModelError::WrongPart { expected: SavedPart::Encoder, .. }), "{error}");
}

#[test]
fn what_is_attached_comes_back_with_the_model_and_its_encoder() {
    let folder = Folder::new();
    let mut model = small_model();
    model.attachments.set("threshold", &0.25).unwrap();
    model.save(&folder.path()).unwrap();
    assert_eq!(SavedModel::load(&folder.path()).unwrap(), model);
    model.encoder().unwrap().save(&folder.path()).unwrap();
    let encoder = SavedEncoder::load(&folder.path()).unwrap();
    assert_eq!(encoder.attachments.get("threshold").unwrap(), Some(0.25));
}

#[test]
fn what_cannot_be_loaded_is_not_saved() {
    let folder = Folder::new();
    folder.bytes();
    let mut diverged = small_model();
    diverged.parameters.values_mut()[25] = f32::NAN;
    let error = diverged.save(&folder.path()).unwrap_err();
    assert!(error.to_string().ends_with("value 1 of encoder.0.bias must be finite, but is NaN"));

    let other = SavedModel { spec: small_spec(Relu, true), ..small_model() };
    assert!(matches!(other.save(&folder.path()), Err(ModelError::Parameters { .. })));
    assert_eq!(SavedModel::load(&folder.path()).unwrap(), small_model());
}

#[test]
fn other_formats_are_told_apart() {
    assert!(matches!(SavedModel::load(Path::new("no/such")), Err(ModelError::File(_))));
    for bytes in [&b""[..], b"cut", b"\x89PNG\r\n\x1a\n and what follows", b"\x03\0\0\0\0\0\0\0{}}"]
    {
        let error = refuse(bytes);
        assert!(matches!(error, ModelError::NotSafetensors { .. }), "{error}");
    }
    let foreign = serialize(Vec::<(&str, TensorView)>::new(), None).unwrap();
    assert!(matches!(refuse(&foreign), ModelError::NoDescription { .. }));
}

#[test]
fn every_cut_is_noticed() {
    let whole = Folder::new().bytes();
    for length in 0..whole.len() {
        let error = refuse(&whole[..length]);
        let is_cut = match length {
            0..8 => matches!(error, ModelError::NotSafetensors { .. }),
            _ => matches!(error, ModelError::Length { found, .. } if found == length),
        };
        assert!(is_cut, "{length} bytes: {error}");
    }
    let error = refuse(&[&whole[..], b"more"].concat());
    assert!(matches!(error, ModelError::Length { expected, .. } if expected == whole.len()));
}

#[test]
fn sizes_that_overflow_are_refused() {
    // Eight tensors of 2^61 - 4 bytes: their sum fits 64 bits, but not with the header.
    let bytes = (1_u64 << 61) - 4;
    let tensors: Vec<_> = (0..8)
        .map(|k| {
            let (start, end) = (k * bytes, (k + 1) * bytes);
            let shape = bytes / 4;
            format!(r#""t{k}":{{"dtype":"F32","shape":[{shape}],"data_offsets":[{start},{end}]}}"#)
        })
        .collect();
    let header = format!("{{{}}}", tensors.join(","));
    let file = [&(header.len() as u64).to_le_bytes()[..], header.as_bytes()].concat();
    let error = refuse(&file);
    assert!(matches!(error, ModelError::Length { expected: usize::MAX, .. }), "{error}");
}

#[test]
fn descriptions_that_cannot_be_used_are_refused() {
    let whole = Folder::new().bytes();
    let refuse_with = |from: &str, to: &str| {
        refuse(&altered(&whole, |entry, _| *entry = entry.replacen(from, to, 1)))
    };
    let error = refuse_with("\"schema\":3", "\"schema\":4");
    assert!(matches!(error, ModelError::LaterSchema { expected: 3, found: 4, .. }), "{error}");
    for (from, to) in [
        ("\"schema\":3", "\"schema\":0"),
        ("{\"schema\"", "{\"colour\":3,\"schema\""),
        ("\"part\":\"model\"", "\"part\":\"decoder\""),
        ("{", "["),
        ("\"relu\"", "\"rely\""),
        ("[2,3]", "[2,4]"),
        ("\"outputs\":4,", "\"outputs\":4000000000,"),
    ] {
        let error = refuse_with(from, to);
        assert!(matches!(error, ModelError::Description { .. }), "{to}: {error}");
    }
}

#[test]
fn tensors_that_are_not_the_architectures_are_refused() {
    let whole = Folder::new().bytes();
    let refuse_with = |change: fn(&mut Vec<OwnedTensor>)| {
        refuse(&altered(&whole, |_, tensors| change(tensors))).to_string()
    };
    let ends = |error: String, end: &str| assert!(error.ends_with(end), "{error}");
    ends(
        refuse_with(|tensors| tensors.retain(|tensor| tensor.0 != "decoder.1.bias")),
        "model.safetensors lacks the tensor decoder.1.bias of shape [6]",
    );
    ends(
        refuse_with(|tensors| {
            let mut extra = tensor(tensors, "decoder.1.bias").clone();
            extra.0 = "decoder.2.bias".to_owned();
            tensors.push(extra);
        }),
        "holds the tensor decoder.2.bias, which its architecture does not have",
    );
    ends(
        refuse_with(|tensors| tensor(tensors, "encoder.0.weight").2 = vec![6, 4]),
        "the tensor encoder.0.weight must have the shape [4, 6], but has [6, 4]",
    );
    ends(
        refuse_with(|tensors| {
            let bias = tensor(tensors, "encoder.0.bias");
            (bias.1, bias.3) = (Dtype::F64, [bias.3.clone(), bias.3.clone()].concat());
        }),
        "the tensor encoder.0.bias must be F32, but is F64; `WeightTypes::Converted` converts it",
    );
    ends(
        refuse_with(|tensors| {
            let infinite = f32::INFINITY.to_le_bytes();
            tensor(tensors, "decoder.0.bias").3[8..12].copy_from_slice(&infinite);
        }),
        "value 2 of decoder.0.bias must be finite, but is inf",
    );
}

#[test]
fn absent_fields_of_the_description_have_defaults() {
    let whole = Folder::new().bytes();
    let short = r#"{"image":[2,3],"encoder":[6,4,3],"decoder":[3,4,6]}"#;
    let bytes = altered(&whole, |entry, _| *entry = short.to_owned());
    let model = SavedModel::from_bytes(&bytes, Path::new("model.safetensors")).unwrap();
    assert_eq!(model, small_model());
    for (field, message) in [
        (r#""image":[2,3],"#, "missing field `image`"),
        (r#""encoder":[6,4,3],"#, "missing field `encoder`"),
        (r#","decoder":[3,4,6]"#, "missing field `decoder`"),
    ] {
        let error = refuse(&altered(&whole, |entry, _| *entry = short.replace(field, "")));
        assert!(error.to_string().ends_with(message), "{error}");
    }
}

#[test]
fn other_floats_are_converted_on_request_alone() {
    let folder = Folder::new();
    let whole = folder.bytes();
    let halved = altered(&whole, |entry, tensors| {
        // A file of schema 1 needs no checksum.
        *entry = entry.replacen("\"schema\":3", "\"schema\":1", 1);
        let bias = tensor(tensors, "encoder.0.bias");
        (bias.1, bias.3) =
            (Dtype::F16, [0x3c00_u16, 0xc100, 0x0001, 0x8000].map(u16::to_le_bytes).concat());
        let bias = tensor(tensors, "encoder.1.bias");
        (bias.1, bias.3) = (Dtype::F64, [0.1_f64, 1.0, -2.0].map(f64::to_le_bytes).concat());
        let bias = tensor(tensors, "decoder.0.bias");
        (bias.1, bias.3) = (Dtype::BF16, [0x3f80_u16, 0xc020, 0, 0].map(u16::to_le_bytes).concat());
    });
    fs::write(folder.path(), &halved).unwrap();
    let error = SavedModel::load(&folder.path()).unwrap_err().to_string();
    assert!(
        error.ends_with(
            "encoder.0.bias must be F32, but is F16; `WeightTypes::Converted` converts it"
        ),
        "{error}"
    );
    let model = SavedModel::load_with(&folder.path(), WeightTypes::Converted).unwrap();
    let get = |name| model.parameters.get(name).unwrap();
    assert_eq!(get("encoder.0.bias"), [1.0, -2.5, 2.0_f32.powi(-24), 0.0]);
    assert_eq!(get("encoder.1.bias"), [0.1, 1.0, -2.0]);
    assert_eq!(get("decoder.0.bias"), [1.0, -2.5, 0.0, 0.0]);

    let integers = altered(&whole, |_, tensors| tensor(tensors, "encoder.0.bias").1 = Dtype::I32);
    fs::write(folder.path(), &integers).unwrap();
    let error = SavedModel::load_with(&folder.path(), WeightTypes::Converted).unwrap_err();
    assert!(error.to_string().ends_with("encoder.0.bias must be F32, but is I32"), "{error}");
    let infinite = altered(&whole, |_, tensors| {
        let bias = tensor(tensors, "encoder.1.bias");
        (bias.1, bias.3) = (Dtype::F64, [0.1_f64, 1e39, -2.0].map(f64::to_le_bytes).concat());
    });
    fs::write(folder.path(), &infinite).unwrap();
    let error = SavedModel::load_with(&folder.path(), WeightTypes::Converted).unwrap_err();
    assert!(
        error.to_string().ends_with("value 1 of encoder.1.bias must be finite, but is inf"),
        "{error}"
    );
}

/// What is loaded from a damaged file, if anything, is a model.
fn check_is_sound(bytes: &[u8]) {
    if let Ok(model) = SavedModel::from_bytes(bytes, Path::new("damaged")) {
        assert!(model.parameters.values().iter().all(|value| value.is_finite()));
        assert_eq!(model.spec.architecture().unwrap().layout(), model.parameters.layout());
        serde_json::to_string(&model.attachments).unwrap();
    }
}

/// Damage behind the checksum: what is mutated is sealed again, so that it meets the parser and not the checksum.
#[test]
fn no_damage_does_harm() {
    let whole = attached().1;
    let junk = prop::collection::vec(any::<u8>(), 0..64);
    let header = 8 + header_length(&whole);
    // Most damage to the header, where everything else is decided.
    let place = prop_oneof![3 => 0..header, 1 => 0..whole.len()];
    proptest!(|(start in place, length in 0..64_usize, junk in junk)| {
        let mut bytes = whole.clone();
        bytes.splice(start..whole.len().min(start + length), junk);
        check_is_sound(&bytes);
        if let Some(sealed) = sealed(&bytes) {
            check_is_sound(&sealed);
        }
    });
}

#[test]
fn no_sealed_bit_does_harm() {
    let whole = Folder::new().bytes();
    let mut loaded = 0;
    for index in 0..whole.len() * 8 {
        let mut bytes = whole.clone();
        bytes[index / 8] ^= 1 << (index % 8);
        if let Some(sealed) = sealed(&bytes) {
            check_is_sound(&sealed);
            loaded += usize::from(SavedModel::from_bytes(&sealed, Path::new("damaged")).is_ok());
        }
    }
    // The seal is the format's: of the 32 bits of a parameter nearly all give another sound model.
    assert!(loaded > 31 * small_model().parameters.values().len(), "{loaded} files were loaded");
}
