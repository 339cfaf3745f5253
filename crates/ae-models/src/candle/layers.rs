//! What every kind of layer says of itself over tensors; how, stands in the kind's file in `layer/`.
//!
//! Between layers a batch is a tensor `(n, channels, height, width)`. A layer computes all but its activation, which
//! the chain applies, so that the last one can be left out: the loss needs the logits before it.

use candle_core::Tensor;
use candle_nn::VarBuilder;

use super::pass::Pass;
use crate::{CheckedLayer, ModelError};

/// A kind of layer that can be built over tensors. One without parameters is a [`TensorLayer`] itself.
pub(crate) trait TensorKind {
    /// The layer over its parameters.
    fn over(&self, weights: &LayerWeights<'_>) -> Result<Box<dyn TensorLayer>, ModelError>;
}

/// A layer over tensors.
pub(crate) trait TensorLayer: Send + Sync {
    /// The output without the activation: `(n, channels, height, width)` of the input to that of the output.
    fn forward(&self, input: &Tensor, pass: &mut Pass<'_>) -> Result<Tensor, ModelError>;
}

impl<L: TensorLayer + Clone + 'static> TensorKind for L {
    fn over(&self, _weights: &LayerWeights<'_>) -> Result<Box<dyn TensorLayer>, ModelError> {
        Ok(Box::new(self.clone()))
    }
}

/// Where a layer stands, and its parameters by name.
pub(crate) struct LayerWeights<'a> {
    /// The layer at its place.
    pub(crate) layer: &'a CheckedLayer,
    /// All parameters of the network.
    pub(crate) of_network: &'a VarBuilder<'a>,
}

impl LayerWeights<'_> {
    /// A parameter of this layer, in the shape that the description gives.
    pub(crate) fn get(&self, name: &str) -> Result<Tensor, ModelError> {
        let parameters = self.layer.parameters().into_iter();
        let shape = parameters.filter(|it| it.name == name).map(|it| it.shape).next();
        Ok(self.of_network.pp(self.layer.name()).get(shape.unwrap_or_default(), name)?)
    }
}
