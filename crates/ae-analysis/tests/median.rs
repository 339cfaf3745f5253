//! The median filter beside SciPy's.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]

use ae_analysis::{MedianWindow, Rows, median_filter};

/// The image of the snippets below, in sixteenths.
fn image() -> Vec<f32> {
    let pixel = |place: usize| {
        let (y, x) = (place / 5, place % 5);
        ((7 * x * x + 5 * y * y + 3 * x * y) % 17) as f32 / 16.0
    };
    (0..20).map(pixel).collect()
}

fn filtered(image: &[f32], size: [usize; 2], window: MedianWindow) -> Vec<f32> {
    let rows = Rows::new(image, image.len()).unwrap();
    let filtered = median_filter(rows, size, window).unwrap();
    filtered.iter().map(|value| value * 16.0).collect()
}

// import numpy as np, scipy.ndimage
// y, x = np.mgrid[:4, :5]
// a = (7 * x * x + 5 * y * y + 3 * x * y) % 17 / 16
// scipy.ndimage.median_filter(a, size=3) * 16, scipy.ndimage.median_filter(a, size=5) * 16
#[test]
fn equals_scipys() {
    #[rustfmt::skip]
    let three = [
        5.0, 7.0, 11.0, 10.0, 10.0,
        5.0, 7.0, 11.0, 10.0, 10.0,
        10.0, 9.0, 10.0, 9.0, 9.0,
        11.0, 10.0, 10.0, 6.0, 6.0,
    ];
    assert_eq!(filtered(&image(), [4, 5], MedianWindow::Three), three);
    #[rustfmt::skip]
    let five = [
        7.0, 7.0, 9.0, 10.0, 10.0,
        7.0, 9.0, 10.0, 10.0, 10.0,
        10.0, 10.0, 10.0, 10.0, 10.0,
        10.0, 10.0, 9.0, 9.0, 9.0,
    ];
    assert_eq!(filtered(&image(), [4, 5], MedianWindow::Five), five);
}

// scipy.ndimage.median_filter(a[:1, :3], size=5) * 16
#[test]
fn a_window_larger_than_the_image_equals_scipys() {
    assert_eq!(filtered(&image()[..3], [1, 3], MedianWindow::Five), [7.0; 3]);
}

#[test]
fn every_plane_of_every_image_is_filtered_by_itself() {
    let planes = [image(), image().iter().map(|x| 1.0 - x).collect(), image()].concat();
    let alone: Vec<f32> =
        planes.chunks(20).flat_map(|plane| filtered(plane, [4, 5], MedianWindow::Three)).collect();
    assert_eq!(filtered(&planes, [4, 5], MedianWindow::Three), alone);
}

#[test]
fn what_has_no_median_is_refused() {
    let refused = |values: &[f32], size| {
        let rows = Rows::new(values, values.len()).unwrap();
        median_filter(rows, size, MedianWindow::Three).unwrap_err().to_string()
    };
    assert_eq!(refused(&[0.0; 5], [2, 2]), "expected rows of 4 numbers, found 5");
    let nan = "number 1 of row 0 is NaN, expected a finite number";
    assert_eq!(refused(&[0.0, f32::NAN], [1, 2]), nan);
}
