//! The kinds of layers as nodes of an ONNX graph.
//!
//! Each kind adds its nodes without the activation, which [`GraphBuilder::layers`] adds. Layers that act in training alone
//! add none.

mod window;

use super::graph::{Flow, GraphBuilder};
use super::proto::Attribute;
use crate::exchange::ExchangeError;
use crate::{
    ActivationLayer, BatchNorm, CheckedLayer, Dense, Dropout, GaussianNoise, PixelShuffle,
    PixelUnshuffle, Reshape, Sample, TopK, Upsample,
};

/// A kind of layer that an ONNX graph can hold.
pub(crate) trait OnnxKind {
    /// Adds the layer to a graph. The batch comes and goes in either form of [`Flow`].
    fn add(
        &self,
        graph: &mut GraphBuilder<'_>,
        layer: &CheckedLayer,
        input: Flow,
    ) -> Result<Flow, ExchangeError>;
}

impl OnnxKind for ActivationLayer {
    fn add(
        &self,
        _graph: &mut GraphBuilder<'_>,
        _layer: &CheckedLayer,
        input: Flow,
    ) -> Result<Flow, ExchangeError> {
        Ok(input)
    }
}

impl OnnxKind for Dropout {
    fn add(
        &self,
        _graph: &mut GraphBuilder<'_>,
        _layer: &CheckedLayer,
        input: Flow,
    ) -> Result<Flow, ExchangeError> {
        Ok(input)
    }
}

impl OnnxKind for GaussianNoise {
    fn add(
        &self,
        _graph: &mut GraphBuilder<'_>,
        _layer: &CheckedLayer,
        input: Flow,
    ) -> Result<Flow, ExchangeError> {
        Ok(input)
    }
}

impl OnnxKind for Reshape {
    fn add(
        &self,
        graph: &mut GraphBuilder<'_>,
        layer: &CheckedLayer,
        input: Flow,
    ) -> Result<Flow, ExchangeError> {
        // A later layer gives the rows the shape that it needs.
        Ok(Flow::Rows(graph.rows(input, &layer.name())))
    }
}

impl OnnxKind for Dense {
    fn add(
        &self,
        graph: &mut GraphBuilder<'_>,
        layer: &CheckedLayer,
        input: Flow,
    ) -> Result<Flow, ExchangeError> {
        let name = layer.name();
        let (weight, is_transposed) = match self.tied_to {
            None => (format!("{name}.weight"), 1),
            // The encoder's matrix, used the other way round.
            Some(position) => (format!("encoder.{position}.weight"), 0),
        };
        let weight = graph.parameter(&weight)?;
        let bias = graph.parameter(&format!("{name}.bias"))?;
        let input = graph.rows(input, &name);
        let attributes = vec![Attribute::int("transB", is_transposed)];
        let output = format!("{name}.linear");
        Ok(Flow::Rows(graph.node("Gemm", &[&input, &weight, &bias], &output, attributes)))
    }
}

impl OnnxKind for BatchNorm {
    fn add(
        &self,
        graph: &mut GraphBuilder<'_>,
        layer: &CheckedLayer,
        input: Flow,
    ) -> Result<Flow, ExchangeError> {
        let name = layer.name();
        let input = graph.maps(input, layer);
        let mut inputs = vec![input];
        for parameter in ["weight", "bias", "running_mean", "running_var"] {
            inputs.push(graph.parameter(&format!("{name}.{parameter}"))?);
        }
        let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
        let attributes = vec![Attribute::float("epsilon", self.epsilon)];
        let output = format!("{name}.normalised");
        Ok(Flow::Maps(graph.node("BatchNormalization", &inputs, &output, attributes)))
    }
}

impl OnnxKind for Upsample {
    fn add(
        &self,
        graph: &mut GraphBuilder<'_>,
        layer: &CheckedLayer,
        input: Flow,
    ) -> Result<Flow, ExchangeError> {
        let name = layer.name();
        let input = graph.maps(input, layer);
        let scales = format!("{name}.scales");
        let [down, across] = self.factor.map(|factor| factor as f32);
        graph.floats(&scales, &[4], &[1.0, 1.0, down, across]);
        let attributes = vec![
            Attribute::string("coordinate_transformation_mode", "asymmetric"),
            Attribute::string("mode", "nearest"),
            Attribute::string("nearest_mode", "floor"),
        ];
        let output = format!("{name}.upsampled");
        Ok(Flow::Maps(graph.node("Resize", &[&input, "", &scales], &output, attributes)))
    }
}

impl OnnxKind for PixelUnshuffle {
    /// ONNX' `SpaceToDepth` has another order of channels than PyTorch, so numbers are moved by hand.
    fn add(
        &self,
        graph: &mut GraphBuilder<'_>,
        layer: &CheckedLayer,
        input: Flow,
    ) -> Result<Flow, ExchangeError> {
        let (from, to, factor) = (layer.input, layer.output, self.factor);
        let blocks = [from.channels, to.height, factor, to.width, factor];
        Ok(graph.moved(input, layer, &blocks, &[0, 1, 3, 5, 2, 4]))
    }
}

impl OnnxKind for PixelShuffle {
    fn add(
        &self,
        graph: &mut GraphBuilder<'_>,
        layer: &CheckedLayer,
        input: Flow,
    ) -> Result<Flow, ExchangeError> {
        let (from, to, factor) = (layer.input, layer.output, self.factor);
        let blocks = [to.channels, factor, factor, from.height, from.width];
        Ok(graph.moved(input, layer, &blocks, &[0, 1, 4, 2, 5, 3]))
    }
}

impl OnnxKind for TopK {
    /// Of equal numbers ONNX' `TopK` takes the first.
    fn add(
        &self,
        graph: &mut GraphBuilder<'_>,
        layer: &CheckedLayer,
        input: Flow,
    ) -> Result<Flow, ExchangeError> {
        let name = layer.name();
        let input = graph.rows(input, &name);
        let [k, largest, places] = ["k", "largest", "places"].map(|it| format!("{name}.{it}"));
        graph.integers(&k, &[self.k]);
        graph.node_with("TopK", &[&input, &k], &[&largest, &places], vec![]);
        let shape = graph.node("Shape", &[&input], &format!("{name}.shape"), vec![]);
        // Written out, as tract takes an `f64` where there is none.
        let zero = vec![Attribute::number("value", 0.0)];
        let zeros = graph.node("ConstantOfShape", &[&shape], &format!("{name}.zeros"), zero);
        let axis = vec![Attribute::int("axis", 1)];
        let inputs = [zeros.as_str(), &places, &largest];
        Ok(Flow::Rows(graph.node("ScatterElements", &inputs, &format!("{name}.kept"), axis)))
    }
}

impl OnnxKind for Sample {
    /// The mean: the first half of the channels, which are the first numbers of a row.
    fn add(
        &self,
        graph: &mut GraphBuilder<'_>,
        layer: &CheckedLayer,
        input: Flow,
    ) -> Result<Flow, ExchangeError> {
        let name = layer.name();
        let input = graph.rows(input, &name);
        let [start, end, axis] = ["start", "end", "axis"].map(|it| format!("{name}.{it}"));
        graph.integers(&start, &[0]);
        graph.integers(&end, &[layer.output.numbers()]);
        graph.integers(&axis, &[1]);
        let inputs = [input.as_str(), &start, &end, &axis];
        Ok(Flow::Rows(graph.node("Slice", &inputs, &format!("{name}.mean"), vec![])))
    }
}

#[cfg(test)]
mod tests;
