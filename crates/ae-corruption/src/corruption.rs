//! The trait that every noise implements.

use std::fmt;

use ae_random::Stream;

/// Turns a clean item (an image, a row of a table) into a corrupted one.
///
/// `Display` writes the corruption as text, for instance `gaussian:0.5`, from which the same corruption is
/// read again.
///
/// Implement it for a corruption of your own. To use this by name, in chains and in text, see
/// [`register_noise`](crate::register_noise).
pub trait Corruption: fmt::Debug + fmt::Display + Send + Sync {
    /// Corrupts one item in place.
    ///
    /// `values` is `channels x height x width`, row-major; the number of channels is the number of whole
    /// planes of `height x width`. A corruption that works on places (an occlusion, a blur) treats every
    /// channel alike.
    ///
    /// The result must depend only on the values and on the position of `stream`.
    fn corrupt(&self, values: &mut [f32], height: usize, width: usize, stream: &mut Stream);

    /// Whether the values must lie in [0, 1], because results are clipped to this range or are its ends.
    ///
    /// The default is `true`: standardised columns are then refused rather than destroyed.
    fn needs_unit_range(&self) -> bool {
        true
    }

    /// Whether the result at one place depends on neighbouring places, as it does for an occlusion or a blur.
    /// The columns of a table have no neighbours. The default is `false`.
    fn is_spatial(&self) -> bool {
        false
    }

    /// Whether it changes no item of `height x width`, whatever is drawn, though its strength is not 0.
    /// The default is `false`.
    fn is_without_effect(&self, height: usize, width: usize) -> bool {
        let _ = (height, width);
        false
    }
}
