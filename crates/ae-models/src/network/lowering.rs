//! Networks as the kernels compute them.

use ae_kernels::{Chain, Connection};

use crate::{CheckedLayer, CheckedNetwork, ModelError, Part};

/// The chain of a network, or of its encoder alone, over the parameters of that part. Each layer is one of the chain's.
pub(crate) fn chain(network: &CheckedNetwork, part: Option<Part>) -> Result<Chain, ModelError> {
    let layout = part.map_or_else(|| network.layout(), |part| network.layout_of(part));
    let layers = network.layers().iter().filter(|it| part.is_none_or(|part| part == it.part));
    let lowered = layers.map(|layer: &CheckedLayer| {
        let offset = |parameter: &str| {
            let view = layout.view(&format!("{}.{parameter}", layer.name()));
            // A checked network has all its parameters. The chain refuses an offset beyond the end.
            view.map_or(layout.len(), |view| view.offset)
        };
        layer.layer.kind().for_kernels(layer.input, &offset)
    });
    let code = network.network().encoder.len().saturating_sub(1);
    let connection = match network.network().residual && part.is_none() {
        true => Connection::Residual,
        false => Connection::Plain,
    };
    Ok(Chain::new(network.input(), lowered.collect(), code, connection, layout.len())?)
}
