//! What every kind of layer says of itself as nodes of an ONNX graph; how, stands in the kind's file in `layer/`.

use super::graph::{Flow, GraphBuilder};
use super::proto::Attribute;
use crate::exchange::ExchangeError;
use crate::layer::Axis;
use crate::{CheckedLayer, Shape};

/// A kind of layer that an ONNX graph can hold.
pub(crate) trait OnnxKind {
    /// Adds the layer's nodes without the activation, which [`GraphBuilder::layers`] adds. The batch comes and goes in
    /// either form of [`Flow`]. A layer that acts in training alone adds none.
    fn add(&self, at: &mut LayerGraph<'_, '_>, input: Flow) -> Result<Flow, ExchangeError>;
}

/// A graph that has come to a layer. Names of what is added begin with the layer's: `scales` is `decoder.1.scales`.
pub(crate) struct LayerGraph<'g, 'n> {
    pub(super) graph: &'g mut GraphBuilder<'n>,
    /// The layer at its place.
    pub(crate) layer: &'g CheckedLayer,
}

impl LayerGraph<'_, '_> {
    fn named(&self, name: &str) -> String {
        format!("{}.{name}", self.layer.name())
    }

    /// The batch as rows: (batch, numbers).
    pub(crate) fn rows(&mut self, flow: Flow) -> String {
        self.graph.rows(flow, &self.layer.name())
    }

    /// The batch as maps: (batch, channels, height, width).
    pub(crate) fn maps(&mut self, flow: Flow) -> String {
        match flow {
            Flow::Maps(name) => name,
            Flow::Rows(name) => self.reshaped(&name, self.layer.input, "maps"),
        }
    }

    /// Adds a parameter of the layer, once.
    pub(crate) fn parameter(&mut self, name: &str) -> Result<String, ExchangeError> {
        self.graph.parameter(&self.named(name))
    }

    /// Adds a parameter of another layer, once.
    pub(crate) fn parameter_of(
        &mut self,
        layer: &str,
        name: &str,
    ) -> Result<String, ExchangeError> {
        self.graph.parameter(&format!("{layer}.{name}"))
    }

    /// Adds constant numbers.
    pub(crate) fn floats(&mut self, name: &str, values: &[f32]) -> String {
        let name = self.named(name);
        self.graph.floats(&name, &[values.len()], values);
        name
    }

    /// Adds constant whole numbers.
    pub(crate) fn integers(&mut self, name: &str, values: &[usize]) -> String {
        let name = self.named(name);
        self.graph.integers(&name, values);
        name
    }

    /// Adds a node; returns the name of its output.
    pub(crate) fn node(
        &mut self,
        operator: &str,
        inputs: &[&str],
        output: &str,
        attributes: Vec<Attribute>,
    ) -> String {
        let output = self.named(output);
        self.graph.node(operator, inputs, &output, attributes)
    }

    /// Adds a node with several outputs; returns their names.
    pub(crate) fn node_with<const N: usize>(
        &mut self,
        operator: &str,
        inputs: &[&str],
        outputs: [&str; N],
    ) -> [String; N] {
        let outputs = outputs.map(|output| self.named(output));
        self.graph.node_with(operator, inputs, &outputs.each_ref().map(String::as_str), vec![]);
        outputs
    }

    /// Adds a convolution or a transposed one with the layer's weight and bias.
    pub(crate) fn convolution(
        &mut self,
        input: Flow,
        operator: &str,
        attributes: Vec<Attribute>,
    ) -> Result<Flow, ExchangeError> {
        let input = self.maps(input);
        let [weight, bias] = [self.parameter("weight")?, self.parameter("bias")?];
        Ok(Flow::Maps(self.node(operator, &[&input, &weight, &bias], "linear", attributes)))
    }

    /// The numbers of each item in blocks of this shape, with the axes of the batch in another order, as the layer's
    /// output.
    pub(crate) fn moved(&mut self, flow: Flow, blocks: &[usize], order: &[usize]) -> Flow {
        let (Flow::Rows(input) | Flow::Maps(input)) = flow;
        let blocks = self.graph.reshaped(&input, blocks, &self.named("blocks"));
        let order = vec![Attribute::ints("perm", order)];
        let moved = self.node("Transpose", &[&blocks], "moved", order);
        Flow::Maps(self.reshaped(&moved, self.layer.output, "shuffled"))
    }

    /// Each item as a map of this shape.
    fn reshaped(&mut self, input: &str, shape: Shape, output: &str) -> String {
        let Shape { channels, height, width } = shape;
        let output = self.named(output);
        self.graph.reshaped(input, &[channels, height, width], &output)
    }
}

/// Kernel, stride and padding of windows: top, left, bottom, right.
pub(crate) fn window_attributes(axes: &[Axis; 2]) -> Vec<Attribute> {
    let [down, across] = axes;
    let pads = [down.before(), across.before(), down.after(), across.after()];
    vec![
        Attribute::ints("kernel_shape", &axes.map(|axis| axis.window)),
        Attribute::ints("strides", &axes.map(|axis| axis.stride)),
        Attribute::ints("pads", &pads),
    ]
}

#[cfg(test)]
mod tests;
