//! A chain of layers that fit each other.

use std::ops::Range;

use super::parameters::{check_coverage, untrained};
use crate::layer::Refusal;
use crate::{Activation, ChainError, Layer, Loss, Objective, Shape, Weight};

/// The most numbers of an item before or after a layer: 256 MiB of `f32`.
pub const MAX_NUMBERS: usize = 1 << 26;

/// How a chain's input reaches its output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connection {
    /// Through the layers alone.
    Plain,
    /// The first numbers of the input, which are the image, are added to the output. Planes behind them, such as the
    /// noise level, are not.
    Residual,
}

/// A chain of layers that fit each other and a flat parameter buffer. The output of one of them is the code.
#[derive(Debug, Clone, PartialEq)]
pub struct Chain {
    /// The shape before each layer, and that after the last.
    shapes: Vec<Shape>,
    layers: Vec<Layer>,
    code: usize,
    connection: Connection,
    parameters: usize,
    untrained: Vec<Range<usize>>,
}

impl Chain {
    /// A chain of these layers, first to last, for items of the shape `input`. `code` is the index of the layer whose
    /// output is the code, `parameters` the length of the flat buffer.
    ///
    /// # Errors
    /// If a layer does not fit the shape before it, if parameters do not fill the buffer without gaps and overlaps, if
    /// a tied weight does not fit its owner, if there is no layer `code`, or if a residual chain gives more numbers
    /// than the input has.
    pub fn new(
        input: Shape,
        layers: Vec<Layer>,
        code: usize,
        connection: Connection,
        parameters: usize,
    ) -> Result<Self, ChainError> {
        if code >= layers.len() {
            return Err(ChainError::Code { layers: layers.len(), found: code });
        }
        let mut shapes = vec![input];
        let mut shape = input;
        for (index, layer) in layers.iter().enumerate() {
            shape = checked_output(&layers, index, layer, shape)?;
            shapes.push(shape);
        }
        if connection == Connection::Residual && shape.numbers() > input.numbers() {
            let (expected, found) = (input.numbers(), shape.numbers());
            return Err(ChainError::Residual { expected, found });
        }
        check_coverage(&layers, &shapes, parameters)?;
        let untrained = untrained(&layers, &shapes);
        Ok(Self { shapes, layers, code, connection, parameters, untrained })
    }

    /// A chain of dense layers, without residual connection.
    ///
    /// # Errors
    /// As [`Chain::new`].
    pub fn of_dense(
        layers: Vec<crate::Dense>,
        code: usize,
        parameters: usize,
    ) -> Result<Self, ChainError> {
        let input = Shape::vector(layers.first().map_or(0, |layer| layer.inputs));
        let layers = layers.into_iter().map(Layer::from).collect();
        Self::new(input, layers, code, Connection::Plain, parameters)
    }

    /// The layers, first to last.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// The shape of an item before each layer, and after the last.
    pub fn shapes(&self) -> &[Shape] {
        &self.shapes
    }

    /// The index of the layer whose output is the code.
    pub fn code(&self) -> usize {
        self.code
    }

    /// Whether a layer follows the code.
    pub fn has_decoder(&self) -> bool {
        self.code + 1 < self.layers.len()
    }

    /// Whether the input is added to what the layers give.
    pub fn is_residual(&self) -> bool {
        self.connection == Connection::Residual
    }

    /// The length of the flat parameter buffer.
    pub fn parameters(&self) -> usize {
        self.parameters
    }

    /// The parts of the flat buffer that no optimizer may change, in order: running statistics. Their gradient is 0.
    pub fn untrained(&self) -> &[Range<usize>] {
        &self.untrained
    }

    /// The shape of an input.
    pub fn input_shape(&self) -> Shape {
        self.shapes.first().copied().unwrap_or(Shape::vector(0))
    }

    /// The shape of an output.
    pub fn output_shape(&self) -> Shape {
        self.shapes.last().copied().unwrap_or(Shape::vector(0))
    }

    /// The shape of a code.
    pub fn code_shape(&self) -> Shape {
        self.shapes.get(self.code + 1).copied().unwrap_or(Shape::vector(0))
    }

    /// The numbers of an input.
    pub fn inputs(&self) -> usize {
        self.input_shape().numbers()
    }

    /// The numbers of an output.
    pub fn outputs(&self) -> usize {
        self.output_shape().numbers()
    }

    /// The numbers of a code.
    pub fn code_width(&self) -> usize {
        self.code_shape().numbers()
    }

    /// The index of the only layer that samples, if there is one.
    pub fn sample(&self) -> Option<usize> {
        let mut samples = self
            .layers
            .iter()
            .enumerate()
            .filter_map(|(index, layer)| matches!(layer, Layer::Sample(_)).then_some(index));
        samples.next().filter(|_| samples.next().is_none())
    }

    /// The output's activation: that of the decoder's last layer that does more than move numbers, as a reshape or a
    /// pixel shuffle does; linear if there is none. A chain that ends with its code is taken as a whole.
    pub fn last_activation(&self) -> Activation {
        let last = self.last_activated().and_then(|index| self.layers.get(index));
        last.map_or(Activation::Linear, |layer| layer.kind().activation())
    }

    /// Whether outputs are probabilities: the last activation is the sigmoid, and nothing is added to it.
    pub fn output_is_probability(&self) -> bool {
        self.last_activation() == Activation::Sigmoid && !self.is_residual()
    }

    /// The layers that draw random numbers in training, with how many they draw for an item.
    pub fn draws(&self) -> impl Iterator<Item = LayerDraws> + '_ {
        let draws = self.layers.iter().zip(&self.shapes).enumerate();
        draws.filter_map(|(layer, (kind, shape))| {
            let numbers = kind.kind().draws(*shape);
            (numbers > 0).then_some(LayerDraws { layer, numbers })
        })
    }

    /// Checks that an objective suits the chain.
    ///
    /// # Errors
    /// If the loss is binary cross-entropy and the outputs are no probabilities, if it is softmax cross-entropy and the
    /// outputs are no logits, if there is a penalty on a code that is the last layer's output, or if a penalty does not
    /// suit the chain.
    pub fn check_objective(&self, objective: &Objective) -> Result<(), ChainError> {
        match objective.loss {
            Loss::BinaryCrossEntropy if !self.output_is_probability() => {
                return Err(ChainError::LossOfNoProbability);
            }
            Loss::SoftmaxCrossEntropy
                if self.last_activation() != Activation::Linear || self.is_residual() =>
            {
                return Err(ChainError::LossOfNoLogits);
            }
            _ => {}
        }
        for penalty in &objective.penalties {
            self.check_penalty(penalty)?;
        }
        Ok(())
    }

    fn check_penalty(&self, penalty: &crate::Penalty) -> Result<(), ChainError> {
        let weight = penalty.weight();
        let refused = |Refusal { expected, found }| ChainError::Penalty {
            penalty: penalty.name(),
            expected,
            found,
        };
        if !(weight >= 0.0 && weight.is_finite()) {
            return Err(refused(Refusal::new("a finite weight, 0 or above", weight)));
        }
        if weight != 0.0 && !self.has_decoder() {
            return Err(ChainError::Code { layers: self.code, found: self.code });
        }
        penalty.kind().check(self).map_err(refused)
    }
}

/// The random numbers that a layer draws.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LayerDraws {
    /// Index of the layer.
    pub layer: usize,
    /// Numbers for an item.
    pub numbers: usize,
}

/// The shape after a layer.
fn checked_output(
    layers: &[Layer],
    index: usize,
    layer: &Layer,
    input: Shape,
) -> Result<Shape, ChainError> {
    let refused = |refusal| ChainError::layer(index, refusal);
    if input.numbers() == 0 {
        return Err(refused(Refusal::new("at least one input", input)));
    }
    let output = layer.kind().output(input).map_err(refused)?;
    if output.numbers() == 0 {
        return Err(refused(Refusal::new("at least one output", output)));
    }
    if output.numbers().max(input.numbers()) > MAX_NUMBERS {
        let expected = format!("at most {MAX_NUMBERS} numbers before and after it");
        return Err(refused(Refusal::new(expected, output)));
    }
    if let Layer::Dense(dense) = layer
        && let Weight::TransposeOf { layer: found } = dense.weight
    {
        let mirrored = matches!(layers[..index].get(found), Some(Layer::Dense(source))
            if matches!(source.weight, Weight::Own { .. })
                && (source.inputs, source.outputs) == (dense.outputs, dense.inputs));
        if !mirrored {
            return Err(ChainError::Tie { layer: index, found });
        }
    }
    Ok(output)
}
