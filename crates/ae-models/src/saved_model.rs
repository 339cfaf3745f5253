//! Models and encoders of this crate's kinds with their numbers, to be saved, loaded and applied.

use std::path::Path;

use ae_files::read_bounded;
use serde_json::Value;

use crate::candle::{Device, tensor_encoder_inference};
use crate::network::chain;
use crate::weights_file::{self, Contents, Fields, Written, take_kind};
use crate::{
    Attachments, EncoderInference, Inference, KernelInference, Layout, MAX_FILE_BYTES, ModelError,
    ModelKind, ModelSpec, Parameters, Part, SavedPart, WeightTypes,
};

/// A whole model: its specification and its numbers.
///
/// # Format
/// The weights file is in the safetensors format, and the same model always gives the same bytes.
/// The tensors are `f32` with the names and shapes of [`ModelSpec::architecture`]'s layout, which are
/// PyTorch's. The metadata has two entries:
///
/// - `ae.model`, a JSON object. A field that is absent has its default:
///
///   | field | default | what |
///   |---|---|---|
///   | `schema` | 1 | version of the format; 3 is written |
///   | `part` | `model` | `model`, or `encoder` for a [`SavedEncoder`] |
///   | `kind` | `regular` | `regular`, `denoising`, or the tag of another crate's network ([`Registry`](crate::Registry)) |
///   | `image` | - | height and width |
///   | `channels` | 1 | 1 or 3 |
///   | `encoder`, `decoder` | - | lists of layers |
///   | `residual` | `false` | whether the input is added to the output |
///   | `initialisation` | `glorot` | how weights began: `glorot` or `he` |
///   | `attachments` | none | an object of [`Attachments`] |
///
///   A layer is an object whose field `layer` names its kind; its other fields are those of the type:
///
///   | `layer` | type | fields |
///   |---|---|---|
///   | `dense` | [`Dense`](crate::layer::Dense) | `outputs`, `activation`, `tied_to` |
///   | `conv` | [`Conv`](crate::layer::Conv) | `channels`, `kernel`, `stride`, `padding`, `activation` |
///   | `conv-transpose` | [`ConvTranspose`](crate::layer::ConvTranspose) | `channels`, `kernel`, `stride`, `padding`, `activation` |
///   | `upsample` | [`Upsample`](crate::layer::Upsample) | `factor` |
///   | `max-pool` | [`MaxPool`](crate::layer::MaxPool) | `size`, `stride`, `padding` |
///   | `pixel-unshuffle`, `pixel-shuffle` | [`PixelUnshuffle`](crate::layer::PixelUnshuffle), [`PixelShuffle`](crate::layer::PixelShuffle) | `factor` |
///   | `reshape` | [`Reshape`](crate::layer::Reshape) | `shape` |
///   | `batch-norm` | [`BatchNorm`](crate::layer::BatchNorm) | `momentum`, `epsilon` |
///   | `activation` | [`ActivationLayer`](crate::layer::ActivationLayer) | `activation` |
///   | `dropout` | [`Dropout`](crate::layer::Dropout) | `rate` |
///   | `gaussian-noise` | [`GaussianNoise`](crate::layer::GaussianNoise) | `deviation` |
///   | `top-k` | [`TopK`](crate::layer::TopK) | `k` |
///   | `sample` | [`Sample`](crate::layer::Sample) | - |
///
///   The tutorial's network:
///
///   ```json
///   {
///     "schema": 3, "part": "model", "kind": "regular", "image": [28, 28],
///     "encoder": [{ "layer": "dense", "outputs": 32, "activation": "relu" }],
///     "decoder": [{ "layer": "dense", "outputs": 784, "activation": "sigmoid" }]
///   }
///   ```
///
///   In files of schemas 1 and 2, which are read as well, all layers are dense: `encoder` and `decoder` are lists of widths,
///   such as `[784, 32]` and `[32, 784]`, and `hidden_activation`, `code_activation` (both `relu` by default),
///   `output_activation` (`sigmoid`) and `tied_weights` (`false`) stand beside them
///   ([`DenseConfig`](crate::DenseConfig)). Programs that know only these schemas refuse a file of schema 3 and name the
///   schema.
///
///   A network of another crate has its own fields instead of those from `image` to `initialisation`.
/// - `ae.sha256`, the SHA-256 of `ae.model` and of every tensor's name, type, shape and numbers. Loading checks it, so that
///   a changed bit is not mistaken for a number of the model. A file of schema 1 needs none.
///
/// A long array of numbers in an attachment is a tensor of type `F32`, `F64`, `I32` or `I64` and of one axis. Its name
/// is `attachments` and the array's JSON pointer in `attachments`, such as `attachments/anomaly/scorer/mean`; `null`
/// stands in its place. If the attachments' JSON is still long, it is the tensor `attachments` of type `U8`.
///
/// Other programs read the weights by their names and ignore the tensors whose names begin with `attachments`. A
/// program that changes tensors must write a new checksum:
///
/// ```python
/// import hashlib, json, sys
///
/// data = open(sys.argv[1], "rb").read()
/// end = 8 + int.from_bytes(data[:8], "little")
/// header = json.loads(data[8:end])
/// metadata = header.pop("__metadata__")
/// digest = hashlib.sha256(metadata["ae.model"].encode())
/// for name in sorted(header):
///     dtype, shape, (start, stop) = (header[name][key] for key in ("dtype", "shape", "data_offsets"))
///     digest.update(f"\n{name} {dtype} {shape}\n".encode() + data[end + start : end + stop])
/// print("expected", metadata.get("ae.sha256"), "found", digest.hexdigest())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct SavedModel {
    /// Its specification.
    pub spec: ModelSpec,
    /// Its numbers, in the layout of the architecture.
    pub parameters: Parameters,
    /// What was fitted to it after its training.
    pub attachments: Attachments,
}

impl SavedModel {
    /// A model with nothing attached.
    pub fn new(spec: ModelSpec, parameters: Parameters) -> Self {
        Self { spec, parameters, attachments: Attachments::default() }
    }

    /// Writes a weights file, whole or not at all.
    ///
    /// # Errors
    /// If the parameters are not the architecture's or not finite, if the file would be larger than
    /// [`MAX_FILE_BYTES`](crate::MAX_FILE_BYTES) or could not be loaded for another reason, or if it cannot be written.
    /// What was there before is then left as it was.
    pub fn save(&self, path: &Path) -> Result<(), ModelError> {
        write(path, SavedPart::Model, &self.spec, &self.parameters, &self.attachments)
    }

    /// Reads a weights file of a whole model.
    ///
    /// # Errors
    /// If it cannot be read, is larger than [`MAX_FILE_BYTES`](crate::MAX_FILE_BYTES), or is not
    /// exactly what [`save`](Self::save) writes: each kind of damage has its own [`ModelError`].
    pub fn load(path: &Path) -> Result<Self, ModelError> {
        Self::load_with(path, WeightTypes::Exact)
    }

    /// As [`load`](Self::load), also of a file whose weights are of another type of float if `types` says so.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn load_with(path: &Path, types: WeightTypes) -> Result<Self, ModelError> {
        let bytes = read_bounded(path, MAX_FILE_BYTES)?;
        let Contents { spec, parameters, attachments } =
            decode(path, SavedPart::Model, types, &bytes)?;
        Ok(Self { spec, parameters, attachments })
    }

    /// The model in the contents of a weights file, for those who have no file system; `path` is
    /// what errors call it.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn from_bytes(bytes: &[u8], path: &Path) -> Result<Self, ModelError> {
        let Contents { spec, parameters, attachments } =
            decode(path, SavedPart::Model, WeightTypes::Exact, bytes)?;
        Ok(Self { spec, parameters, attachments })
    }

    /// The model applied to slices of numbers: by the kernels on the CPU, by candle on other devices.
    ///
    /// # Errors
    /// If the parameters are not the architecture's, or the device cannot hold them.
    pub fn inference(&self, device: &Device) -> Result<Box<dyn Inference>, ModelError> {
        self.spec.architecture()?.inference(&self.parameters, device)
    }

    /// The encoder alone, to be saved or used without the decoder, with all that is attached: this crate does not know
    /// which attachments are about the decoder.
    ///
    /// # Errors
    /// If the parameters are not the architecture's.
    pub fn encoder(&self) -> Result<SavedEncoder, ModelError> {
        let layout = layout(SavedPart::Encoder, &self.spec)?;
        let values = layout
            .views()
            .iter()
            .filter_map(|view| self.parameters.get(&view.name))
            .flatten()
            .copied()
            .collect();
        Ok(SavedEncoder {
            spec: self.spec.clone(),
            parameters: Parameters::new(layout, values)?,
            attachments: self.attachments.clone(),
        })
    }
}

/// The encoder of a model and its numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct SavedEncoder {
    /// The model that the encoder was taken from.
    pub spec: ModelSpec,
    /// The numbers of the encoder.
    pub parameters: Parameters,
    /// What was fitted to the model after its training.
    pub attachments: Attachments,
}

impl SavedEncoder {
    /// Writes a weights file of the encoder alone, whole or not at all.
    ///
    /// # Errors
    /// As [`SavedModel::save`].
    pub fn save(&self, path: &Path) -> Result<(), ModelError> {
        write(path, SavedPart::Encoder, &self.spec, &self.parameters, &self.attachments)
    }

    /// Reads a weights file of an encoder alone.
    ///
    /// # Errors
    /// As [`SavedModel::load`].
    pub fn load(path: &Path) -> Result<Self, ModelError> {
        Self::load_with(path, WeightTypes::Exact)
    }

    /// As [`load`](Self::load), also of a file whose weights are of another type of float if `types` says so.
    ///
    /// # Errors
    /// As [`SavedModel::load`].
    pub fn load_with(path: &Path, types: WeightTypes) -> Result<Self, ModelError> {
        let bytes = read_bounded(path, MAX_FILE_BYTES)?;
        let Contents { spec, parameters, attachments } =
            decode(path, SavedPart::Encoder, types, &bytes)?;
        Ok(Self { spec, parameters, attachments })
    }

    /// The encoder applied to slices of numbers: by the kernels on the CPU, by candle on other devices.
    ///
    /// # Errors
    /// If the parameters are not the encoder's, or the device cannot hold them.
    pub fn inference(&self, device: &Device) -> Result<Box<dyn EncoderInference>, ModelError> {
        let network = self.spec.check()?;
        if !device.is_cpu() {
            return tensor_encoder_inference(&network, &self.parameters, device);
        }
        let chain = chain(&network, Some(Part::Encoder))?;
        let inference = KernelInference::new(&chain, &self.parameters)?;
        Ok(Box::new(inference.with_pixels(network.item().numbers())))
    }
}

/// The layout of a part, once the specification is checked.
fn layout(part: SavedPart, spec: &ModelSpec) -> Result<Layout, ModelError> {
    let network = spec.check()?;
    Ok(match part {
        SavedPart::Model => network.layout(),
        SavedPart::Encoder => network.layout_of(Part::Encoder),
    })
}

fn write(
    path: &Path,
    part: SavedPart,
    spec: &ModelSpec,
    parameters: &Parameters,
    attachments: &Attachments,
) -> Result<(), ModelError> {
    let written = Written { spec, parameters, attachments };
    weights_file::write(path, part, &written, || layout(part, spec))
}

fn decode(
    path: &Path,
    part: SavedPart,
    types: WeightTypes,
    bytes: &[u8],
) -> Result<Contents<ModelSpec>, ModelError> {
    weights_file::decode(path, part, types, bytes, |fields| {
        let kinds = [ModelKind::Denoising, ModelKind::Regular].map(|kind| kind.to_string());
        let found = take_kind(&mut fields.clone());
        if !kinds.contains(&found) {
            let known = kinds.join(", ");
            return Err(ModelError::UnknownKind { path: path.to_owned(), found, known });
        }
        let spec = read_spec(fields)?;
        let layout = layout(part, &spec)?;
        Ok((spec, layout))
    })
}

fn read_spec(fields: Fields) -> Result<ModelSpec, ModelError> {
    let spec = serde_json::from_value(Value::Object(fields));
    spec.map_err(|error| ModelError::Fields { reason: error.to_string() })
}
