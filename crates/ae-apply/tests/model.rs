//! A model on slices: one encode serves codes and reconstructions.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]

use ae_apply::{ApplyError, Autoencoded, Model, SCALING, SavedModel, Seed};
use ae_models::{Activation, DenseConfig, ModelKind};

fn saved(dense: DenseConfig) -> SavedModel {
    let spec = dense.model(ModelKind::Regular).unwrap();
    let parameters = spec.architecture().unwrap().initialise(Seed::new(7));
    SavedModel::new(spec, parameters)
}

fn numbers(count: usize) -> Vec<f32> {
    (0..count).map(|i| (i * 37 % 101) as f32 / 100.0).collect()
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

/// Batches below, at and above the 256 rows that go through the kernels at once.
fn assert_same_bits(model: &Model) {
    let size = model.shape().size();
    for count in [1, 7, 256, 300] {
        let items = numbers(count * size);
        let Autoencoded { codes, reconstructions } = model.autoencode(&items).unwrap();
        assert_eq!(bits(&codes), bits(&model.encode(&items).unwrap()), "{count}");
        assert_eq!(bits(&reconstructions), bits(&model.reconstruct(&items).unwrap()), "{count}");
    }
}

/// A code does not hold what a residual network adds.
#[test]
fn a_residual_model_reconstructs_and_is_not_decoded() {
    let dense = DenseConfig {
        image: [5, 7],
        encoder: vec![35, 6],
        decoder: vec![6, 35],
        output_activation: Activation::Linear,
        ..DenseConfig::default()
    };
    let mut spec = dense.model(ModelKind::Regular).unwrap();
    spec.network.residual = true;
    let parameters = spec.architecture().unwrap().initialise(Seed::new(7));
    let model = Model::new(SavedModel::new(spec, parameters)).unwrap();
    let items = numbers(35 * 7);
    let Autoencoded { codes, reconstructions } = model.autoencode(&items).unwrap();
    assert_eq!(bits(&codes), bits(&model.encode(&items).unwrap()));
    assert_eq!(bits(&reconstructions), bits(&model.reconstruct(&items).unwrap()));
    for refused in [model.decode(&codes).err(), model.compressor().err()] {
        assert!(matches!(refused, Some(ApplyError::Residual)), "{refused:?}");
    }
}

#[test]
fn one_encode_gives_the_bits_of_encode_and_of_reconstruct() {
    for (encoder, activation, output, tied) in [
        (vec![35, 6], Activation::Relu, Activation::Sigmoid, false),
        (vec![35, 70, 33], Activation::Linear, Activation::Linear, true),
        (vec![35, 20, 3], Activation::Sigmoid, Activation::Sigmoid, true),
    ] {
        let dense = DenseConfig {
            image: [5, 7],
            decoder: encoder.iter().rev().copied().collect(),
            encoder,
            code_activation: activation,
            output_activation: output,
            tied_weights: tied,
            ..DenseConfig::default()
        };
        assert_same_bits(&Model::new(saved(dense)).unwrap());
    }
}

#[test]
fn one_encode_gives_the_same_bits_for_rows_of_a_table() {
    let dense = DenseConfig {
        image: [1, 3],
        encoder: vec![3, 2],
        decoder: vec![2, 3],
        output_activation: Activation::Linear,
        ..DenseConfig::default()
    };
    let mut saved = saved(dense);
    // The second column was constant in training; values beyond the ranges are bounded.
    let scaling = serde_json::json!({
        "kind": "standard", "minimum": [-1.0, 4.0, 0.0], "maximum": [1.0, 4.0, 0.3],
        "ranges": [[-2.0, 2.0], [4.0, 4.0], [0.0, 0.5]],
    });
    saved.attachments.set(SCALING, &scaling).unwrap();
    let model = Model::new(saved).unwrap();
    assert!(model.format().scaling.is_some());
    assert_same_bits(&model);
}

#[test]
fn a_slice_that_is_not_whole_images_is_refused() {
    let dense = DenseConfig {
        image: [2, 2],
        encoder: vec![4, 2],
        decoder: vec![2, 4],
        ..DenseConfig::default()
    };
    let model = Model::new(saved(dense)).unwrap();
    for length in [3, 5] {
        let items = numbers(length);
        assert!(model.encode(&items).is_err() && model.reconstruct(&items).is_err(), "{length}");
    }
    assert!(model.decode(&numbers(3)).is_err());
    assert_eq!(model.autoencode(&[]).unwrap().codes, Vec::<f32>::new());
}
