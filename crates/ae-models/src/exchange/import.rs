//! A weights file of another program to a model.

use std::path::Path;

use ae_files::read_bounded;
use safetensors::Dtype;

use super::arrays::{Contents, contents_of};
use super::stack::{Layer, Stack, stack};
use super::{Assumption, ExchangeError, PixelOrder, WeightLayout};
use crate::{
    Activation, DenseConfig, MAX_PARAMETERS, ModelError, ModelKind, ModelSpec, Network, Parameters,
    SavedModel, WeightTypes,
};

/// The largest file that is imported, and the most bytes of all its arrays: [`MAX_PARAMETERS`] in `f64`, and a header.
pub const MAX_IMPORT_BYTES: u64 =
    (MAX_PARAMETERS * size_of::<f64>() + crate::MAX_HEADER_BYTES) as u64;

/// What a caller knows of a model whose weights are imported. What is `None` is assumed, and [`Imported`] says so: the
/// network of the Keras tutorial is the model for it.
#[derive(Debug, Clone, Default)]
pub struct ImportOptions {
    /// What the network was shown in training: clean inputs, unless something else is said.
    pub kind: Option<ModelKind>,
    /// After every layer but the encoder's last and the decoder's last: ReLU.
    pub hidden_activation: Option<Activation>,
    /// After the encoder's last layer: ReLU.
    pub code_activation: Option<Activation>,
    /// After the decoder's last layer: the sigmoid.
    pub output_activation: Option<Activation>,
    /// How many layers the encoder has: as the names say, or up to the narrowest output.
    pub encoder_layers: Option<usize>,
    /// How many numbers a code has; a check where the names say it.
    pub latent_dim: Option<usize>,
    /// Height and width of an image: a square of one or of three channels, or one row of grey.
    pub image: Option<[usize; 2]>,
    /// The order of a colour image's values: that of the program whose layout the weights have.
    pub pixel_order: Option<PixelOrder>,
    /// Whether other types of numbers than `f32` are converted.
    pub types: WeightTypes,
}

/// Arrays of one type that were rounded to `f32`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Converted {
    /// Their type in the file.
    pub from: Dtype,
    /// How many there are.
    pub arrays: usize,
}

/// A model of another program's weights.
#[derive(Debug, Clone)]
pub struct Imported {
    /// The model, with nothing attached.
    pub model: SavedModel,
    /// What was assumed, the most important first.
    pub assumptions: Vec<Assumption>,
    /// What was rounded to `f32`, the narrowest type first.
    pub converted: Vec<Converted>,
    /// Whether the file has the entry `ae.model`, from which activations, shape and kind were taken.
    pub has_description: bool,
}

/// Makes a model of a weights file of PyTorch (safetensors) or of NumPy (`.npz`, which Keras' weights are saved to).
///
/// The format is found out from the contents. The layers are dense ones, each a matrix of weights and a bias:
///
/// - In PyTorch's names, `encoder.0.weight`, `0.bias`, `fc1.weight`, weights have the shape (out, in). Layers are put in the
///   order of their names, with numbers by their value; gaps, as `nn.Sequential` leaves them, do not matter. Parts that all
///   names share are ignored. Names that begin with `enc` and `dec` say where the code is.
/// - A file that this project wrote and another program changed may keep the metadata entry `ae.model`: what the options leave
///   open is then taken from it.
/// - Under `arr_0`, `arr_1`, ..., the names of `np.savez("weights.npz", *model.get_weights())`, weights have the shape
///   (in, out), unless the biases only fit (out, in).
///
/// A decoder that has biases alone is tied to its encoder. A layer without a bias gets one of zeros.
///
/// # Errors
/// If the file cannot be read, is damaged, of another format, or over [`MAX_IMPORT_BYTES`]; if an array is no part of a
/// dense layer, is not finite or of another type than `f32` without [`WeightTypes::Converted`]; or if the layers are no
/// autoencoder's, or contradict the options. Every error names the file, what was expected and what was found.
pub fn import(path: &Path, options: &ImportOptions) -> Result<Imported, ExchangeError> {
    import_bytes(&read_bounded(path, MAX_IMPORT_BYTES)?, path, options)
}

/// Makes a model of the contents of a weights file, for those who have no file system; `path` is what errors call it.
///
/// # Errors
/// As [`import`].
pub fn import_bytes(
    bytes: &[u8],
    path: &Path,
    options: &ImportOptions,
) -> Result<Imported, ExchangeError> {
    let Contents { arrays, spec } = contents_of(path, bytes)?;
    let options = match &spec {
        Some(spec) => &options.or_those_of(spec),
        None => options,
    };
    let converted = [Dtype::F16, Dtype::BF16, Dtype::F64].map(|from| Converted {
        from,
        arrays: arrays.iter().filter(|array| array.dtype == from).count(),
    });
    let converted = converted.into_iter().filter(|converted| converted.arrays > 0).collect();
    let stack = stack(path, arrays, options.types)?;
    let mut assumptions = Vec::new();
    let (dense, order) = describe(path, &stack, options, &mut assumptions)?;
    assumptions.extend(stack.assumptions);
    let kind = options.kind.unwrap_or_else(|| {
        assumptions.push(Assumption::Kind(ModelKind::Regular));
        ModelKind::Regular
    });
    let network = network(path, &dense)?;
    let layout = network.check()?.layout();
    let values = values(stack.layers, &dense, order);
    let model = SavedModel::new(ModelSpec { kind, network }, Parameters::new(layout, values)?);
    Ok(Imported { model, assumptions, converted, has_description: spec.is_some() })
}

impl ImportOptions {
    /// What these leave open as a specification says it.
    fn or_those_of(&self, spec: &ModelSpec) -> Self {
        let ModelSpec { kind, network } = spec;
        let dense = DenseConfig::of(network);
        let told = |of: fn(&DenseConfig) -> Activation| dense.as_ref().map(of);
        Self {
            kind: self.kind.or(Some(*kind)),
            hidden_activation: self.hidden_activation.or_else(|| told(|it| it.hidden_activation)),
            code_activation: self.code_activation.or_else(|| told(|it| it.code_activation)),
            output_activation: self.output_activation.or_else(|| told(|it| it.output_activation)),
            image: self.image.or(Some(network.image)),
            ..self.clone()
        }
    }
}

/// The network, if there can be such a one.
fn network(path: &Path, dense: &DenseConfig) -> Result<Network, ExchangeError> {
    dense.network().map_err(|error| match error {
        ModelError::Spec { field, expected, found } => ExchangeError::Stack {
            path: path.to_owned(),
            expected: format!("the model's {field} to be {expected}"),
            found,
        },
        other => other.into(),
    })
}

/// The network, and the order in which the file has a colour image's values.
fn describe(
    path: &Path,
    stack: &Stack,
    options: &ImportOptions,
    assumptions: &mut Vec<Assumption>,
) -> Result<(DenseConfig, PixelOrder), ExchangeError> {
    let layers = &stack.layers;
    let split = encoder_layers(path, stack, options, assumptions)?;
    let (encoder, decoder) = layers.split_at(split.min(layers.len()));
    let pixels = layers.first().map_or(0, |layer| layer.inputs);
    let has_hidden = encoder.len() > 1 || decoder.len() > 1;
    let hidden = options.hidden_activation.unwrap_or_else(|| {
        if has_hidden {
            assumptions.push(Assumption::HiddenActivation(Activation::Relu));
        }
        Activation::Relu
    });
    let code = options.code_activation.unwrap_or_else(|| {
        assumptions.push(Assumption::CodeActivation(Activation::Relu));
        Activation::Relu
    });
    let output = options.output_activation.unwrap_or_else(|| {
        assumptions.push(Assumption::OutputActivation(Activation::Sigmoid));
        Activation::Sigmoid
    });
    let ([height, width], channels) = image(path, pixels, options, assumptions)?;
    let order = match (options.pixel_order, stack.layout) {
        (Some(order), _) => order,
        (None, WeightLayout::InOut) => PixelOrder::ChannelsLast,
        (None, WeightLayout::OutIn) => PixelOrder::ChannelsFirst,
    };
    if channels > 1 && options.pixel_order.is_none() {
        assumptions.push(Assumption::PixelOrder(order));
    }
    let widths = |layers: &[Layer]| {
        let first = layers.first().map(|layer| layer.inputs);
        first.into_iter().chain(layers.iter().map(|layer| layer.outputs)).collect()
    };
    let dense = DenseConfig {
        image: [height, width],
        channels,
        encoder: widths(encoder),
        decoder: widths(decoder),
        hidden_activation: hidden,
        code_activation: code,
        output_activation: output,
        tied_weights: stack.is_tied,
    };
    Ok((dense, order))
}

/// How many layers the encoder has: as the names, the options or, without either, the widths say.
fn encoder_layers(
    path: &Path,
    stack: &Stack,
    options: &ImportOptions,
    assumptions: &mut Vec<Assumption>,
) -> Result<usize, ExchangeError> {
    let path = path.to_owned();
    let inner = stack.layers.len().saturating_sub(1);
    let outputs = || stack.layers.iter().take(inner).map(|layer| layer.outputs);
    let places = |width: usize| outputs().filter(|&found| found == width).count();
    let place = |width: usize| outputs().position(|found| found == width).map_or(0, |i| i + 1);
    let told = stack.encoder_layers.or(options.encoder_layers);
    let count = match (told, options.latent_dim) {
        (Some(count), _) => count,
        (None, Some(width)) => match places(width) {
            1 => place(width),
            0 => {
                let expected = format!("a layer with {width} outputs before the last one");
                let found = format!("outputs {:?}", outputs().collect::<Vec<_>>());
                return Err(ExchangeError::Stack { path, expected, found });
            }
            candidates => return Err(ExchangeError::AmbiguousCode { path, candidates, width }),
        },
        (None, None) => {
            let width = outputs().min().unwrap_or_default();
            let candidates = places(width);
            if candidates > 1 {
                return Err(ExchangeError::AmbiguousCode { path, candidates, width });
            }
            let encoder_layers = place(width);
            assumptions.push(Assumption::Code { encoder_layers, latent_dim: width });
            encoder_layers
        }
    };
    let width = count.checked_sub(1).and_then(|last| outputs().nth(last));
    let fits = options.encoder_layers.is_none_or(|expected| expected == count)
        && width.is_some()
        && options.latent_dim.is_none_or(|expected| Some(expected) == width);
    if fits {
        return Ok(count);
    }
    let expected = match (options.encoder_layers, options.latent_dim) {
        (Some(layers), None) => format!("an encoder of {layers} of the {} layers", inner + 1),
        (layers, latent_dim) => format!(
            "an encoder{} with a code of {} numbers",
            layers.map_or_else(String::new, |layers| format!(" of {layers} layers")),
            latent_dim.unwrap_or_default()
        ),
    };
    let found = match width {
        Some(width) => format!("one of {count} with a code of {width}"),
        None => "none".to_owned(),
    };
    Err(ExchangeError::Stack { path, expected, found })
}

/// Height and width of an image, and its channels.
fn image(
    path: &Path,
    pixels: usize,
    options: &ImportOptions,
    assumptions: &mut Vec<Assumption>,
) -> Result<([usize; 2], usize), ExchangeError> {
    if let Some([height, width]) = options.image {
        let area = height.saturating_mul(width);
        return match [1, 3].into_iter().find(|channels| area.checked_mul(*channels) == Some(pixels))
        {
            Some(channels) => Ok(([height, width], channels)),
            None => Err(ExchangeError::Stack {
                path: path.to_owned(),
                expected: format!(
                    "{area} inputs, or {} for colours, for images of {height} x {width}",
                    area.saturating_mul(3)
                ),
                found: format!("{pixels} inputs"),
            }),
        };
    }
    let square = |area: usize| Some(area.isqrt()).filter(|side| side * side == area);
    let colour = pixels.is_multiple_of(3).then(|| square(pixels / 3)).flatten();
    let ([height, width], channels) = match (square(pixels), colour) {
        (Some(side), _) => ([side, side], 1),
        (None, Some(side)) => ([side, side], 3),
        (None, None) => ([1, pixels], 1),
    };
    assumptions.push(Assumption::Image { height, width, channels });
    Ok(([height, width], channels))
}

/// All numbers in the order of the architecture's layout.
fn values(mut layers: Vec<Layer>, dense: &DenseConfig, order: PixelOrder) -> Vec<f32> {
    if dense.channels > 1 && order == PixelOrder::ChannelsLast {
        reorder_pixels(&mut layers, dense.channels);
    }
    let encoder = dense.encoder.len().saturating_sub(1);
    let mut values = Vec::new();
    for (index, layer) in layers.into_iter().enumerate() {
        if !dense.tied_weights || index < encoder {
            values.extend(layer.weight);
        }
        values.extend(layer.bias);
    }
    values
}

/// Makes a network that takes and gives pixels colour by colour one that does so plane by plane.
fn reorder_pixels(layers: &mut [Layer], channels: usize) {
    let place = |pixels: usize, index: usize| {
        let (channel, pixel) = (index / (pixels / channels), index % (pixels / channels));
        pixel * channels + channel
    };
    let reordered = |values: &[f32]| -> Vec<f32> {
        let places = (0..values.len()).map(|index| place(values.len(), index));
        places.filter_map(|place| values.get(place)).copied().collect()
    };
    if let Some(first) = layers.first_mut() {
        first.weight = first.weight.chunks(first.inputs).flat_map(reordered).collect();
    }
    if let Some(last) = layers.last_mut() {
        let rows = (0..last.outputs).map(|index| place(last.outputs, index));
        let row = |row: usize| last.weight.iter().skip(row * last.inputs).take(last.inputs);
        let weight = rows.flat_map(row).copied().collect();
        last.weight = weight;
        last.bias = reordered(&last.bias);
    }
}
