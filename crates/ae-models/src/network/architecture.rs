//! The architecture of a network that is a list of layers.

use ae_kernels::Chain;
use ae_random::Seed;

use super::lowering::chain;
use crate::{
    Architecture, CheckedNetwork, Layout, ModelError, NamedDraws, Parameters, Shape, TrainingInput,
};

/// A checked network, with the layout of its parameters and its chain.
pub(crate) struct NetworkArchitecture {
    input: TrainingInput,
    network: CheckedNetwork,
    layout: Layout,
    chain: Chain,
}

impl NetworkArchitecture {
    pub(crate) fn new(input: TrainingInput, network: CheckedNetwork) -> Result<Self, ModelError> {
        let layout = network.layout();
        let chain = chain(&network, None)?;
        Ok(Self { input, network, layout, chain })
    }
}

impl Architecture for NetworkArchitecture {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn initialise(&self, seed: Seed) -> Parameters {
        self.network.initialise(seed)
    }

    fn pixels(&self) -> usize {
        self.network.item().numbers()
    }

    fn item(&self) -> Shape {
        self.network.item()
    }

    fn inputs(&self) -> usize {
        self.network.input().numbers()
    }

    fn code(&self) -> Option<Shape> {
        Some(self.network.code())
    }

    fn network(&self) -> Option<&CheckedNetwork> {
        Some(&self.network)
    }

    fn input(&self) -> TrainingInput {
        self.input
    }

    fn output_is_probability(&self) -> bool {
        self.network.output_is_probability()
    }

    fn draws(&self) -> Vec<NamedDraws> {
        self.network.draws()
    }

    fn needs_batch_statistics(&self) -> bool {
        self.network.needs_batch_statistics()
    }

    fn is_variational(&self) -> bool {
        self.network.is_variational()
    }

    fn chain(&self) -> Option<&Chain> {
        Some(&self.chain)
    }

    #[cfg(feature = "candle")]
    fn build(&self, vb: crate::VarBuilder<'_>) -> Result<Box<dyn crate::Autoencoder>, ModelError> {
        crate::candle::build(self.input, &self.network, vb)
    }
}
