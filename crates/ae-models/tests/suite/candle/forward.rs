//! The forward pass and the losses against PyTorch's.

use ae_models::{Activation, CodeL1, DenseConfig, Loss, ModelKind, Objective, SavedModel};
use candle_core::{DType, Device, Tensor};

use super::{inputs, targets};
use crate::pytorch::CASES;
use crate::{small_dense, small_parameters};

#[test]
fn logits_and_losses_equal_those_of_pytorch() {
    for (tied_weights, activation, logits, [bce, mse_sigmoid, mse_linear, penalty]) in CASES {
        let what = format!("{activation:?}, tied {tied_weights}");
        let batch = |tensor: Tensor| tensor.to_dtype(DType::F32).unwrap();
        let (inputs, targets) = (batch(inputs().unwrap()), batch(targets().unwrap()));
        for (output, loss, expected) in [
            (Activation::Sigmoid, Loss::BinaryCrossEntropy, bce),
            (Activation::Sigmoid, Loss::MeanSquaredError, mse_sigmoid),
            (Activation::Linear, Loss::MeanSquaredError, mse_linear),
        ] {
            let dense =
                DenseConfig { output_activation: output, ..small_dense(activation, tied_weights) };
            let spec = dense.model(ModelKind::Regular).unwrap();
            let model = SavedModel::new(spec.clone(), small_parameters(&spec));
            let model = model.autoencoder(&Device::Cpu).unwrap();
            let ours = model.decode_logits(&model.encode(&inputs).unwrap()).unwrap();
            for (ours, expected) in ours.to_vec2::<f32>().unwrap()[0].iter().zip(logits) {
                let ours = f64::from(*ours);
                assert!((ours - expected).abs() < 5e-7, "{what}: {ours} for {expected}");
            }
            let objective = Objective::new(loss).with(CodeL1 { weight: 0.5 });
            let terms = super::evaluate(&objective, &*model, &inputs, &targets).unwrap();
            let value = |scalar: Tensor| f64::from(scalar.to_scalar::<f32>().unwrap());
            let ours = value(terms.reconstruction);
            assert!((ours - expected).abs() < 5e-7, "{what}: {loss:?} {ours} for {expected}");
            let ours = (value(terms.total) - ours) / 0.5;
            assert!((ours - penalty).abs() < 1e-6, "{what}: penalty {ours} for {penalty}");
        }
    }
}
