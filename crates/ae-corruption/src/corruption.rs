//! What every noise can do.

use std::fmt;

use ae_random::Stream;

/// A noise: turns a clean image into a corrupted one.
///
/// `Display` writes it as text (`gaussian:0.5`), which parses to the same noise again.
pub trait Corruption: fmt::Debug + fmt::Display + Send + Sync {
    /// Corrupts one image in place.
    ///
    /// `pixels` is row-major, `channels x height x width`, values in [0, 1] before and after; as many
    /// channels as there are whole planes of `height x width`. What a noise does at a place of the
    /// image (an occlusion, a blur) it does to every channel alike.
    /// The result is a function of the pixels and of where `stream` stands, nothing else.
    fn corrupt(&self, pixels: &mut [f32], height: usize, width: usize, stream: &mut Stream);
}
