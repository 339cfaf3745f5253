//! Snapshot tests of reconstructions, for [insta].
//!
//! [`assert_reconstruction_snapshot!`] compares images with those of a stored snapshot. The snapshot
//! shows each image as a picture of characters, so that the reader of a change sees what the model now
//! draws, and below it the pixels in thousandths. Only the pixels are compared, with a stated tolerance:
//! the last digits of floats differ between machines and do not fail a test; a real change does. A failure names the
//! pixel that moved most and the number of pixels over the tolerance.
//!
//! Everything else is insta's: the folder of the `.snap` files, `INSTA_UPDATE`, the diff, `cargo insta review`.
//!
//! ```standalone_crate
//! use ae_snapshot::{PixelSlice, assert_reconstruction_snapshot};
//!
//! let pixels = &[0.0, 0.9, 0.0, 0.8, 1.0, 0.8, 0.0, 0.9, 0.0];
//! // No pixel may move by more than 0.01.
//! assert_reconstruction_snapshot!("cross", PixelSlice { pixels, height: 3, width: 3 }, 0.01);
//! ```
//!
//! The stored file:
//!
//! ```text
#![doc = include_str!("snapshots/doctest_lib_rs__cross.snap")]
//! ```
//!
//! # Features
//! | feature | default | what |
//! |---|---|---|
//! | `candle` | yes | images from candle's tensors, of any number type and on any device |
#![deny(missing_docs)]

#[cfg(feature = "candle")]
mod candle;
mod comparator;
mod deviation;
mod pictures;
mod text;

#[doc(hidden)]
pub mod macro_support;

pub use pictures::{PictureError, Pictures, PixelSlice};

/// Asserts that images are those of a stored snapshot, up to a tolerance.
///
/// `assert_reconstruction_snapshot!(name, images, tolerance)`:
///
/// - `name`: of the snapshot, as in `insta::assert_snapshot!`;
/// - `images`: a [`PixelSlice`], or with the feature `candle` a `&Tensor` of shape `(n, height, width)`;
/// - `tolerance`: by how much each pixel may move, from 0.001 to 1, in the pixels' units. Snapshots hold
///   whole thousandths, so a movement within 0.001 of the tolerance may pass or fail.
///
/// The comparison replaces insta's for this assertion; all other settings are kept.
///
/// # Panics
/// As insta's assertions do: if there is no snapshot yet, if the size or the number of the images changed, or if a
/// pixel moved by more than the tolerance. The message then names the pixel that moved most and the number of pixels
/// over the tolerance. Also, for every value of `INSTA_UPDATE`, if the images cannot be compared, such as those with a
/// NaN, or the tolerance is out of its range.
#[macro_export]
macro_rules! assert_reconstruction_snapshot {
    ($name:expr, $images:expr, $tolerance:expr $(,)?) => {{
        let text = $crate::macro_support::text_of($images);
        let finding = $crate::macro_support::Finding::default();
        let settings = $crate::macro_support::settings($tolerance, &finding);
        let failure = $crate::macro_support::failure(&finding, || {
            settings.bind(|| {
                $crate::macro_support::insta::assert_snapshot!($name, text, stringify!($images))
            })
        });
        if let ::std::option::Option::Some(failure) = failure {
            ::std::panic!("{failure}");
        }
    }};
}

/// Compiles the example of README.md.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeExample;
