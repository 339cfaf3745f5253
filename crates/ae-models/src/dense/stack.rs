//! A dense network as a stack of layers, for the CPU kernels.

use ae_kernels::{Chain, ChainError, Dense, Weight};

use super::config::layers;
use crate::{DenseConfig, Layout, OutputActivation};

/// The stack of a checked network's encoder.
pub(crate) fn encoder_stack(config: &DenseConfig, layout: &Layout) -> Result<Chain, ChainError> {
    let stack = encoder_layers(config, layout);
    let code = stack.len().saturating_sub(1);
    Chain::of_dense(stack, code, layout.len())
}

/// The stack of a checked network whose parameters have this layout.
pub(crate) fn stack(config: &DenseConfig, layout: &Layout) -> Result<Chain, ChainError> {
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
            (false, _) => config.hidden_activation.for_kernels(),
            (true, OutputActivation::Sigmoid) => ae_kernels::Activation::Sigmoid,
            (true, OutputActivation::Linear) => ae_kernels::Activation::Linear,
        };
        let bias = offset(layout, &format!("decoder.{index}.bias"));
        stack.push(Dense { inputs, outputs, weight, bias, activation });
    }
    Chain::of_dense(stack, depth.saturating_sub(1), layout.len())
}

fn encoder_layers(config: &DenseConfig, layout: &Layout) -> Vec<Dense> {
    let depth = layers(&config.encoder).count();
    let described = layers(&config.encoder).enumerate().map(|(index, (inputs, outputs))| {
        let last = index + 1 == depth;
        let activation = if last { config.code_activation } else { config.hidden_activation };
        Dense {
            inputs,
            outputs,
            weight: Weight::Own { offset: offset(layout, &format!("encoder.{index}.weight")) },
            bias: offset(layout, &format!("encoder.{index}.bias")),
            activation: activation.for_kernels(),
        }
    });
    described.collect()
}

fn offset(layout: &Layout, name: &str) -> usize {
    let view = layout.views().iter().find(|view| view.name == name);
    // A checked network has all its parameters. `Chain::new` refuses an offset beyond the end.
    view.map_or(layout.len(), |view| view.offset)
}
