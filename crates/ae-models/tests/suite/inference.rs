//! Inference by the CPU kernels: PyTorch's numbers, and inputs that are refused.

use ae_models::{
    Device, Inference, KernelInference, Layout, ModelError, ModelKind, ModelSpec, Parameters,
    RowLosses, SavedModel,
};

use crate::pytorch::CASES;
use crate::{numbers, small_parameters, small_spec};

fn floats(count: usize, factor: usize, modulus: usize) -> Vec<f32> {
    numbers(count, factor, modulus, 0.0).into_iter().map(|number| number as f32).collect()
}

#[test]
fn logits_and_losses_of_the_kernels_equal_those_of_pytorch() {
    let (inputs, targets) = (floats(12, 29, 97), floats(12, 53, 89));
    for (tied_weights, activation, logits, [cross_entropy, squared_error, ..]) in CASES {
        let spec = small_spec(activation, tied_weights);
        let what = format!("{activation:?}, tied {tied_weights}");
        let parameters = small_parameters(&spec);
        let model = SavedModel::new(spec, parameters).inference(&Device::Cpu).unwrap();
        let [mut ours, mut outputs] = [[0.0; 12]; 2];
        model.forward(&inputs, &mut ours, &mut outputs).unwrap();
        for (ours, expected) in ours.iter().zip(logits) {
            let ours = f64::from(*ours);
            assert!((ours - expected).abs() < 5e-7, "{what}: {ours} for {expected}");
        }
        let mut losses = [RowLosses::default(); 2];
        model.losses(&inputs, &targets, &mut losses).unwrap();
        let mean = |of: fn(&RowLosses) -> f64| losses.iter().map(of).sum::<f64>() / 12.0;
        let found = mean(|row| row.cross_entropy.unwrap());
        assert!((found - cross_entropy).abs() < 5e-7, "{what}: {found} for {cross_entropy}");
        let found = mean(|row| row.squared_error);
        assert!((found - squared_error).abs() < 5e-7, "{what}: {found} for {squared_error}");
    }
}

#[test]
fn slices_that_do_not_fit_are_refused() {
    let spec = small_spec(ae_models::Activation::Relu, false);
    let parameters = small_parameters(&spec);
    let model = SavedModel::new(spec, parameters).inference(&Device::Cpu).unwrap();
    let error = model.encode(&[0.0; 7], &mut [0.0; 3]).unwrap_err();
    assert!(matches!(error, ModelError::Batch { expected: 6, .. }), "{error}");
    let error = model.decode(&[0.0; 6], &mut [0.0; 6]).unwrap_err();
    assert!(matches!(error, ModelError::Rows { expected: 12, found: 6 }), "{error}");
    model.reconstruct(&[], &mut []).unwrap();
    let other = ModelSpec::tutorial(ModelKind::Regular).architecture().unwrap();
    let few = small_parameters(&small_spec(ae_models::Activation::Relu, false));
    let error = other.inference(&few, &Device::Cpu).err().unwrap();
    assert!(matches!(error, ModelError::ParameterCount { .. }), "{error}");
}

#[test]
fn a_chain_that_is_an_encoder_alone_does_not_decode() {
    let layer = ae_kernels::Dense {
        inputs: 4,
        outputs: 2,
        weight: ae_kernels::Weight::Own { offset: 0 },
        bias: 8,
        activation: ae_kernels::Activation::Relu,
    };
    let chain = ae_kernels::Chain::of_dense(vec![layer], 0, 10).unwrap();
    let layout = Layout::new(vec![("all".to_owned(), vec![10])]);
    let parameters = Parameters::new(layout, vec![0.5; 10]).unwrap();
    let encoder = KernelInference::new(&chain, &parameters).unwrap();
    let mut outputs = [7.0; 4];
    for refused in [
        encoder.decode(&[0.5; 2], &mut outputs),
        encoder.reconstruct(&[0.5; 4], &mut outputs),
        encoder.forward(&[0.5; 4], &mut [7.0; 4], &mut outputs),
        encoder.losses(&[0.5; 4], &[0.5; 4], &mut [RowLosses::default()]),
        encoder.squared_errors(&[0.5; 4], &[0.5; 4], &mut [0.0]),
    ] {
        assert!(matches!(refused, Err(ModelError::Chain(_))), "{refused:?}");
    }
    assert_eq!(outputs, [7.0; 4]);
}
