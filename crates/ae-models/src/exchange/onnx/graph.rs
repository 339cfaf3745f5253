//! Dense layers as the nodes of an ONNX graph.

use super::proto::{
    Attribute, DOUBLE, Dimension, FLOAT, Graph, Node, Shape, Tensor, TensorType, Type, ValueInfo,
};
use super::{ExchangeError, TableColumns};
use crate::{Activation, DenseConfig, Parameters};

/// The slope of LeakyReLU below 0, and the constants of SELU: those of [`Activation`], rounded to `f32`.
const LEAKY_SLOPE: f32 = 0.01;
const SELU_ALPHA: f32 = 1.673_263_2;
const SELU_GAMMA: f32 = 1.050_701;

/// The symbolic length of the first axis.
const BATCH: &str = "batch";

/// A graph that grows from its input to its output.
pub(super) struct GraphBuilder<'a> {
    dense: &'a DenseConfig,
    parameters: &'a Parameters,
    graph: Graph,
}

impl<'a> GraphBuilder<'a> {
    pub(super) fn new(dense: &'a DenseConfig, parameters: &'a Parameters) -> Self {
        Self { dense, parameters, graph: Graph::default() }
    }

    pub(super) fn finish(mut self, name: &str) -> Graph {
        self.graph.name = name.to_owned();
        self.graph
    }

    /// Adds the input of images or of a table's rows; returns the name of what the network takes.
    pub(super) fn begin_with_items(&mut self, columns: Option<&TableColumns>) -> String {
        let width = self.dense.encoder.first().copied().unwrap_or_default();
        let Some(columns) = columns else {
            self.graph.input.push(value("images", FLOAT, width, "pixels from 0 to 1"));
            return "images".to_owned();
        };
        self.graph.input.push(value("rows", DOUBLE, width, "numbers in the table's own units"));
        self.scale_rows(columns)
    }

    /// `(x / 2 - zero / 2) / (one / 2 - zero / 2)`: halves, so that the range of the largest numbers is finite as well.
    fn scale_rows(&mut self, columns: &TableColumns) -> String {
        let bounds = || columns.zero.iter().zip(&columns.one);
        let range = |(&zero, &one): (&f64, &f64)| {
            if is_constant(zero, one) { 1.0 } else { one / 2.0 - zero / 2.0 }
        };
        let limit = |side: usize| {
            let limits = bounds().zip(&columns.shown);
            limits
                .map(
                    move |((&zero, &one), shown)| {
                        if is_constant(zero, one) { 0.0 } else { shown[side] }
                    },
                )
                .collect::<Vec<f32>>()
        };
        self.doubles("scaling.half", &[0.5]);
        self.doubles(
            "scaling.zero",
            &columns.zero.iter().map(|zero| zero / 2.0).collect::<Vec<_>>(),
        );
        self.doubles("scaling.range", &bounds().map(range).collect::<Vec<_>>());
        self.floats("scaling.lowest", &[columns.shown.len()], &limit(0));
        self.floats("scaling.highest", &[columns.shown.len()], &limit(1));
        let halved = self.node("Mul", &["rows", "scaling.half"], "scaling.halved", vec![]);
        let shifted = self.node("Sub", &[&halved, "scaling.zero"], "scaling.shifted", vec![]);
        let scaled = self.node("Div", &[&shifted, "scaling.range"], "scaling.divided", vec![]);
        let to_float = vec![Attribute::int("to", i64::from(FLOAT))];
        let scaled = self.node("Cast", &[&scaled], "scaling.scaled", to_float);
        let clamped = self.node("Max", &[&scaled, "scaling.lowest"], "scaling.at_least", vec![]);
        self.node("Min", &[&clamped, "scaling.highest"], "scaling.at_most", vec![])
    }

    /// Adds the output of images or of a table's rows.
    pub(super) fn end_with_items(&mut self, outputs: &str, columns: Option<&TableColumns>) {
        let width = self.dense.decoder.last().copied().unwrap_or_default();
        let name = "reconstructions";
        let Some(columns) = columns else {
            self.node("Identity", &[outputs], name, vec![]);
            self.graph.output.push(value(name, FLOAT, width, "pixels"));
            return;
        };
        self.unscale_rows(outputs, columns, name);
        self.graph.output.push(value(name, DOUBLE, width, "numbers in the table's own units"));
    }

    /// `zero (1 - y) + one y`, with `y = 0` for constant columns.
    fn unscale_rows(&mut self, outputs: &str, columns: &TableColumns, name: &str) {
        let bounds = columns.zero.iter().zip(&columns.one);
        let learned = |(&zero, &one): (&f64, &f64)| if is_constant(zero, one) { 0.0 } else { 1.0 };
        self.doubles("units.one", &[1.0]);
        self.doubles("units.learned", &bounds.map(learned).collect::<Vec<_>>());
        self.doubles("units.low", &columns.zero);
        self.doubles("units.high", &columns.one);
        let to_double = vec![Attribute::int("to", i64::from(DOUBLE))];
        let wide = self.node("Cast", &[outputs], "units.double", to_double);
        let learned = self.node("Mul", &[&wide, "units.learned"], "units.masked", vec![]);
        let rest = self.node("Sub", &["units.one", &learned], "units.rest", vec![]);
        let low = self.node("Mul", &["units.low", &rest], "units.of_low", vec![]);
        let high = self.node("Mul", &["units.high", &learned], "units.of_high", vec![]);
        self.node("Add", &[&low, &high], name, vec![]);
    }

    /// Adds the input of codes.
    pub(super) fn begin_with_codes(&mut self) -> String {
        let width = self.dense.decoder.first().copied().unwrap_or_default();
        self.graph.input.push(value("codes", FLOAT, width, "codes of the encoder"));
        "codes".to_owned()
    }

    /// Adds the output of codes.
    pub(super) fn end_with_codes(&mut self, codes: &str) {
        let width = self.dense.encoder.last().copied().unwrap_or_default();
        self.node("Identity", &[codes], "codes", vec![]);
        self.graph.output.push(value("codes", FLOAT, width, "codes"));
    }

    /// Adds the encoder's layers.
    pub(super) fn encoder(&mut self, input: &str) -> Result<String, ExchangeError> {
        let layers = self.dense.encoder.len().saturating_sub(1);
        let mut values = input.to_owned();
        for layer in 0..layers {
            let place = format!("encoder.{layer}");
            let weight = self.parameter(&format!("{place}.weight"))?;
            values = self.linear(&values, &place, &weight, Orientation::OutIn)?;
            let is_last = layer + 1 == layers;
            let DenseConfig { code_activation, hidden_activation, .. } = self.dense;
            let activation = if is_last { code_activation } else { hidden_activation };
            values = self.activation(*activation, &values, &place);
        }
        Ok(values)
    }

    /// Adds the decoder's layers. Tied weights are the encoder's matrices, used the other way round.
    pub(super) fn decoder(&mut self, codes: &str) -> Result<String, ExchangeError> {
        let layers = self.dense.decoder.len().saturating_sub(1);
        let mut values = codes.to_owned();
        for layer in 0..layers {
            let place = format!("decoder.{layer}");
            let (weight, orientation) = if self.dense.tied_weights {
                (format!("encoder.{}.weight", layers - 1 - layer), Orientation::InOut)
            } else {
                (format!("{place}.weight"), Orientation::OutIn)
            };
            let weight = self.parameter(&weight)?;
            values = self.linear(&values, &place, &weight, orientation)?;
            if layer + 1 < layers {
                values = self.activation(self.dense.hidden_activation, &values, &place);
            }
        }
        Ok(self.activation(self.dense.output_activation, &values, "decoder"))
    }

    fn linear(
        &mut self,
        input: &str,
        place: &str,
        weight: &str,
        orientation: Orientation,
    ) -> Result<String, ExchangeError> {
        let bias = self.parameter(&format!("{place}.bias"))?;
        let transposed = i64::from(orientation == Orientation::OutIn);
        let attributes = vec![Attribute::int("transB", transposed)];
        Ok(self.node("Gemm", &[input, weight, &bias], &format!("{place}.linear"), attributes))
    }

    fn activation(&mut self, activation: Activation, input: &str, place: &str) -> String {
        let (operator, attributes) = match activation {
            Activation::Linear => return input.to_owned(),
            Activation::Relu => ("Relu", vec![]),
            Activation::LeakyRelu => ("LeakyRelu", vec![Attribute::float("alpha", LEAKY_SLOPE)]),
            Activation::Elu => ("Elu", vec![Attribute::float("alpha", 1.0)]),
            Activation::Selu => (
                "Selu",
                vec![Attribute::float("alpha", SELU_ALPHA), Attribute::float("gamma", SELU_GAMMA)],
            ),
            Activation::Sigmoid => ("Sigmoid", vec![]),
            Activation::Tanh => ("Tanh", vec![]),
            Activation::Softplus => ("Softplus", vec![]),
        };
        self.node(operator, &[input], &format!("{place}.{activation}"), attributes)
    }

    /// Adds a parameter of the model, once; returns its name.
    fn parameter(&mut self, name: &str) -> Result<String, ExchangeError> {
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

    fn floats(&mut self, name: &str, shape: &[usize], values: &[f32]) {
        let data = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.constant(name, FLOAT, shape, data);
    }

    fn doubles(&mut self, name: &str, values: &[f64]) {
        let data = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.constant(name, DOUBLE, &[values.len()], data);
    }

    fn constant(&mut self, name: &str, data_type: i32, shape: &[usize], raw_data: Vec<u8>) {
        let dims = shape.iter().map(|&length| length as i64).collect();
        self.graph.initializer.push(Tensor { dims, data_type, name: name.to_owned(), raw_data });
    }

    /// Adds a node and returns the name of its output.
    fn node(
        &mut self,
        operator: &str,
        inputs: &[&str],
        output: &str,
        attributes: Vec<Attribute>,
    ) -> String {
        self.graph.node.push(Node {
            input: inputs.iter().map(|&input| input.to_owned()).collect(),
            output: vec![output.to_owned()],
            name: output.to_owned(),
            op_type: operator.to_owned(),
            attribute: attributes,
        });
        output.to_owned()
    }
}

/// The axes of a weight.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Orientation {
    OutIn,
    InOut,
}

fn is_constant(zero: f64, one: f64) -> bool {
    zero >= one
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
