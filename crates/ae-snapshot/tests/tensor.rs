//! The macro with candle's tensors.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]
#![cfg(feature = "candle")]

mod support;

use ae_snapshot::{Pictures, assert_reconstruction_snapshot};
use candle_core::{DType, Device, Tensor};
use support::{SIDE, figures};

fn tensor() -> Tensor {
    Tensor::from_vec(figures(), (2, SIDE, SIDE), &Device::Cpu).unwrap()
}

#[test]
fn a_tensor_is_compared_whatever_its_number_type() {
    let tensor = tensor();
    assert_reconstruction_snapshot!("figures", &tensor, 0.01);
    assert_reconstruction_snapshot!("figures", &tensor.to_dtype(DType::F64).unwrap(), 0.01);
}

#[test]
fn a_tensor_without_the_axes_of_images_is_refused() {
    let flat = tensor().flatten_from(1).unwrap();
    let error = Pictures::try_from(&flat).unwrap_err().to_string();
    assert_eq!(error, "expected a tensor of shape (n, height, width), found [2, 784]");
}
