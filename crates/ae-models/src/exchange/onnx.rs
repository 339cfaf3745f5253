//! ONNX files of trained models.

mod graph;
mod layers;
mod proto;
mod table;

use prost::Message;
use serde_json::json;

use super::ExchangeError;
use crate::{CheckedNetwork, Parameters, Part, SavedEncoder, SavedModel, Shape};
pub(crate) use graph::Flow;
use graph::GraphBuilder;
pub(crate) use layers::{LayerGraph, OnnxKind, window_attributes};
pub(crate) use proto::Attribute;

/// The operator set of the files. Its operators are known to every runtime of the last years, tract among them.
const OPSET: i64 = 13;
/// The file format that belongs to this operator set.
const IR_VERSION: i64 = 7;

/// Which part of an autoencoder an ONNX file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NetworkPart {
    /// Encoder and decoder: an input to its reconstruction.
    #[default]
    Model,
    /// The encoder: an input to its code.
    Encoder,
    /// The decoder: a code to a reconstruction.
    Decoder,
}

impl NetworkPart {
    /// As it is written in the file's metadata.
    fn name(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Encoder => "encoder",
            Self::Decoder => "decoder",
        }
    }
}

/// How the columns of a table are scaled around a network. Every list has one element for each column.
///
/// A number `x` of a column becomes `(x - zero) / (one - zero)`, clamped to `shown`. A reconstruction `y` becomes
/// `zero (1 - y) + one y`. A column with `zero == one` was constant in training: the network is given 0 for it, and
/// its reconstruction is the constant.
#[derive(Debug, Clone, PartialEq)]
pub struct TableColumns {
    /// The columns' names, which go into the file's metadata.
    pub names: Vec<String>,
    /// The number of the table that the network sees as 0.
    pub zero: Vec<f64>,
    /// The number of the table that the network sees as 1.
    pub one: Vec<f64>,
    /// The smallest and the largest scaled number that the network is given.
    pub shown: Vec<[f32; 2]>,
}

impl TableColumns {
    fn check(&self, columns: usize) -> Result<(), ExchangeError> {
        let lengths = [self.names.len(), self.zero.len(), self.one.len(), self.shown.len()];
        match lengths.iter().find(|&&length| length != columns) {
            None => Ok(()),
            Some(&found) => Err(ExchangeError::Columns { expected: columns, found }),
        }
    }
}

/// The bytes of an ONNX file of a model or of one of its halves. The same model gives the same bytes.
///
/// The file uses operator set 13. Layers that act in training alone are left out, and a variational code is its mean.
/// With `columns` the graph takes and returns numbers in the table's own units: its first and last nodes scale them in
/// `f64`, as this project does.
///
/// # Shapes
/// One axis is symbolic, `batch`.
///
/// | part | input | output |
/// |---|---|---|
/// | model | `images` (batch, channels * height * width), or `rows` (batch, columns) | `reconstructions`, of the same shape |
/// | encoder | as the model | `codes` (batch, latent_dim) |
/// | decoder | `codes` | as the model |
///
/// `images` and `codes` are `f32`, `rows` and their reconstructions are `f64`. Pixels are from 0 to 1, plane by plane,
/// row by row. Images of a network that is told the level of noise have one plane more: see
/// [`Network::noise_level`](crate::Network::noise_level). The output activation is part of the graph. A residual connection is part of the model alone: the decoder gives what
/// is added to an input.
///
/// # Errors
/// If the parameters are not the architecture's, or `columns` has another number of columns than the model.
pub fn onnx_of_model(
    model: &SavedModel,
    part: NetworkPart,
    columns: Option<&TableColumns>,
) -> Result<Vec<u8>, ExchangeError> {
    if part == NetworkPart::Encoder {
        // The file is that of an encoder which was saved alone.
        return onnx_of_encoder(&model.encoder()?, columns);
    }
    encode(&model.spec.check()?, &model.parameters, part, columns)
}

/// The bytes of an ONNX file of an encoder that was saved alone, as [`onnx_of_model`] makes them of a whole model.
///
/// # Errors
/// As [`onnx_of_model`].
pub fn onnx_of_encoder(
    encoder: &SavedEncoder,
    columns: Option<&TableColumns>,
) -> Result<Vec<u8>, ExchangeError> {
    encode(&encoder.spec.check()?, &encoder.parameters, NetworkPart::Encoder, columns)
}

fn encode(
    network: &CheckedNetwork,
    parameters: &Parameters,
    part: NetworkPart,
    columns: Option<&TableColumns>,
) -> Result<Vec<u8>, ExchangeError> {
    if let Some(columns) = columns {
        columns.check(network.item().numbers())?;
    }
    let mut graph = GraphBuilder::new(network, parameters);
    match part {
        NetworkPart::Model => {
            let input = graph.begin_with_items(columns);
            let codes = graph.layers(Part::Encoder, Flow::Rows(input.clone()))?;
            let outputs = graph.layers(Part::Decoder, codes)?;
            let outputs = graph.residual(outputs, &input);
            graph.end_with_items(outputs, columns);
        }
        NetworkPart::Encoder => {
            let input = graph.begin_with_items(columns);
            let codes = graph.layers(Part::Encoder, Flow::Rows(input))?;
            graph.end_with_codes(codes);
        }
        NetworkPart::Decoder => {
            let codes = graph.begin_with_codes();
            let outputs = graph.layers(Part::Decoder, Flow::Rows(codes))?;
            graph.end_with_items(outputs, columns);
        }
    }
    let model = proto::Model {
        ir_version: IR_VERSION,
        producer_name: "ae-models".to_owned(),
        producer_version: env!("CARGO_PKG_VERSION").to_owned(),
        graph: Some(graph.finish(part.name())),
        opset_import: vec![proto::OperatorSet { domain: String::new(), version: OPSET }],
        metadata_props: metadata(network, parameters, part, columns),
    };
    Ok(model.encode_to_vec())
}

/// What the file says of itself.
fn metadata(
    network: &CheckedNetwork,
    parameters: &Parameters,
    part: NetworkPart,
    columns: Option<&TableColumns>,
) -> Vec<proto::Entry> {
    let Shape { channels, height, width } = network.item();
    let pixels = "pixels from 0 to 1 (bytes divided by 255), plane by plane, row by row";
    let values = match columns {
        Some(columns) => json!({
            "kind": "table",
            "values": "the table's own units; the graph scales them",
            "columns": columns.names,
        }),
        // The network knows the noise: this is said of such files alone.
        None if network.network().noise_level => json!({
            "kind": "images",
            "values": format!(
                "{pixels}; images that go in have one plane more, the last: the standard deviation of their noise, in units \
                 of pixels, at every place"
            ),
            "channels": channels,
            "height": height,
            "width": width,
            "noise_level": true,
        }),
        None => json!({
            "kind": "images",
            "values": pixels,
            "channels": channels,
            "height": height,
            "width": width,
        }),
    };
    let entries = [
        ("ae.part", part.name().to_owned()),
        ("ae.data", values.to_string()),
        ("ae.weights_sha256", parameters.sha256()),
    ];
    let entry = |(key, value): (&str, String)| proto::Entry { key: key.to_owned(), value };
    entries.map(entry).to_vec()
}

#[cfg(test)]
mod tests;
