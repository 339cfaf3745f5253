//! The trait that every noise implements.

use std::fmt;
use std::ops::RangeInclusive;

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

    /// Corrupts one item in place, as [`corrupt`](Self::corrupt) does with the same bits, and returns its noise
    /// level where this is defined.
    ///
    /// The noise level is the standard deviation of the noise that was added, before any clipping, in
    /// units of the values. A network that takes it as an input learns to remove noise of any strength.
    /// The default is for noises of one level: that of [`level_range`](Self::level_range).
    fn corrupt_with_level(
        &self,
        values: &mut [f32],
        height: usize,
        width: usize,
        stream: &mut Stream,
    ) -> Option<f32> {
        self.corrupt(values, height, width, stream);
        self.level_range()
            .filter(|levels| levels.start() == levels.end())
            .map(|levels| *levels.end())
    }

    /// The least and the greatest noise level of an item, if every item has one. The default is `None`: the
    /// noise is not additive, or its strength depends on the values.
    fn level_range(&self) -> Option<RangeInclusive<f32>> {
        None
    }

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
