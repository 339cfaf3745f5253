//! The same network as a description for the fused kernels.

use ae_kernels::{Layer, Stack, StackError, Weight};

use crate::config::layers;
use crate::{Activation, DenseConfig, Layout, Loss, Objective, OutputActivation};

/// Describes the encoder of a checked network alone.
pub(crate) fn encoder_stack(config: &DenseConfig, layout: &Layout) -> Result<Stack, StackError> {
    let stack = encoder_layers(config, layout);
    let code = stack.len().saturating_sub(1);
    Stack::new(stack, code, layout.len())
}

/// Describes a checked network whose parameters are laid out so.
pub(crate) fn stack(config: &DenseConfig, layout: &Layout) -> Result<Stack, StackError> {
    let depth = layers(&config.encoder).count();
    let mut stack = encoder_layers(config, layout);
    let decoder_depth = layers(&config.decoder).count();
    for (index, (inputs, outputs)) in layers(&config.decoder).enumerate() {
        let weight = if config.tied_weights {
            Weight::TransposeOf { layer: depth.saturating_sub(index + 1) }
        } else {
            Weight::Own { offset: offset(layout, &format!("decoder.{index}.weight")) }
        };
        let last = index + 1 == decoder_depth;
        let activation = match (last, config.output_activation) {
            (false, _) => config.hidden_activation.fused(),
            (true, OutputActivation::Sigmoid) => ae_kernels::Activation::Sigmoid,
            (true, OutputActivation::Linear) => ae_kernels::Activation::Linear,
        };
        let bias = offset(layout, &format!("decoder.{index}.bias"));
        stack.push(Layer { inputs, outputs, weight, bias, activation });
    }
    Stack::new(stack, depth.saturating_sub(1), layout.len())
}

fn encoder_layers(config: &DenseConfig, layout: &Layout) -> Vec<Layer> {
    let depth = layers(&config.encoder).count();
    let described = layers(&config.encoder).enumerate().map(|(index, (inputs, outputs))| {
        let last = index + 1 == depth;
        let activation = if last { config.code_activation } else { config.hidden_activation };
        Layer {
            inputs,
            outputs,
            weight: Weight::Own { offset: offset(layout, &format!("encoder.{index}.weight")) },
            bias: offset(layout, &format!("encoder.{index}.bias")),
            activation: activation.fused(),
        }
    });
    described.collect()
}

fn offset(layout: &Layout, name: &str) -> usize {
    let view = layout.views().iter().find(|view| view.name == name);
    // A checked network has all its parameters; the stack would notice one beyond its end.
    view.map_or(layout.len(), |view| view.offset)
}

impl Activation {
    fn fused(self) -> ae_kernels::Activation {
        match self {
            Self::Linear => ae_kernels::Activation::Linear,
            Self::Relu => ae_kernels::Activation::Relu,
            Self::LeakyRelu => ae_kernels::Activation::LeakyRelu,
            Self::Elu => ae_kernels::Activation::Elu,
            Self::Selu => ae_kernels::Activation::Selu,
            Self::Sigmoid => ae_kernels::Activation::Sigmoid,
            Self::Tanh => ae_kernels::Activation::Tanh,
            Self::Softplus => ae_kernels::Activation::Softplus,
        }
    }
}

impl Objective {
    /// The same objective for the fused kernels.
    pub fn fused(&self) -> ae_kernels::Objective {
        let loss = match self.loss {
            Loss::BinaryCrossEntropy => ae_kernels::Loss::BinaryCrossEntropy,
            Loss::MeanSquaredError => ae_kernels::Loss::MeanSquaredError,
        };
        ae_kernels::Objective { loss, code_l1: self.code_l1 }
    }
}
