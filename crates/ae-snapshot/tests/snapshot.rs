//! The macro, with snapshots that are stored beside these tests.

mod support;

use ae_snapshot::{Pictures, assert_reconstruction_snapshot};
use candle_core::{DType, Device, Tensor};
use support::{SIDE, zero};

fn figures() -> Tensor {
    let zero = Tensor::from_vec(zero(), (SIDE, SIDE), &Device::Cpu).unwrap();
    let lying = zero.t().unwrap();
    Tensor::stack(&[zero, lying], 0).unwrap()
}

#[test]
fn a_tensor_is_compared_whatever_its_number_type() {
    assert_reconstruction_snapshot!("figures", &figures(), 0.01);
    assert_reconstruction_snapshot!("figures", &figures().to_dtype(DType::F64).unwrap(), 0.01);
}

#[test]
fn a_slice_and_a_tensor_share_a_snapshot() {
    let pixels: Vec<f32> = figures().flatten_all().unwrap().to_vec1().unwrap();
    assert_reconstruction_snapshot!("figures", (&pixels[..], SIDE, SIDE), 0.01);
}

#[test]
fn the_last_digits_of_floats_do_not_matter() {
    let shaken = figures().affine(1.0, 4e-4).unwrap();
    assert_reconstruction_snapshot!("figures", &shaken, 0.001);
}

#[test]
fn what_is_no_picture_is_refused_with_its_place() {
    let refused =
        |images: (&[f32], usize, usize)| Pictures::try_from(images).unwrap_err().to_string();
    let mut pixels = vec![0.5; 2 * 3 * 4];
    assert_eq!(refused((&pixels, 5, 5)), "expected one or more images of 5 x 5, found 24 pixels");
    assert_eq!(refused((&[], 2, 2)), "expected one or more images of 2 x 2, found 0 pixels");
    assert_eq!(refused((&[], 0, 0)), "expected one or more images of 0 x 0, found 0 pixels");
    assert!(refused((&pixels, usize::MAX, 2)).starts_with("expected one or more images of"));
    pixels[12 + 4 + 2] = f32::NAN;
    let expected = "image 1, row 1, column 2: expected a finite pixel, found NaN";
    assert_eq!(refused((&pixels, 3, 4)), expected);

    let flat = figures().flatten_from(1).unwrap();
    let error = Pictures::try_from(&flat).unwrap_err().to_string();
    assert_eq!(error, "expected a tensor of shape (n, height, width), found [2, 784]");
}
