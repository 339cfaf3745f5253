//! Convolutions, transposed convolutions and max pooling.

use super::super::graph::{Flow, GraphBuilder};
use super::super::proto::Attribute;
use super::OnnxKind;
use crate::exchange::ExchangeError;
use crate::layer::{Axis, axes};
use crate::{CheckedLayer, Conv, ConvTranspose, MaxPool};

impl OnnxKind for Conv {
    fn add(
        &self,
        graph: &mut GraphBuilder<'_>,
        layer: &CheckedLayer,
        input: Flow,
    ) -> Result<Flow, ExchangeError> {
        let axes = axes(layer.input, layer.output, self.kernel, self.stride);
        weighted(graph, layer, input, "Conv", windows(&axes))
    }
}

impl OnnxKind for ConvTranspose {
    fn add(
        &self,
        graph: &mut GraphBuilder<'_>,
        layer: &CheckedLayer,
        input: Flow,
    ) -> Result<Flow, ExchangeError> {
        let axes = axes(layer.output, layer.input, self.kernel, self.stride);
        let mut attributes = windows(&axes);
        // Places after the last window, which a stride beyond the kernel leaves.
        let beyond = axes.map(|axis| axis.map.saturating_sub(axis.extent()));
        if beyond != [0, 0] {
            attributes.push(Attribute::ints("output_padding", &beyond));
        }
        weighted(graph, layer, input, "ConvTranspose", attributes)
    }
}

impl OnnxKind for MaxPool {
    fn add(
        &self,
        graph: &mut GraphBuilder<'_>,
        layer: &CheckedLayer,
        input: Flow,
    ) -> Result<Flow, ExchangeError> {
        let input = graph.maps(input, layer);
        let axes = axes(layer.input, layer.output, self.size, self.stride());
        let output = format!("{}.pooled", layer.name());
        Ok(Flow::Maps(graph.node("MaxPool", &[&input], &output, windows(&axes))))
    }
}

fn weighted(
    graph: &mut GraphBuilder<'_>,
    layer: &CheckedLayer,
    input: Flow,
    operator: &str,
    attributes: Vec<Attribute>,
) -> Result<Flow, ExchangeError> {
    let name = layer.name();
    let input = graph.maps(input, layer);
    let weight = graph.parameter(&format!("{name}.weight"))?;
    let bias = graph.parameter(&format!("{name}.bias"))?;
    let output = format!("{name}.linear");
    Ok(Flow::Maps(graph.node(operator, &[&input, &weight, &bias], &output, attributes)))
}

/// Kernel, stride and padding: top, left, bottom, right.
fn windows(axes: &[Axis; 2]) -> Vec<Attribute> {
    let [down, across] = axes;
    let pads = [down.before(), across.before(), down.after(), across.after()];
    vec![
        Attribute::ints("kernel_shape", &axes.map(|axis| axis.window)),
        Attribute::ints("strides", &axes.map(|axis| axis.stride)),
        Attribute::ints("pads", &pads),
    ]
}
