//! A sample of a variational code.

use serde::{Deserialize, Serialize};

use super::kind::{Distribution, Draws, LayerKind};
use crate::Shape;

/// A sample of a Gaussian with independent numbers (Kingma and Welling, ICLR 2014, section 2.4). The first half of the
/// channels is the mean, the second the logarithm of the variance. In training the output is
/// `mean + exp(log variance / 2) e` for a drawn standard normal `e`, otherwise the mean.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sample {}

impl LayerKind for Sample {
    fn name(&self) -> &'static str {
        "sample"
    }

    fn output(&self, input: Shape) -> Result<Shape, String> {
        match input.channels % 2 {
            0 => Ok(Shape { channels: input.channels / 2, ..input }),
            _ => Err(format!(
                "needs an even number of channels, means and log-variances, but found {}",
                input.channels
            )),
        }
    }

    fn for_kernels(&self, _input: Shape, _offset: &dyn Fn(&str) -> usize) -> ae_kernels::Layer {
        ae_kernels::Sample.into()
    }

    fn draws(&self, input: Shape) -> Option<Draws> {
        Some(Draws { distribution: Distribution::Normal, numbers: input.numbers() / 2 })
    }
}
