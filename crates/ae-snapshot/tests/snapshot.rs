//! The macro, with snapshots that are stored beside these tests.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]

mod support;

use ae_snapshot::{Pictures, PixelSlice, assert_reconstruction_snapshot};
use support::{SIDE, figures};

fn stack(pixels: &[f32]) -> PixelSlice<'_> {
    PixelSlice { pixels, height: SIDE, width: SIDE }
}

#[test]
fn a_slice_is_compared() {
    assert_reconstruction_snapshot!("figures", stack(&figures()), 0.01);
}

#[test]
fn the_last_digits_of_floats_do_not_matter() {
    let shaken: Vec<f32> = figures().iter().map(|pixel| pixel + 4e-4).collect();
    assert_reconstruction_snapshot!("figures", stack(&shaken), 0.001);
}

#[test]
fn images_that_cannot_be_compared_are_refused_with_the_place() {
    let refused = |pixels: &[f32], height, width| {
        Pictures::try_from(PixelSlice { pixels, height, width }).unwrap_err().to_string()
    };
    let mut pixels = vec![0.5; 2 * 3 * 4];
    assert_eq!(refused(&pixels, 5, 5), "expected one or more images of 5 x 5, found 24 pixels");
    assert_eq!(refused(&[], 2, 2), "expected one or more images of 2 x 2, found 0 pixels");
    assert_eq!(refused(&[], 0, 0), "expected one or more images of 0 x 0, found 0 pixels");
    assert!(refused(&pixels, usize::MAX, 2).starts_with("expected one or more images of"));
    pixels[12 + 4 + 2] = f32::NAN;
    let expected = "image 1, row 1, column 2: expected a finite pixel, found NaN";
    assert_eq!(refused(&pixels, 3, 4), expected);
}
