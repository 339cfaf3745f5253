//! The weights of a network's first layer as pictures.

use ae_models::{Layer, Parameters, Part, Shape};
use ae_report::{Figure, filters};

use crate::ExperimentError;
use crate::plan::Plan;

/// Units that are drawn; wider layers show their first ones.
const SHOWN: usize = 64;

/// The weights of a first layer whose units are pictures.
pub(super) struct FirstLayer<'a> {
    weights: &'a [f32],
    /// The shape of a unit's weights: an item, or a kernel for each channel of an item.
    unit: Shape,
    /// The title of the figure.
    pub(super) title: &'static str,
    units: usize,
    what: &'static str,
}

impl<'a> FirstLayer<'a> {
    /// The first layer of the plan's network, or why its weights are no pictures.
    pub(super) fn of(plan: &Plan, parameters: &'a Parameters) -> Result<Self, String> {
        let input = plan.network.input();
        let encoder = plan.network.layers().iter().filter(|layer| layer.part == Part::Encoder);
        // Noise and dropout leave an item's shape and place: the layer behind them still sees pictures.
        let mut seen = encoder
            .skip_while(|it| matches!(it.layer, Layer::Dropout(_) | Layer::GaussianNoise(_)));
        let Some(first) = seen.next() else {
            return Err("the encoder has no layer with weights".to_owned());
        };
        let (unit, title, what) = match &first.layer {
            Layer::Dense(_) => (input, "What the encoder's units look for", "units"),
            Layer::Conv(conv) => {
                let [height, width] = conv.kernel;
                let kernel = Shape { height, width, ..input };
                (kernel, "What the first convolution looks for", "kernels")
            }
            other => {
                let kind = other.kind_name();
                return Err(format!("the first layer, {kind}, has no weights that are pictures"));
            }
        };
        let weights = parameters.get(&format!("{}.weight", first.name())).unwrap_or_default();
        let units = weights.len() / unit.numbers().max(1);
        Ok(Self { weights, unit, title, units, what })
    }

    /// What the caption adds: how the scale ends, and that not all units are drawn.
    pub(super) fn told(&self) -> String {
        let Self { units, what, .. } = self;
        let shown = match *units > SHOWN {
            true => format!("; the first {SHOWN} of {units} {what}"),
            false => String::new(),
        };
        format!("{shown}; colours end at the 99th percentile of the weights' magnitudes")
    }

    pub(super) fn draw(&self, title: &str, caption: &str) -> Result<Figure, ExperimentError> {
        let Shape { channels, height, width } = self.unit;
        let shown = self.weights.len().min(SHOWN.saturating_mul(self.unit.numbers()));
        Ok(filters(&self.weights[..shown], [channels, height, width], title, caption)?)
    }
}
