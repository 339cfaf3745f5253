//! A chain of dense layers.

use crate::{Chain, ChainError, Dense, Layer};

/// A chain that has dense layers alone.
#[derive(Debug, Clone)]
pub(crate) struct Stack {
    layers: Vec<Dense>,
    code: usize,
    parameters: usize,
}

impl Stack {
    pub(crate) fn new(chain: &Chain) -> Result<Self, ChainError> {
        let dense = |(index, layer): (usize, &Layer)| match layer {
            Layer::Dense(dense) if !chain.is_residual() && chain.input_shape().has_one_order() => {
                Ok(*dense)
            }
            other => Err(ChainError::Unsupported { layer: index, found: format!("{other:?}") }),
        };
        let layers = chain.layers().iter().enumerate().map(dense).collect::<Result<_, _>>()?;
        Ok(Self { layers, code: chain.code(), parameters: chain.parameters() })
    }

    pub(crate) fn layers(&self) -> &[Dense] {
        &self.layers
    }

    pub(crate) fn code(&self) -> usize {
        self.code
    }

    pub(crate) fn parameters(&self) -> usize {
        self.parameters
    }

    pub(crate) fn inputs(&self) -> usize {
        self.layers.first().map_or(0, |layer| layer.inputs)
    }

    pub(crate) fn outputs(&self) -> usize {
        self.layers.last().map_or(0, |layer| layer.outputs)
    }

    pub(crate) fn code_width(&self) -> usize {
        self.layers.get(self.code).map_or(0, |layer| layer.outputs)
    }
}
