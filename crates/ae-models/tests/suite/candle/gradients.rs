//! Every parameter of every variant gets a gradient, and it is the difference quotient's limit.

use ae_models::Activation::{Linear, Tanh};
use ae_models::{
    Activation, Architecture, Autoencoder, CodeL1, DenseConfig, Loss, ModelKind, ModelSpec,
    Objective, ParameterView,
};
use candle_core::{DType, Device, Tensor, Var};
use candle_nn::VarBuilder;

use super::{flat, inputs, targets};
use crate::{small_dense, small_spec, small_values};

#[test]
fn gradients_equal_finite_differences_whatever_the_activation() {
    for activation in Activation::ALL {
        for tied_weights in [false, true] {
            check(&small_spec(activation, tied_weights), Loss::BinaryCrossEntropy, 0.1);
        }
    }
}

#[test]
fn gradients_equal_finite_differences_whatever_the_objective() {
    for kind in [ModelKind::Regular, ModelKind::Denoising] {
        for (loss, output_activation) in [
            (Loss::BinaryCrossEntropy, Activation::Sigmoid),
            (Loss::MeanSquaredError, Activation::Sigmoid),
            (Loss::MeanSquaredError, Activation::Linear),
            (Loss::MeanAbsoluteError, Activation::Sigmoid),
            (Loss::MeanAbsoluteError, Activation::Linear),
        ] {
            for code_l1 in [0.0, 0.1] {
                let dense = DenseConfig { output_activation, ..small_dense(Tanh, false) };
                let spec = dense.model(kind).unwrap();
                check(&spec, loss, code_l1);
            }
        }
    }
}

/// Compares in `f64`, where a step of 1e-5 leaves an error of about 1e-10.
fn check(spec: &ModelSpec, loss: Loss, code_l1: f32) {
    let objective = Objective::new(loss).with(CodeL1 { weight: code_l1 });
    spec.check().unwrap().check_objective(&objective).unwrap();
    let architecture = spec.architecture().unwrap();
    let mut values = small_values(architecture.layout().len());
    let (vars, total) = evaluate(&*architecture, &objective, &values);
    let gradients = total.backward().unwrap();

    for (view, var) in vars {
        let gradient = gradients.get(&var).unwrap_or_else(|| panic!("{} has none", view.name));
        let gradient = flat(gradient);
        let largest = gradient.iter().fold(0.0, |max: f64, g| max.max(g.abs()));
        assert!(largest > 1e-4, "{spec:?} {objective:?}: {} has gradient 0", view.name);
        for (index, gradient) in view.range().zip(gradient) {
            let step = 1e-5;
            let mut loss_at = |offset: f64| {
                let before = values[index];
                values[index] = before + offset;
                let (_, total) = evaluate(&*architecture, &objective, &values);
                values[index] = before;
                total.to_scalar::<f64>().unwrap()
            };
            let expected = (loss_at(step) - loss_at(-step)) / (2.0 * step);
            assert!(
                (gradient - expected).abs() < 1e-9,
                "{spec:?} {objective:?}: {} has {gradient}, differences give {expected}",
                view.name
            );
        }
    }
}

fn evaluate(
    architecture: &dyn Architecture,
    objective: &Objective,
    values: &[f64],
) -> (Vec<(ParameterView, Var)>, Tensor) {
    let vars: Vec<_> = architecture
        .layout()
        .views()
        .iter()
        .map(|view| {
            let shape = view.shape.as_slice();
            let var = Var::from_slice(&values[view.range()], shape, &Device::Cpu).unwrap();
            (view.clone(), var)
        })
        .collect();
    let tensors = vars.iter().map(|(view, var)| (view.name.clone(), var.as_tensor().clone()));
    let vb = VarBuilder::from_tensors(tensors.collect(), DType::F64, &Device::Cpu);
    let model: Box<dyn Autoencoder> = architecture.build(vb).unwrap();
    let terms =
        super::evaluate(objective, &*model, &inputs().unwrap(), &targets().unwrap()).unwrap();
    (vars, terms.total)
}

#[test]
fn the_penalty_leaves_codes_at_zero_alone() {
    let spec = small_spec(Linear, false);
    let architecture = spec.architecture().unwrap();
    let mut values = small_values(architecture.layout().len());
    for view in architecture.layout().views() {
        if view.name.starts_with("encoder") {
            values[view.range()].fill(0.0);
        }
    }
    let gradients = [0.0, 1.0].map(|code_l1| {
        let objective = Objective::new(Loss::MeanSquaredError).with(CodeL1 { weight: code_l1 });
        let (vars, total) = evaluate(&*architecture, &objective, &values);
        let gradients = total.backward().unwrap();
        vars.iter().flat_map(|(_, var)| flat(gradients.get(var).unwrap())).collect::<Vec<_>>()
    });
    assert_eq!(gradients[0], gradients[1]);
}
