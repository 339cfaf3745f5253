//! The architecture of a dense network.

use ae_kernels::Chain;
use ae_random::Seed;

use super::stack::stack;
use crate::{
    Architecture, DenseConfig, Layout, ModelError, OutputActivation, Parameters, TrainingInput,
};

/// A checked dense network, with the layout of its parameters and its stack.
pub(crate) struct DenseArchitecture {
    input: TrainingInput,
    config: DenseConfig,
    layout: Layout,
    stack: Chain,
}

impl DenseArchitecture {
    /// Checks the network.
    pub(crate) fn new(input: TrainingInput, config: DenseConfig) -> Result<Self, ModelError> {
        config.check()?;
        let layout = config.layout();
        let stack = stack(&config, &layout)?;
        Ok(Self { input, config, layout, stack })
    }
}

impl Architecture for DenseArchitecture {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn initialise(&self, seed: Seed) -> Parameters {
        Parameters::glorot_uniform(self.layout.clone(), seed)
    }

    fn pixels(&self) -> usize {
        self.config.pixels()
    }

    fn input(&self) -> TrainingInput {
        self.input
    }

    fn output_is_probability(&self) -> bool {
        self.config.output_activation == OutputActivation::Sigmoid
    }

    fn stack(&self) -> Option<&Chain> {
        Some(&self.stack)
    }

    #[cfg(feature = "candle")]
    fn build(&self, vb: crate::VarBuilder<'_>) -> Result<Box<dyn crate::Autoencoder>, ModelError> {
        crate::candle::build_dense(self.input, &self.config, vb)
    }
}
