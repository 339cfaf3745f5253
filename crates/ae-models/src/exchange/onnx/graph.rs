//! The nodes of an ONNX graph, from its input to its output.

use super::TableColumns;
use super::layers::LayerGraph;
use super::proto::{
    Attribute, DOUBLE, Dimension, FLOAT, Graph, INTEGER, Node, Shape, Tensor, TensorType, Type,
    ValueInfo,
};
use crate::exchange::ExchangeError;
use crate::{Activation, CheckedNetwork, Parameters, Part};

/// The symbolic length of the first axis.
const BATCH: &str = "batch";

/// A graph that grows from its input to its output.
pub(crate) struct GraphBuilder<'a> {
    network: &'a CheckedNetwork,
    parameters: &'a Parameters,
    graph: Graph,
}

/// The name of a batch on its way through the graph, and its form.
pub(crate) enum Flow {
    /// (batch, numbers), channels first.
    Rows(String),
    /// (batch, channels, height, width).
    Maps(String),
}

impl Flow {
    /// The batch after a node that leaves its form.
    fn map(self, node: impl FnOnce(String) -> String) -> Self {
        match self {
            Self::Rows(name) => Self::Rows(node(name)),
            Self::Maps(name) => Self::Maps(node(name)),
        }
    }
}

impl<'a> GraphBuilder<'a> {
    pub(super) fn new(network: &'a CheckedNetwork, parameters: &'a Parameters) -> Self {
        Self { network, parameters, graph: Graph::default() }
    }

    pub(super) fn finish(mut self, name: &str) -> Graph {
        self.graph.name = name.to_owned();
        self.graph
    }

    /// Adds the input of images or of a table's rows; returns the name of what the network takes.
    pub(super) fn begin_with_items(&mut self, columns: Option<&TableColumns>) -> String {
        let width = self.network.input().numbers();
        let Some(columns) = columns else {
            let what = match self.network.network().noise_level {
                true => {
                    "pixels from 0 to 1, then a plane with the standard deviation of their noise"
                }
                false => "pixels from 0 to 1",
            };
            self.graph.input.push(value("images", FLOAT, width, what));
            return "images".to_owned();
        };
        self.graph.input.push(value("rows", DOUBLE, width, "numbers in the table's own units"));
        self.scale_rows(columns)
    }

    /// Adds the output of images or of a table's rows.
    pub(super) fn end_with_items(&mut self, outputs: Flow, columns: Option<&TableColumns>) {
        let width = self.network.item().numbers();
        let name = "reconstructions";
        let Some(columns) = columns else {
            self.end(outputs, name);
            self.graph.output.push(value(name, FLOAT, width, "pixels"));
            return;
        };
        let outputs = self.rows(outputs, "units");
        self.unscale_rows(&outputs, columns, name);
        self.graph.output.push(value(name, DOUBLE, width, "numbers in the table's own units"));
    }

    /// Adds the input of codes.
    pub(super) fn begin_with_codes(&mut self) -> String {
        let width = self.network.code().numbers();
        self.graph.input.push(value("codes", FLOAT, width, "codes of the encoder"));
        "codes".to_owned()
    }

    /// Adds the output of codes.
    pub(super) fn end_with_codes(&mut self, codes: Flow) {
        let width = self.network.code().numbers();
        self.end(codes, "codes");
        self.graph.output.push(value("codes", FLOAT, width, "codes"));
    }

    /// Gives a batch the name of an output, as rows.
    fn end(&mut self, flow: Flow, name: &str) {
        match flow {
            Flow::Rows(rows) => self.node("Identity", &[&rows], name, vec![]),
            Flow::Maps(maps) => self.node("Flatten", &[&maps], name, vec![]),
        };
    }

    /// Adds the layers of a part of the network.
    pub(super) fn layers(&mut self, part: Part, input: Flow) -> Result<Flow, ExchangeError> {
        let network = self.network;
        let mut flow = input;
        for layer in network.layers().iter().filter(|layer| layer.part == part) {
            let kind = layer.layer.kind();
            flow = kind.add(&mut LayerGraph { graph: self, layer }, flow)?;
            let activation = kind.activation().unwrap_or(Activation::Linear);
            flow = flow.map(|name| self.activation(activation, name, &layer.name()));
        }
        Ok(flow)
    }

    /// Adds the residual connection, if there is one.
    pub(super) fn residual(&mut self, outputs: Flow, input: &str) -> Flow {
        if !self.network.network().residual {
            return outputs;
        }
        let outputs = self.rows(outputs, "residual");
        let image = self.image_of(input);
        Flow::Rows(self.node("Add", &[&outputs, &image], "residual.sum", vec![]))
    }

    /// The inputs without the plane of the noise level, if they have one.
    fn image_of(&mut self, input: &str) -> String {
        if !self.network.network().noise_level {
            return input.to_owned();
        }
        let pixels = self.network.item().numbers();
        let [starts, ends, axes] = ["starts", "ends", "axes"].map(|it| format!("residual.{it}"));
        self.integers(&starts, &[0]);
        self.integers(&ends, &[pixels]);
        self.integers(&axes, &[1]);
        self.node("Slice", &[input, &starts, &ends, &axes], "residual.image", vec![])
    }

    /// The batch as rows: (batch, numbers).
    pub(super) fn rows(&mut self, flow: Flow, place: &str) -> String {
        match flow {
            Flow::Rows(name) => name,
            Flow::Maps(name) => self.node("Flatten", &[&name], &format!("{place}.rows"), vec![]),
        }
    }

    /// Each item in another shape. A length of 0 stands for the input's, which is the batch's.
    pub(super) fn reshaped(&mut self, input: &str, shape: &[usize], output: &str) -> String {
        let constant = format!("{output}.shape");
        self.integers(&constant, &[&[0], shape].concat());
        self.node("Reshape", &[input, &constant], output, vec![])
    }

    fn activation(&mut self, activation: Activation, input: String, place: &str) -> String {
        let (operator, attributes) = match activation {
            Activation::Linear => return input,
            Activation::Relu => ("Relu", vec![]),
            Activation::LeakyRelu => {
                let slope = Activation::LEAKY_SLOPE as f32;
                ("LeakyRelu", vec![Attribute::float("alpha", slope)])
            }
            Activation::Elu => ("Elu", vec![Attribute::float("alpha", 1.0)]),
            Activation::Selu => (
                "Selu",
                vec![
                    Attribute::float("alpha", Activation::SELU_ALPHA as f32),
                    Attribute::float("gamma", Activation::SELU_SCALE as f32),
                ],
            ),
            Activation::Sigmoid => ("Sigmoid", vec![]),
            Activation::Tanh => ("Tanh", vec![]),
            Activation::Softplus => ("Softplus", vec![]),
        };
        self.node(operator, &[&input], &format!("{place}.{activation}"), attributes)
    }

    /// Adds a parameter of the model, once; returns its name.
    pub(super) fn parameter(&mut self, name: &str) -> Result<String, ExchangeError> {
        if self.graph.initializer.iter().any(|tensor| tensor.name == name) {
            return Ok(name.to_owned());
        }
        let view = self.parameters.layout().views().iter().find(|view| view.name == name);
        let (Some(view), Some(values)) = (view, self.parameters.get(name)) else {
            return Err(ExchangeError::MissingParameter { name: name.to_owned() });
        };
        self.floats(name, &view.shape, values);
        Ok(name.to_owned())
    }

    pub(super) fn floats(&mut self, name: &str, shape: &[usize], values: &[f32]) {
        let data = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.constant(name, FLOAT, shape, data);
    }

    pub(super) fn doubles(&mut self, name: &str, values: &[f64]) {
        let data = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.constant(name, DOUBLE, &[values.len()], data);
    }

    pub(super) fn integers(&mut self, name: &str, values: &[usize]) {
        let data = values.iter().flat_map(|&value| (value as i64).to_le_bytes()).collect();
        self.constant(name, INTEGER, &[values.len()], data);
    }

    fn constant(&mut self, name: &str, data_type: i32, shape: &[usize], raw_data: Vec<u8>) {
        let dims = shape.iter().map(|&length| length as i64).collect();
        self.graph.initializer.push(Tensor { dims, data_type, name: name.to_owned(), raw_data });
    }

    /// Adds a node and returns the name of its output.
    pub(super) fn node(
        &mut self,
        operator: &str,
        inputs: &[&str],
        output: &str,
        attributes: Vec<Attribute>,
    ) -> String {
        self.node_with(operator, inputs, &[output], attributes);
        output.to_owned()
    }

    /// Adds a node with several outputs, named after the first.
    pub(super) fn node_with(
        &mut self,
        operator: &str,
        inputs: &[&str],
        outputs: &[&str],
        attributes: Vec<Attribute>,
    ) {
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        self.graph.node.push(Node {
            input: owned(inputs),
            output: owned(outputs),
            name: outputs.first().copied().unwrap_or_default().to_owned(),
            op_type: operator.to_owned(),
            attribute: attributes,
        });
    }
}

/// An input or output of shape (batch, width).
fn value(name: &str, elem_type: i32, width: usize, doc_string: &str) -> ValueInfo {
    let batch = Dimension { dim_value: None, dim_param: Some(BATCH.to_owned()) };
    let width = Dimension { dim_value: Some(width as i64), dim_param: None };
    let shape = Some(Shape { dim: vec![batch, width] });
    let tensor_type = Some(TensorType { elem_type, shape });
    ValueInfo {
        name: name.to_owned(),
        r#type: Some(Type { tensor_type }),
        doc_string: doc_string.to_owned(),
    }
}
