//! The kinds of layers over tensors, one file a kind.
//!
//! Between layers a batch is a tensor `(n, channels, height, width)`. A layer computes all but its activation, which
//! the chain applies, so that the last one can be left out: the loss needs the logits before it.

mod activation;
mod batch_norm;
mod conv;
mod conv_transpose;
mod dense;
mod dropout;
mod gaussian_noise;
mod max_pool;
mod pixel_shuffle;
mod reshape;
mod sample;
mod top_k;
mod upsample;
mod window;

use candle_core::Tensor;
use candle_nn::VarBuilder;

use super::pass::Pass;
use crate::{CheckedLayer, ModelError};

/// A kind of layer that can be built over tensors.
pub(crate) trait TensorKind {
    /// The layer over its parameters.
    fn over(&self, weights: &LayerWeights<'_>) -> Result<Box<dyn TensorLayer>, ModelError>;
}

/// A layer over tensors.
pub(crate) trait TensorLayer: Send + Sync {
    /// The output without the activation: `(n, channels, height, width)` of the input to that of the output.
    fn forward(&self, input: &Tensor, pass: &mut Pass<'_>) -> Result<Tensor, ModelError>;
}

/// Where a layer stands, and its parameters by name.
pub(crate) struct LayerWeights<'a> {
    /// The layer at its place.
    pub(super) layer: &'a CheckedLayer,
    /// All parameters of the network.
    pub(super) of_network: &'a VarBuilder<'a>,
}

impl LayerWeights<'_> {
    /// A parameter of this layer, in the shape that the description gives.
    fn get(&self, name: &str) -> Result<Tensor, ModelError> {
        let parameters = self.layer.parameters().into_iter();
        let shape = parameters.filter(|it| it.name == name).map(|it| it.shape).next();
        Ok(self.of_network.pp(self.layer.name()).get(shape.unwrap_or_default(), name)?)
    }
}
