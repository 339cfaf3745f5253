//! What is computed: layers over one flat parameter buffer, and the objective.

use crate::{Activation, StackError};

/// Where a layer's weight is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// Its own, (outputs, inputs) row-major, from this index of the flat buffer.
    Own {
        /// Index of the first value.
        offset: usize,
    },
    /// The transpose of the weight of this earlier layer, which has its own.
    TransposeOf {
        /// Index of that layer.
        layer: usize,
    },
}

/// A dense layer: `y = activation(x W^T + b)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layer {
    /// Numbers in.
    pub inputs: usize,
    /// Numbers out.
    pub outputs: usize,
    /// The weight, (outputs, inputs).
    pub weight: Weight,
    /// Index of the bias' first value in the flat buffer.
    pub bias: usize,
    /// Applied to every output alone.
    pub activation: Activation,
}

/// How far outputs are from targets, on average over all numbers of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// Binary cross-entropy in nats of a sigmoid's outputs, computed from its logits `x` as
    /// `max(x, 0) - x t + ln(1 + exp(-|x|))`.
    BinaryCrossEntropy,
    /// The squared difference.
    MeanSquaredError,
}

/// What training makes small.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Objective {
    /// The loss.
    pub loss: Loss,
    /// Weight of the penalty `sum |code| / n` over `n` rows; its derivative at 0 is 0.
    pub code_l1: f32,
}

/// Layers that fit each other and the flat buffer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stack {
    layers: Vec<Layer>,
    code: usize,
    parameters: usize,
}

impl Stack {
    /// Checks that layers follow from each other, that weights and biases fill a buffer of
    /// `parameters` numbers, and that the output of layer `code` exists.
    ///
    /// # Errors
    /// If one of these does not hold.
    pub fn new(layers: Vec<Layer>, code: usize, parameters: usize) -> Result<Self, StackError> {
        if code >= layers.len() {
            return Err(StackError::Code { layers: layers.len(), found: code });
        }
        let mut before = None;
        for (index, layer) in layers.iter().enumerate() {
            check_layer(&layers, index, before)?;
            before = Some(layer.outputs);
        }
        check_cover(&layers, parameters)?;
        Ok(Self { layers, code, parameters })
    }

    /// The layers, first to last.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// Index of the layer whose output is the code.
    pub fn code(&self) -> usize {
        self.code
    }

    /// Numbers in the flat buffer.
    pub fn parameters(&self) -> usize {
        self.parameters
    }

    /// Numbers in an input row.
    pub fn inputs(&self) -> usize {
        self.layers.first().map_or(0, |layer| layer.inputs)
    }

    /// Numbers in an output row.
    pub fn outputs(&self) -> usize {
        self.layers.last().map_or(0, |layer| layer.outputs)
    }

    /// Numbers in a code.
    pub fn code_width(&self) -> usize {
        self.layers.get(self.code).map_or(0, |layer| layer.outputs)
    }

    /// Checks that an objective suits the stack.
    ///
    /// # Errors
    /// If it is binary cross-entropy of something else than a sigmoid, or a penalty on a code that
    /// is the last layer's output.
    pub fn check_objective(&self, objective: Objective) -> Result<(), StackError> {
        let last = self.layers.last().map(|layer| layer.activation);
        if objective.loss == Loss::BinaryCrossEntropy && last != Some(Activation::Sigmoid) {
            return Err(StackError::LossOfNoProbability);
        }
        if objective.code_l1 != 0.0 && self.code + 1 == self.layers.len() {
            return Err(StackError::Code { layers: self.code, found: self.code });
        }
        Ok(())
    }

    /// Where the layer's weight is.
    pub(crate) fn weight(&self, layer: &Layer) -> WeightView {
        match layer.weight {
            Weight::Own { offset } => WeightView { offset, own: true },
            Weight::TransposeOf { layer: source } => match self.layers[source].weight {
                Weight::Own { offset } => WeightView { offset, own: false },
                Weight::TransposeOf { .. } => unreachable!("a stack is checked when it is made"),
            },
        }
    }
}

/// Where a weight's values are, row-major: (outputs, inputs) if it is the layer's own, otherwise
/// (inputs, outputs).
#[derive(Debug, Clone, Copy)]
pub(crate) struct WeightView {
    pub(crate) offset: usize,
    pub(crate) own: bool,
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

fn check_cover(layers: &[Layer], parameters: usize) -> Result<(), StackError> {
    let mut places = Vec::new();
    for layer in layers {
        if let Weight::Own { offset } = layer.weight {
            places.push((offset, layer.inputs.saturating_mul(layer.outputs)));
        }
        places.push((layer.bias, layer.outputs));
    }
    places.sort_unstable();
    let mut expected = 0_usize;
    for (found, length) in places {
        if found != expected {
            return Err(StackError::Parameters { expected, found });
        }
        expected = expected.saturating_add(length);
    }
    if expected != parameters {
        return Err(StackError::Parameters { expected, found: parameters });
    }
    Ok(())
}
