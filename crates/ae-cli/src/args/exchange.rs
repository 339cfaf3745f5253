//! Models to and from other programs.

use std::path::PathBuf;

use ae_models::exchange::{NetworkPart, PixelOrder};
use ae_models::{Activation, ModelKind};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{ValueEnum, ValueHint};

use super::parse::{count, file_that_ends_with};
use super::{OutputPath, Overwrite};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "The graph takes a batch of any size. It takes pixels from 0 to 1, or rows in the table's own \
units.

Examples:
  ae export runs/regular --onnx -o model.onnx
  ae export runs/regular --onnx --part encoder -o encoder.onnx"
)]
pub(crate) struct Export {
    /// A weights file, also of an encoder alone, or the folder of a run
    #[arg(value_name = "MODEL", value_hint = ValueHint::AnyPath)]
    pub(crate) model: PathBuf,
    /// Write ONNX (operator set 13)
    #[arg(long, required = true)]
    pub(crate) onnx: bool,
    /// Where to write: .onnx
    #[arg(long, short, visible_alias = "output", value_name = "FILE", value_hint = ValueHint::FilePath, value_parser = onnx_file)]
    pub(crate) out: OutputPath,
    #[command(flatten)]
    pub(crate) overwrite: Overwrite,
    /// What to write of the network
    #[arg(long, value_enum, default_value_t = ExportedPart::Model, value_name = "PART")]
    pub(crate) part: ExportedPart,
}

/// A part of a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportedPart {
    /// Inputs to reconstructions
    Model,
    /// Inputs to codes
    Encoder,
    /// Codes to reconstructions
    Decoder,
}

impl From<ExportedPart> for NetworkPart {
    fn from(part: ExportedPart) -> Self {
        match part {
            ExportedPart::Model => Self::Model,
            ExportedPart::Encoder => Self::Encoder,
            ExportedPart::Decoder => Self::Decoder,
        }
    }
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Weights do not describe the whole network. What no flag sets is assumed, and one line says so.

Examples:
  ae import weights.safetensors -o model.safetensors
  ae import weights.npz -o model.safetensors --code-activation linear --shape 28x28"
)]
pub(crate) struct Import {
    /// Weights of dense layers: safetensors of PyTorch, or .npz of Keras' get_weights()
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) weights: PathBuf,
    /// Where to write the model: .safetensors
    #[arg(long, short, visible_alias = "output", value_name = "FILE", value_hint = ValueHint::FilePath, value_parser = safetensors_file)]
    pub(crate) out: OutputPath,
    #[command(flatten)]
    pub(crate) overwrite: Overwrite,
    /// The activation of every layer but the encoder's and the decoder's last [default: relu]
    #[arg(long, value_name = "NAME", value_parser = activation())]
    pub(crate) hidden_activation: Option<Activation>,
    /// The activation of the encoder's last layer [default: relu]
    #[arg(long, value_name = "NAME", value_parser = activation())]
    pub(crate) code_activation: Option<Activation>,
    /// The activation of the decoder's last layer [default: sigmoid]
    #[arg(long, value_name = "NAME", value_parser = output_activation())]
    pub(crate) output_activation: Option<Activation>,
    /// Numbers in a code [default: as the names say, or the narrowest layer]
    #[arg(long, value_name = "N", value_parser = count)]
    pub(crate) code: Option<usize>,
    /// Layers of the encoder [default: up to the code]
    #[arg(long, value_name = "N", value_parser = count)]
    pub(crate) encoder_layers: Option<usize>,
    /// Height and width of an image, such as 28x28 [default: a square]
    #[arg(long, value_name = "HxW", value_parser = shape)]
    pub(crate) shape: Option<[usize; 2]>,
    /// The order of an image's colours [default: planes for PyTorch, pixels for Keras]
    #[arg(long, value_enum, value_name = "ORDER")]
    pub(crate) colours: Option<Colours>,
    /// The model was trained to remove noise
    #[arg(long)]
    pub(crate) denoising: bool,
    /// Round f16, bf16 and f64 to f32
    #[arg(long)]
    pub(crate) convert: bool,
}

impl Import {
    /// What the network was shown in training, if it was said.
    pub(crate) fn kind(&self) -> Option<ModelKind> {
        self.denoising.then_some(ModelKind::Denoising)
    }
}

/// The order of a colour image's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Colours {
    /// Red, then green, then blue (channels first)
    Planes,
    /// Pixel by pixel (channels last)
    Pixels,
}

impl From<Colours> for PixelOrder {
    fn from(colours: Colours) -> Self {
        match colours {
            Colours::Planes => Self::ChannelsFirst,
            Colours::Pixels => Self::ChannelsLast,
        }
    }
}

fn activation() -> impl TypedValueParser<Value = Activation> {
    let names = ["linear", "relu", "leaky-relu", "elu", "selu", "sigmoid", "tanh", "softplus"];
    PossibleValuesParser::new(names).try_map(|name| {
        Ok::<_, String>(match name.as_str() {
            "linear" => Activation::Linear,
            "relu" => Activation::Relu,
            "leaky-relu" => Activation::LeakyRelu,
            "elu" => Activation::Elu,
            "selu" => Activation::Selu,
            "sigmoid" => Activation::Sigmoid,
            "tanh" => Activation::Tanh,
            "softplus" => Activation::Softplus,
            other => return Err(format!("there is no activation {other}")),
        })
    })
}

fn output_activation() -> impl TypedValueParser<Value = Activation> {
    PossibleValuesParser::new(["sigmoid", "linear"]).map(|name| match name.as_str() {
        "linear" => Activation::Linear,
        _ => Activation::Sigmoid,
    })
}

fn shape(text: &str) -> Result<[usize; 2], String> {
    let lengths = text.split_once('x').map(|(height, width)| [height, width].map(str::parse));
    match lengths {
        Some([Ok(height @ 1..=8192), Ok(width @ 1..=8192)]) => Ok([height, width]),
        _ => Err("expected HEIGHTxWIDTH, such as 28x28, each from 1 to 8192".to_owned()),
    }
}

fn onnx_file(text: &str) -> Result<OutputPath, String> {
    file_that_ends_with(text, &["onnx"])
        .ok_or_else(|| "expected a file that ends with .onnx".to_owned())
}

fn safetensors_file(text: &str) -> Result<OutputPath, String> {
    file_that_ends_with(text, &["safetensors"])
        .ok_or_else(|| "expected a file that ends with .safetensors".to_owned())
}
