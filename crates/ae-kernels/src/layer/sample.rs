//! A sample of a Gaussian: the code of a variational autoencoder.

use super::{Kind, Refusal};
use crate::Shape;

/// (2c, h, w) to (c, h, w): the first half of the channels are means, the second half log-variances `v` of Gaussians,
/// and `mean + exp(v / 2) e` comes out, with a standard normal draw `e` (Kingma and Welling, ICLR 2014, section 2.4).
/// In inference the mean comes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample;

impl Kind for Sample {
    fn output(&self, input: Shape) -> Result<Shape, Refusal> {
        if !input.channels.is_multiple_of(2) {
            let expected = "an even number of channels, means and log-variances";
            return Err(Refusal::new(expected, input));
        }
        Ok(Shape { channels: input.channels / 2, ..input })
    }

    fn draws(&self, input: Shape) -> usize {
        input.numbers() / 2
    }
}
