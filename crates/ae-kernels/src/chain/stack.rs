//! A chain of layers that fit each other.

use super::layer::{Layer, Weight};
use super::objective::{Objective, ReconstructionLoss};
use super::parameters::check_coverage;
use crate::{Activation, StackError};

/// A chain of layers that fit each other and a flat parameter buffer. The output of one of them is the code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stack {
    layers: Vec<Layer>,
    code: usize,
    parameters: usize,
}

impl Stack {
    /// A stack of these layers, first to last. `code` is the index of the layer whose output is the code, `parameters`
    /// the length of the flat buffer.
    ///
    /// # Errors
    /// If the widths of neighbouring layers differ, if weights and biases do not fill the buffer without gaps and
    /// overlaps, if a tied weight does not fit its owner, or if there is no layer `code`.
    pub fn new(layers: Vec<Layer>, code: usize, parameters: usize) -> Result<Self, StackError> {
        if code >= layers.len() {
            return Err(StackError::Code { layers: layers.len(), found: code });
        }
        let mut before = None;
        for (index, layer) in layers.iter().enumerate() {
            check_layer(&layers, index, before)?;
            before = Some(layer.outputs);
        }
        check_coverage(&layers, parameters)?;
        Ok(Self { layers, code, parameters })
    }

    /// The layers, first to last.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// The index of the layer whose output is the code.
    pub fn code(&self) -> usize {
        self.code
    }

    /// The length of the flat parameter buffer.
    pub fn parameters(&self) -> usize {
        self.parameters
    }

    /// The width of an input row.
    pub fn inputs(&self) -> usize {
        self.layers.first().map_or(0, |layer| layer.inputs)
    }

    /// The width of an output row.
    pub fn outputs(&self) -> usize {
        self.layers.last().map_or(0, |layer| layer.outputs)
    }

    /// The width of a code.
    pub fn code_width(&self) -> usize {
        self.layers.get(self.code).map_or(0, |layer| layer.outputs)
    }

    /// Checks that an objective suits the stack.
    ///
    /// # Errors
    /// If the loss is binary cross-entropy and the last activation is not the sigmoid, or if there is a penalty on a
    /// code that is the last layer's output.
    pub fn check_objective(&self, objective: Objective) -> Result<(), StackError> {
        let last = self.layers.last().map(|layer| layer.activation);
        if objective.loss == ReconstructionLoss::BinaryCrossEntropy
            && last != Some(Activation::Sigmoid)
        {
            return Err(StackError::LossOfNoProbability);
        }
        if objective.code_l1 != 0.0 && self.code + 1 == self.layers.len() {
            return Err(StackError::Code { layers: self.code, found: self.code });
        }
        Ok(())
    }
}

fn check_layer(layers: &[Layer], index: usize, before: Option<usize>) -> Result<(), StackError> {
    let layer = &layers[index];
    if layer.inputs == 0 || layer.outputs == 0 {
        return Err(StackError::Empty { layer: index });
    }
    if let Some(expected) = before.filter(|&outputs| outputs != layer.inputs) {
        return Err(StackError::Width { layer: index, expected, found: layer.inputs });
    }
    if let Weight::TransposeOf { layer: found } = layer.weight {
        let mirrored = layers[..index].get(found).is_some_and(|source| {
            matches!(source.weight, Weight::Own { .. })
                && (source.inputs, source.outputs) == (layer.outputs, layer.inputs)
        });
        if !mirrored {
            return Err(StackError::Tie { layer: index, found });
        }
    }
    Ok(())
}
