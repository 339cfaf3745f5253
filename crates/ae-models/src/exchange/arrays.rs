//! Arrays with names, as files of other programs hold them.

use std::fmt;
use std::path::Path;

use safetensors::Dtype;
use serde_json::{Map, Value};

use super::ExchangeError;
use super::npz;
use crate::{ModelSpec, TensorFile};

/// The types of numbers that weights have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NumberType {
    /// IEEE 754 half precision.
    F16,
    /// The upper half of an `f32`.
    Bf16,
    /// Single precision, which models have.
    F32,
    /// Double precision.
    F64,
}

impl NumberType {
    /// Bytes of a number.
    pub(super) fn size(self) -> usize {
        match self {
            Self::F16 | Self::Bf16 => 2,
            Self::F32 => 4,
            Self::F64 => 8,
        }
    }
}

impl fmt::Display for NumberType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::F16 => "f16",
            Self::Bf16 => "bf16",
            Self::F32 => "f32",
            Self::F64 => "f64",
        })
    }
}

/// An array of a file.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct NamedArray {
    pub(super) name: String,
    /// Lengths of the axes, row-major.
    pub(super) shape: Vec<usize>,
    pub(super) number_type: NumberType,
    /// Little-endian, as many as type and shape say.
    pub(super) data: Vec<u8>,
}

/// What a file of another program holds.
#[derive(Debug)]
pub(super) struct Contents {
    pub(super) arrays: Vec<NamedArray>,
    /// What this project wrote about the model, if the other program kept it.
    pub(super) spec: Option<ModelSpec>,
}

/// The contents of a file, whose format is found out from them.
pub(super) fn contents_of(path: &Path, bytes: &[u8]) -> Result<Contents, ExchangeError> {
    let foreign = |found| ExchangeError::Format { path: path.to_owned(), found };
    match bytes {
        [b'P', b'K', 3 | 5, 4 | 6, ..] => {
            Ok(Contents { arrays: npz::arrays(path, bytes)?, spec: None })
        }
        [0x89, b'H', b'D', b'F', ..] => Err(foreign(
            "HDF5; load it in Keras and save it with `np.savez(\"weights.npz\", *model.get_weights())`",
        )),
        [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => Err(foreign(
            "one array (.npy); save all of them with `np.savez(\"weights.npz\", *model.get_weights())`",
        )),
        [0x80, 2..=5, ..] => Err(foreign(PICKLE)),
        _ => of_safetensors(path, bytes),
    }
}

/// What to do about a file that only Python should open: a pickle is a program.
pub(super) const PICKLE: &str = "a pickle of PyTorch; load it in PyTorch and save it with \
     `safetensors.torch.save_file(model.state_dict(), \"weights.safetensors\")`";

/// The specification in the metadata of a file that this project wrote first.
fn spec_of(file: &TensorFile<'_>) -> Option<ModelSpec> {
    let mut fields: Map<String, Value> = serde_json::from_str(file.entry("ae.model")?).ok()?;
    for field in ["schema", "part", "attachments"] {
        fields.remove(field);
    }
    serde_json::from_value(Value::Object(fields)).ok()
}

fn of_safetensors(path: &Path, bytes: &[u8]) -> Result<Contents, ExchangeError> {
    let file = TensorFile::parse(bytes).map_err(|error| crate::ModelError::of_file(path, error))?;
    let names = file.names();
    let tensors = names.iter().filter_map(|name| file.tensor(name));
    // What this project attaches to a model is no weight.
    let is_weight = |name: &str| !name.starts_with("attachments");
    let arrays = tensors
        .filter(|tensor| is_weight(tensor.name))
        .map(|tensor| {
            let number_type = match tensor.dtype {
                Dtype::F16 => NumberType::F16,
                Dtype::BF16 => NumberType::Bf16,
                Dtype::F32 => NumberType::F32,
                Dtype::F64 => NumberType::F64,
                other => {
                    return Err(ExchangeError::NotFloats {
                        path: path.to_owned(),
                        name: tensor.name.to_owned(),
                        found: other.to_string(),
                    });
                }
            };
            let (name, shape) = (tensor.name.to_owned(), tensor.shape.to_vec());
            Ok(NamedArray { name, shape, number_type, data: tensor.data.to_vec() })
        })
        .collect::<Result<_, _>>()?;
    Ok(Contents { arrays, spec: spec_of(&file) })
}
