//! Parameters as tensors, and candle models of weights files.

use ae_models::Activation::Relu;
use ae_models::{Activation, DenseConfig, ModelKind, SavedEncoder};
use candle_core::{DType, Device};

use super::inputs;
use crate::files::small_model;
use crate::{small_dense, small_parameters, small_spec};

#[test]
fn tensors_and_variables_hold_the_buffers_values_under_their_names() {
    let parameters = small_parameters(&small_spec(Relu, false));
    let tensors = parameters.tensors(&Device::Cpu).unwrap();
    let vars = parameters.vars(&Device::Cpu).unwrap();
    assert_eq!(tensors.len(), 8);
    let names: Vec<_> = vars.iter().map(|(view, _)| view.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "encoder.0.weight",
            "encoder.0.bias",
            "encoder.1.weight",
            "encoder.1.bias",
            "decoder.0.weight",
            "decoder.0.bias",
            "decoder.1.weight",
            "decoder.1.bias",
        ]
    );
    let mut flat = Vec::new();
    for (view, var) in &vars {
        let of_tensor = tensors[&view.name].flatten_all().unwrap().to_vec1::<f32>().unwrap();
        assert_eq!(of_tensor, parameters.get(&view.name).unwrap());
        assert_eq!(var.dims(), view.shape);
        flat.extend(var.flatten_all().unwrap().to_vec1::<f32>().unwrap());
    }
    assert_eq!(flat, parameters.values());
}

#[test]
fn a_candle_model_says_the_same_of_itself_as_its_architecture() {
    for kind in [ModelKind::Regular, ModelKind::Denoising] {
        for output in [Activation::Sigmoid, Activation::Linear] {
            let dense = DenseConfig { output_activation: output, ..small_dense(Relu, false) };
            let spec = dense.model(kind).unwrap();
            let architecture = spec.architecture().unwrap();
            let vb = small_parameters(&spec).var_builder(&Device::Cpu).unwrap();
            let model = architecture.build(vb).unwrap();
            assert_eq!(model.input(), architecture.input());
            assert_eq!(model.output_is_probability(), architecture.output_is_probability());
        }
    }
}

#[test]
fn an_encoder_alone_gives_the_codes_of_the_whole_candle_model() {
    let folder = tempfile::tempdir().unwrap();
    let model = small_model();
    model.encoder().unwrap().save(&folder.path().join("encoder.safetensors")).unwrap();
    let saved = SavedEncoder::load(&folder.path().join("encoder.safetensors")).unwrap();
    assert!(saved.parameters.layout().views().iter().all(|view| view.name.starts_with("encoder.")));

    let images = inputs().unwrap().to_dtype(DType::F32).unwrap();
    let encoder = saved.encoder(&Device::Cpu).unwrap();
    let autoencoder = model.autoencoder(&Device::Cpu).unwrap();
    assert_eq!(encoder.latent_dim(), 3);
    assert_eq!(
        encoder.encode(&images).unwrap().to_vec2::<f32>().unwrap(),
        autoencoder.encode(&images).unwrap().to_vec2::<f32>().unwrap()
    );
}
