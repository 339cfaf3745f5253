//! Networks as the kernels compute them.

use ae_kernels::{Stack, Weight};

use crate::{CheckedLayer, CheckedNetwork, Layer, Layout, ModelError, Part};

/// The stack of a network, or of its encoder alone, over the parameters of that part; `None` if it has other layers than
/// dense ones.
pub(crate) fn stack(
    network: &CheckedNetwork,
    part: Option<Part>,
) -> Result<Option<Stack>, ModelError> {
    let layout = part.map_or_else(|| network.layout(), |part| network.layout_of(part));
    let layers = network.layers().iter().filter(|it| part.is_none_or(|part| part == it.part));
    let layers: Option<Vec<_>> = layers.map(|layer| dense(layer, &layout)).collect();
    let Some(layers) = layers.filter(|_| !network.network().residual) else { return Ok(None) };
    let code = network.network().encoder.len().saturating_sub(1);
    Ok(Some(Stack::new(layers, code, layout.len())?))
}

fn dense(layer: &CheckedLayer, layout: &Layout) -> Option<ae_kernels::Layer> {
    let Layer::Dense(dense) = &layer.layer else { return None };
    let offset = |name: &str| layout.view(&format!("{}.{name}", layer.name())).map(|it| it.offset);
    let weight = match dense.tied_to {
        // The encoder's layers come first.
        Some(layer) => Weight::TransposeOf { layer },
        None => Weight::Own { offset: offset("weight")? },
    };
    Some(ae_kernels::Layer {
        inputs: layer.input.numbers(),
        outputs: dense.outputs,
        weight,
        bias: offset("bias")?,
        activation: dense.activation.for_kernels(),
    })
}
