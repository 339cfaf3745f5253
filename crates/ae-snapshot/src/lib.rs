//! Snapshot tests of reconstructions, for [insta].
//!
//! [`assert_reconstruction_snapshot!`] compares images with those of a stored snapshot. The snapshot
//! shows each image as a picture of characters, so that whoever reads a change sees what the model now
//! draws, and below it the pixels in thousandths. Only the pixels are compared, with a stated tolerance:
//! the last digits of floats differ between machines and do not fail a test, a real change does.
//!
//! Everything else is insta's: where the `.snap` files lie, `INSTA_UPDATE`, the diff, `cargo insta
//! review`. [`Pictures`] says what can be compared.
//!
//! ```standalone_crate
//! use ae_snapshot::assert_reconstruction_snapshot;
//!
//! let reconstruction = [0.0, 0.9, 0.0, 0.8, 1.0, 0.8, 0.0, 0.9, 0.0];
//! // Images of 3 x 3; no pixel may move by more than 0.01.
//! assert_reconstruction_snapshot!("cross", (&reconstruction[..], 3, 3), 0.01);
//! ```
//!
//! The stored file:
//!
//! ```text
#![doc = include_str!("snapshots/doctest_lib_rs__cross.snap")]
//! ```
#![deny(missing_docs)]

mod comparator;
mod pictures;
mod text;

#[doc(hidden)]
pub mod macro_support;

pub use pictures::{PictureError, Pictures};

/// Asserts that images are those of a stored snapshot, up to a tolerance.
///
/// `assert_reconstruction_snapshot!(name, images, tolerance)`:
///
/// - `name`: of the snapshot, as in `insta::assert_snapshot!`;
/// - `images`: whatever turns into [`Pictures`]: `&Tensor` of shape `(n, height, width)`, or a tuple
///   `(pixels, height, width)` of a slice and the size of its images;
/// - `tolerance`: by how much each pixel may move, from 0.001 to 1, in the pixels' units. Snapshots hold
///   whole thousandths: a movement within 0.001 of the tolerance may pass or fail.
///
/// The comparison takes the place of insta's for this assertion; all other settings are kept.
///
/// # Panics
/// If a pixel moved by more, the size or the number of the images changed, or there is no snapshot yet:
/// as insta's assertions do. Also if the images cannot be pictures, such as those with a NaN, whatever
/// `INSTA_UPDATE` says, and if the tolerance is out of its range.
#[macro_export]
macro_rules! assert_reconstruction_snapshot {
    ($name:expr, $images:expr, $tolerance:expr $(,)?) => {{
        let text = $crate::macro_support::text_of($images);
        $crate::macro_support::settings($tolerance).bind(|| {
            $crate::macro_support::insta::assert_snapshot!($name, text, stringify!($images))
        })
    }};
}
