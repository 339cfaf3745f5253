//! A network in a few words, for progress lines, records and reports.

use ae_models::{CheckedNetwork, Layer, Part, Shape};

use crate::{NetworkForm, NetworkSpec};

/// The network in a few words: `784-32-784`, `conv 16-8-8, code 8 x 4 x 4`, `vae 784-400-20-400-784`.
pub(crate) fn network_in_words(spec: &NetworkSpec, network: &CheckedNetwork) -> String {
    let name = spec.name();
    match &spec.form {
        NetworkForm::Dense(dense) => {
            let widths = dense.encoder.iter().chain(dense.decoder.iter().skip(1));
            let kept = dense.top_k.map(|k| format!(", the {k} largest of the code"));
            chain(widths.copied()) + &kept.unwrap_or_default()
        }
        NetworkForm::Vae(vae) => {
            let numbers = network.input().numbers();
            let down = [numbers].into_iter().chain(vae.hidden.iter().copied());
            let up = vae.hidden.iter().rev().copied().chain([numbers]);
            format!("{name} {}", chain(down.chain([vae.code]).chain(up)))
        }
        NetworkForm::Conv(_)
        | NetworkForm::ConvDenoiser(_)
        | NetworkForm::ConvVae(_)
        | NetworkForm::Denoiser(_)
        | NetworkForm::Layers(_) => {
            let encoder = network.layers().iter().filter(|layer| layer.part == Part::Encoder);
            let learned = encoder.filter_map(|layer| channels(&layer.layer));
            let learned = chain(learned);
            let beside = if learned.is_empty() { "without weights" } else { &learned };
            format!("{name} {beside}, code {}", code(network.code()))
        }
    }
}

fn chain(widths: impl Iterator<Item = usize>) -> String {
    widths.map(|width| width.to_string()).collect::<Vec<_>>().join("-")
}

/// A vector by its length alone.
fn code(shape: Shape) -> String {
    match shape {
        Shape { channels, height: 1, width: 1 } => channels.to_string(),
        shape => shape.to_string(),
    }
}

/// The channels of a layer that has weights.
fn channels(layer: &Layer) -> Option<usize> {
    match layer {
        Layer::Dense(layer) => Some(layer.outputs),
        Layer::Conv(layer) => Some(layer.channels),
        Layer::ConvTranspose(layer) => Some(layer.channels),
        _ => None,
    }
}
