//! Arrays with names, as files of other programs hold them.

use std::path::Path;

use safetensors::Dtype;
use serde_json::{Map, Value};

use super::ExchangeError;
use super::npz;
use crate::{ModelSpec, TensorFile};

/// An array of a file.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct NamedArray {
    pub(super) name: String,
    /// Lengths of the axes, row-major.
    pub(super) shape: Vec<usize>,
    /// `F16`, `BF16`, `F32` or `F64`.
    pub(super) dtype: Dtype,
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
        // The header of a safetensors file is JSON behind its length of 8 bytes.
        [_, _, _, _, _, _, _, _, b'{', ..] => of_safetensors(path, bytes),
        _ => Err(foreign("another file")),
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
            if !matches!(tensor.dtype, Dtype::F16 | Dtype::BF16 | Dtype::F32 | Dtype::F64) {
                return Err(ExchangeError::NotFloats {
                    path: path.to_owned(),
                    name: tensor.name.to_owned(),
                    found: tensor.dtype.to_string(),
                });
            }
            let (name, shape) = (tensor.name.to_owned(), tensor.shape.to_vec());
            Ok(NamedArray { name, shape, dtype: tensor.dtype, data: tensor.data.to_vec() })
        })
        .collect::<Result<_, _>>()?;
    Ok(Contents { arrays, spec: spec_of(&file) })
}
