//! What the description of a network needs of every kind of layer.

use super::Window;
use crate::{Activation, Shape};

/// A kind of layer.
pub(crate) trait LayerKind: crate::candle::TensorKind + crate::exchange::OnnxKind {
    /// The shape of the output for this shape of the input; an error is the rest of a sentence that begins with the
    /// layer's name: "must have a kernel of at least 1 x 1, but found 0 x 3".
    fn output(&self, input: Shape) -> Result<Shape, String>;

    /// The layer as the kernels compute it, for this shape of the input. `offset` gives the place
    /// of a parameter in the flat buffer by the last part of its name.
    fn for_kernels(&self, input: Shape, offset: &dyn Fn(&str) -> usize) -> ae_kernels::Layer;

    /// The parameters, in the order of the flat buffer, for this shape of the input.
    fn parameters(&self, _input: Shape) -> Vec<LayerParameter> {
        Vec::new()
    }

    /// The random numbers that the layer needs in training for each item.
    fn draws(&self, _input: Shape) -> Option<Draws> {
        None
    }

    /// The activation at the end of the layer, if it has one.
    fn activation(&self) -> Option<Activation> {
        None
    }

    /// Whether the layer only moves numbers, so that an activation may as well follow it as come before it.
    fn is_permutation(&self) -> bool {
        false
    }

    /// Whether an output in training depends on other items of the batch.
    fn needs_batch_statistics(&self) -> bool {
        false
    }

    /// How its windows lie down and across, if it works alike at every place of a map of any size. `None` for a layer
    /// that knows places, and for one without padding, which makes maps smaller.
    fn slides(&self) -> Option<[Slide; 2]> {
        None
    }
}

/// How the windows of a layer lie along an axis whose length the stride divides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Slide {
    /// Number `q` of the output sees `size` numbers from `q stride - before` on, as in a convolution;
    /// `before = (size - stride) / 2`, rounded down, and not below 0.
    Windows {
        /// The window's length.
        size: usize,
        /// From one window to the next.
        stride: usize,
    },
    /// The adjoint, as in a transposed convolution: number `q` of the input is seen by those that it would see.
    Spread {
        /// The window's length.
        size: usize,
        /// From one window to the next.
        stride: usize,
    },
}

impl Slide {
    /// A number sees the number at its own place alone.
    pub(crate) const POINT: Self = Self::Windows { size: 1, stride: 1 };

    /// Windows down and across.
    pub(crate) fn windows(size: Window, stride: Window) -> [Self; 2] {
        [0, 1].map(|axis| Self::Windows { size: size[axis], stride: stride[axis] })
    }

    /// The adjoints of windows down and across.
    pub(crate) fn spread(size: Window, stride: Window) -> [Self; 2] {
        [0, 1].map(|axis| Self::Spread { size: size[axis], stride: stride[axis] })
    }
}

/// A parameter of a layer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LayerParameter {
    /// The last part of its name, such as `weight`.
    pub(crate) name: &'static str,
    /// Its shape, which is PyTorch's.
    pub(crate) shape: Vec<usize>,
    /// Its first values.
    pub(crate) initial: Initial,
    /// Whether training changes it by its gradient. Running statistics are not trained.
    pub(crate) is_trained: bool,
}

/// The first values of a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Initial {
    /// All 0: biases.
    Zeros,
    /// All 1: scales.
    Ones,
    /// Random, by the network's initialisation.
    Weights {
        /// Inputs that a number of the output depends on.
        fan_in: usize,
        /// Numbers of the output that depend on an input.
        fan_out: usize,
    },
}

impl LayerParameter {
    /// A weight of a dense layer or a convolution.
    pub(crate) fn weight(shape: Vec<usize>, fan_in: usize, fan_out: usize) -> Self {
        Self {
            name: "weight",
            shape,
            initial: Initial::Weights { fan_in, fan_out },
            is_trained: true,
        }
    }

    /// The weight of a convolution of either direction, of the shape (axes, kernel height, kernel width), and a bias
    /// for each channel of the output.
    pub(crate) fn of_convolution(
        axes: [usize; 2],
        kernel: Window,
        inputs: usize,
        outputs: usize,
    ) -> Vec<Self> {
        let area = kernel[0].saturating_mul(kernel[1]);
        let fans = [inputs, outputs].map(|channels| channels.saturating_mul(area));
        let shape = [axes, kernel].concat();
        vec![Self::weight(shape, fans[0], fans[1]), Self::bias(outputs)]
    }

    /// A bias of this length.
    pub(crate) fn bias(length: usize) -> Self {
        Self { name: "bias", shape: vec![length], initial: Initial::Zeros, is_trained: true }
    }
}

/// The random numbers that a layer needs in training.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Draws {
    /// What is drawn.
    pub distribution: Distribution,
    /// How many numbers for each item.
    pub numbers: usize,
}

/// What a layer draws.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Distribution {
    /// Uniform in [0, 1).
    Uniform,
    /// The standard normal distribution.
    Normal,
}
