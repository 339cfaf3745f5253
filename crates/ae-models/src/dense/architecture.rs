//! The architecture of a dense network.

use ae_kernels::Stack;
use ae_random::Seed;

use super::stack::stack;
use crate::{
    Architecture, Layout, ModelError, ModelKind, ModelSpec, OutputActivation, Parameters,
    TrainingInput,
};

/// A checked specification, with the layout of its parameters and its stack.
pub(crate) struct DenseArchitecture {
    spec: ModelSpec,
    layout: Layout,
    stack: Stack,
}

impl DenseArchitecture {
    /// Checks the specification.
    pub(crate) fn new(spec: ModelSpec) -> Result<Self, ModelError> {
        spec.dense.check()?;
        let layout = spec.dense.layout();
        let stack = stack(&spec.dense, &layout)?;
        Ok(Self { spec, layout, stack })
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
        self.spec.dense.pixels()
    }

    fn input(&self) -> TrainingInput {
        match self.spec.kind {
            ModelKind::Regular => TrainingInput::Clean,
            ModelKind::Denoising => TrainingInput::Corrupted,
        }
    }

    fn output_is_probability(&self) -> bool {
        self.spec.dense.output_activation == OutputActivation::Sigmoid
    }

    fn stack(&self) -> Option<&Stack> {
        Some(&self.stack)
    }

    #[cfg(feature = "candle")]
    fn build(
        &self,
        vb: crate::VarBuilder<'_>,
    ) -> Result<Box<dyn crate::Autoencoder>, ModelError> {
        crate::candle::build_dense(&self.spec, vb)
    }
}
