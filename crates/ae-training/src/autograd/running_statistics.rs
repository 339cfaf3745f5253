//! The running statistics of batch normalisations: parameters that follow the data and not a gradient.

use std::ops::Range;

use ae_models::{Architecture, Layer};

/// Momentum of a network that does not describe its layers: PyTorch's.
const MOMENTUM: f32 = 0.1;

/// The statistics of a batch before a batch normalisation.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct LayerStatistics {
    /// The layer's name: `encoder.1`.
    pub(super) layer: String,
    /// The mean of each channel.
    pub(super) mean: Vec<f32>,
    /// The variance of each channel with the divisor n - 1.
    pub(super) variance: Vec<f32>,
}

/// Where the running statistics of a layer are, and how fast they follow.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct RunningStatistics {
    pub(super) layer: String,
    mean: Range<usize>,
    variance: Range<usize>,
    pub(super) momentum: f32,
}

impl RunningStatistics {
    /// Those of an architecture, in the order of its layers.
    pub(super) fn all_of(architecture: &dyn Architecture) -> Vec<Self> {
        let layout = architecture.layout();
        let means =
            layout.views().iter().filter_map(|view| view.name.strip_suffix(".running_mean"));
        let of_layer = |layer: &str| {
            let range = |name| Some(layout.view(&format!("{layer}.{name}"))?.range());
            Some(Self {
                layer: layer.to_owned(),
                mean: range("running_mean")?,
                variance: range("running_var")?,
                momentum: momentum(architecture, layer),
            })
        };
        means.filter_map(of_layer).collect()
    }

    /// Moves the statistics in the flat buffer towards a batch's: `(1 - momentum) running + momentum batch`.
    pub(super) fn update(&self, values: &mut [f32], batch: &LayerStatistics) {
        for (range, found) in [(&self.mean, &batch.mean), (&self.variance, &batch.variance)] {
            let running = values.get_mut(range.clone()).unwrap_or_default();
            for (running, found) in running.iter_mut().zip(found) {
                *running = (1.0 - self.momentum) * *running + self.momentum * found;
            }
        }
    }
}

fn momentum(architecture: &dyn Architecture, name: &str) -> f32 {
    let layers = architecture.network().into_iter().flat_map(|network| network.layers());
    let mut normalisations = layers.filter_map(|layer| match &layer.layer {
        Layer::BatchNorm(norm) if layer.name() == name => Some(norm.momentum),
        _ => None,
    });
    normalisations.next().unwrap_or(MOMENTUM)
}
