//! What is fitted to a network for compression.

use serde::{Deserialize, Serialize};

use crate::basis::Basis;
use crate::code_quantiser::Dimension;

/// What [`Codec::fit`] has measured for a network, in integers: how finely each dimension of a code is rounded,
/// how often its values occur, and how often each pixel value occurs given the decoder's prediction.
///
/// serde writes it, so that it can be stored beside the network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Codec {
    /// The basis whose coordinates are rounded. Without one, as for long codes, the codes themselves are rounded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) basis: Option<Basis>,
    pub(crate) dimensions: Vec<Dimension>,
    /// Counts of the 256 values of a pixel, for each [context](crate::pixel_contexts).
    pub(crate) pixels: Vec<Vec<u32>>,
}
