//! Binary cross-entropy far out, and objectives that do not suit.

use ae_models::Activation::Relu;
use ae_models::{
    Activation, CodeL1, DenseConfig, Loss, ModelError, ModelKind, Objective, SavedModel,
    binary_cross_entropy,
};
use candle_core::{DType, Device, Tensor, Var};
use proptest::prelude::*;

use super::{inputs, targets};
use crate::{small_dense, small_parameters, small_spec};

/// The value and the gradient of one pixel in `f32`.
fn evaluate(logit: f32, target: f32) -> (f64, f64) {
    let logits = Var::new(&[[logit]], &Device::Cpu).unwrap();
    let targets = Tensor::new(&[[target]], &Device::Cpu).unwrap();
    let loss = binary_cross_entropy(&logits, &targets).unwrap();
    let gradient = loss.backward().unwrap().get(&logits).unwrap().to_vec2::<f32>().unwrap()[0][0];
    (f64::from(loss.to_scalar::<f32>().unwrap()), f64::from(gradient))
}

/// The textbook's value and gradient in `f64`, from the probability of the likelier outcome.
fn check(logit: f32, target: f32) {
    let (x, t) = (f64::from(logit), f64::from(target));
    let expected = x.max(0.0) - x * t + (-x.abs()).exp().ln_1p();
    let expected_gradient = 1.0 / (1.0 + (-x).exp()) - t;

    let (loss, gradient) = evaluate(logit, target);

    let error = (loss - expected).abs();
    assert!(error <= 2e-7 * (1.0 + x.abs()), "loss of {logit}, {target}: {loss} for {expected}");
    let error = (gradient - expected_gradient).abs();
    assert!(error <= 2e-7, "gradient of {logit}, {target}: {gradient} for {expected_gradient}");
}

#[test]
fn binary_cross_entropy_is_exact_out_to_saturated_logits() {
    for magnitude in [0.0, 1e-30, 1e-3, 1.0, 16.0, 88.0, 89.0, 104.0, 1e3, 1e4] {
        for target in [0.0, 0.25, 1.0] {
            check(magnitude, target);
            check(-magnitude, target);
        }
    }
}

proptest! {
    #[test]
    fn binary_cross_entropy_is_exact_everywhere(logit in -1e4_f32..1e4, target in 0.0_f32..=1.0) {
        check(logit, target);
    }
}

#[test]
fn binary_cross_entropy_refuses_a_linear_output() {
    let dense = DenseConfig { output_activation: Activation::Linear, ..small_dense(Relu, false) };
    let spec = dense.model(ModelKind::Regular).unwrap();
    let parameters = small_parameters(&spec);
    let objective = Objective::new(Loss::BinaryCrossEntropy);
    let error = spec.check().unwrap().check_objective(&objective).unwrap_err();
    assert!(matches!(error, ModelError::Objective { .. }), "{error}");

    let model = SavedModel::new(spec, parameters).autoencoder(&Device::Cpu).unwrap();
    let inputs = inputs().unwrap().to_dtype(DType::F32).unwrap();
    let error = super::evaluate(&objective, &*model, &inputs, &inputs).unwrap_err();
    assert!(matches!(error, ModelError::Chain(_)), "{error}");
}

#[test]
fn a_penalty_that_is_no_finite_weight_is_refused() {
    let spec = small_spec(Relu, false);
    for code_l1 in [-1e-9, f32::NAN, f32::INFINITY] {
        let objective = Objective::new(Loss::MeanSquaredError).with(CodeL1 { weight: code_l1 });
        let error = spec.check().unwrap().check_objective(&objective).unwrap_err();
        assert!(error.to_string().contains("code_l1"), "{error}");
    }
}

#[test]
fn batches_that_do_not_fit_are_refused() {
    let spec = small_spec(Relu, false);
    let parameters = small_parameters(&spec);
    let model = SavedModel::new(spec, parameters);
    let model = model.autoencoder(&Device::Cpu).unwrap();
    let objective = Objective::new(Loss::BinaryCrossEntropy);
    let batch = |shape: (usize, usize)| Tensor::zeros(shape, DType::F32, &Device::Cpu).unwrap();
    let evaluate =
        |inputs, targets| super::evaluate(&objective, &*model, &inputs, &targets).unwrap_err();

    let error = evaluate(batch((2, 5)), batch((2, 5)));
    assert_eq!(error.to_string(), "a batch must have the shape (n, 6), but found [2, 5]");
    let error = evaluate(batch((2, 6)), batch((1, 6)));
    assert!(matches!(error, ModelError::Targets { .. }), "{error}");
    let error = evaluate(batch((0, 6)), batch((0, 6)));
    assert!(matches!(error, ModelError::Targets { .. }), "{error}");
    let error = model.decode(&targets().unwrap()).unwrap_err();
    assert_eq!(error.to_string(), "a batch must have the shape (n, 3), but found [2, 6]");
}
