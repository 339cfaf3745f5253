//! What training and weights files know of a model: the trait [`Architecture`].

use std::fmt;

use ae_kernels::Chain;
use ae_random::Seed;

use crate::{CheckedNetwork, Layout, NamedDraws, Parameters, Shape, TrainingInput};

/// A model without its numbers: names and shapes of its parameters, and how to compute with them.
///
/// Training holds the parameters as one flat buffer and knows nothing else of a model. An implementation
/// gives a [`chain`](Self::chain) for the CPU kernels, or builds a candle model (`build`, with the feature
/// `candle`), or both.
pub trait Architecture: Send + Sync {
    /// The parameters' names, shapes and places in the flat buffer.
    fn layout(&self) -> &Layout;

    /// Initial parameters. Each one must depend on the seed and on its name alone, as those of
    /// [`Parameters::glorot_uniform`] do.
    fn initialise(&self, seed: Seed) -> Parameters;

    /// Values of an item: channels x height x width.
    fn pixels(&self) -> usize;

    /// The shape of an item; by default a vector of [`pixels`](Self::pixels).
    fn item(&self) -> Shape {
        Shape::vector(self.pixels())
    }

    /// Numbers of an input: [`pixels`](Self::pixels), or a plane more for a model that is told the level of noise
    /// ([`Network::noise_level`](crate::Network::noise_level)).
    fn inputs(&self) -> usize {
        self.pixels()
    }

    /// The shape of a code, if it is known without building the model.
    fn code(&self) -> Option<Shape> {
        None
    }

    /// The network as a list of layers, if it is one.
    fn network(&self) -> Option<&CheckedNetwork> {
        None
    }

    /// Which images the model is shown in training.
    fn input(&self) -> TrainingInput;

    /// Whether the output activation is the sigmoid, so that a pixel is a probability and its binary
    /// cross-entropy is defined.
    fn output_is_probability(&self) -> bool;

    /// The random numbers that layers need in training, in the order of the layers.
    fn draws(&self) -> Vec<NamedDraws> {
        Vec::new()
    }

    /// Whether an output in training depends on other items of the batch, as in a batch normalisation.
    fn needs_batch_statistics(&self) -> bool {
        false
    }

    /// Whether a code is the sample of a Gaussian with a mean and a variance of its own.
    fn is_variational(&self) -> bool {
        false
    }

    /// The model as layers over the flat buffer, for the CPU kernels. `None`, the default, if they cannot
    /// compute it.
    fn chain(&self) -> Option<&Chain> {
        None
    }

    /// The candle model over the tensors that `vb` gives by name; by default an error that says there is none.
    ///
    /// # Errors
    /// If a tensor is missing or has another shape, or the architecture has no candle model.
    #[cfg(feature = "candle")]
    fn build(
        &self,
        vb: crate::VarBuilder<'_>,
    ) -> Result<Box<dyn crate::Autoencoder>, crate::ModelError> {
        drop(vb);
        Err(crate::ModelError::NoTensorModel)
    }
}

impl fmt::Debug for dyn Architecture + '_ {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Architecture").field("layout", self.layout()).finish_non_exhaustive()
    }
}
