//! Bounds of variational models against likelihoods that are known, and their place in a run.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]

use std::f64::consts::PI;

use ae_dataset::{Digits, ImageShape, Images, Pixels};
use ae_models::{
    Activation, Architecture, Device, Inference, Kl, Loss, ModelKind, ModelSpec, Objective,
    Parameters, Shape, variational,
};
use ae_random::Seed;
use ae_training::{
    BatchSelection, Detail, Engine, FitConfig, FusedEngine, MemoryObserver, OptimizerConfig,
    Samples, StepSize, TrainingData, TrainingState, evaluate_variational, fit,
    importance_weighted_nll, validation_codes,
};
use serde_json::json;

/// Items of one row of floats in [0, 1].
fn items(rows: &[&[f32]]) -> Images {
    let shape = ImageShape { channels: 1, height: 1, width: rows[0].len() };
    Images::of_shape(shape, Pixels::Floats(rows.concat())).unwrap()
}

/// A code of one number, with linear encoder and decoder before the output's activation.
fn one_code(width: usize, output: &str) -> Box<dyn Architecture> {
    let spec = json!({
        "image": [1, width],
        "encoder": [{ "layer": "dense", "outputs": 2 }, { "layer": "sample" }],
        "decoder": [{ "layer": "dense", "outputs": width, "activation": output }],
    });
    serde_json::from_value::<ModelSpec>(spec).unwrap().architecture().unwrap()
}

/// Its model with these numbers: weight (2, width) and bias (2) of the encoder, weight (width, 1) and bias (width) of
/// the decoder.
fn model(architecture: &dyn Architecture, numbers: &[&[f64]]) -> Box<dyn Inference> {
    let values = numbers.concat().into_iter().map(|x| x as f32).collect();
    let parameters = Parameters::new(architecture.layout().clone(), values).unwrap();
    let state = TrainingState::new(parameters, OptimizerConfig::keras_adam());
    let objective = Objective::new(Loss::MeanSquaredError);
    let mut engine = FusedEngine::new(architecture, objective).unwrap();
    engine.load(&state, Seed::new(1)).unwrap();
    engine.inference().unwrap()
}

const WEIGHT: [f64; 3] = [0.8, -0.5, 0.3];
const BIAS: [f64; 3] = [0.4, 0.6, 0.1];
const ITEMS: [&[f32]; 3] = [&[0.0, 1.0, 0.25], &[0.5, 0.375, 0.0], &[0.75, 0.125, 1.0]];

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The negative log-density of an item `w z + b + noise` for a standard normal `z` and noise of variance 1/2: a
/// Gaussian with covariance `w w^T + I / 2`, by the formulas of Sherman and Morrison and of Sylvester.
fn exact_nll(item: &[f32]) -> f64 {
    let off: Vec<f64> = item.iter().zip(BIAS).map(|(&x, b)| f64::from(x) - b).collect();
    let scale = 1.0 + 2.0 * dot(&WEIGHT, &WEIGHT);
    let square = 2.0 * dot(&off, &off) - 4.0 * dot(&WEIGHT, &off).powi(2) / scale;
    let log_determinant = scale.ln() - 3.0 * 2_f64.ln();
    0.5 * (square + log_determinant + 3.0 * (2.0 * PI).ln())
}

/// The model whose codes have the true posterior of the linear model above.
fn exact_model(architecture: &dyn Architecture) -> Box<dyn Inference> {
    let variance = 1.0 / (1.0 + 2.0 * dot(&WEIGHT, &WEIGHT));
    let means = WEIGHT.map(|w| 2.0 * variance * w);
    let bias = [-dot(&means, &BIAS), variance.ln()];
    model(architecture, &[&means, &[0.0; 3], &bias, &WEIGHT, &BIAS])
}

#[test]
fn with_the_true_posterior_the_bound_is_the_likelihood_for_any_number_of_codes() {
    let architecture = one_code(3, "linear");
    let model = exact_model(architecture.as_ref());
    let images = items(&ITEMS);
    let samples = Samples::new(&images, None);
    let expected = ITEMS.map(exact_nll).iter().sum::<f64>() / 3.0;
    for k in [1, 5, 64, 130] {
        let stream = Seed::new(2).stream("codes");
        let found = importance_weighted_nll(model.as_ref(), &samples, k, &stream).unwrap();
        assert!((found - expected).abs() < 1e-5, "{k}: {found} is not {expected}");
    }
    let stream = Seed::new(2).stream("codes");
    let error = importance_weighted_nll(model.as_ref(), &samples, 0, &stream).unwrap_err();
    assert_eq!(error.to_string(), "the number of codes of an item must be at least 1, found 0");
}

/// Codes from the prior: the bound falls towards the likelihood.
#[test]
fn with_another_distribution_the_bound_tightens_with_the_number_of_codes() {
    let architecture = one_code(3, "linear");
    let model = model(architecture.as_ref(), &[&[0.0; 8], &WEIGHT, &BIAS]);
    let images = items(&ITEMS);
    let samples = Samples::new(&images, None);
    let expected = ITEMS.map(exact_nll).iter().sum::<f64>() / 3.0;
    let stream = Seed::new(3).stream("codes");
    let bound = |k| importance_weighted_nll(model.as_ref(), &samples, k, &stream).unwrap();
    // The standard deviation of a weight is below its mean here, so that of the estimate is below 1 / sqrt(k).
    let found = bound(20_000);
    assert!((found - expected).abs() < 4.0 / 20_000_f64.sqrt(), "{found} is not {expected}");
    // The mean bound of few codes is looser; over many streams it shows.
    let mean = |k| {
        let streams = (0..200).map(|seed| Seed::new(seed).stream("codes"));
        let bounds = streams
            .map(|stream| importance_weighted_nll(model.as_ref(), &samples, k, &stream).unwrap());
        bounds.sum::<f64>() / 200.0
    };
    let [one, four] = [mean(1), mean(4)];
    assert!(one > four + 0.05 && four > expected, "{one}, {four}, {expected}");
}

/// p(x) of binary outputs by the trapezoidal rule over the code.
#[test]
fn binary_outputs_are_bernoulli_variables() {
    let architecture = one_code(2, "sigmoid");
    let (weight, bias) = ([1.5, -2.0], [0.25, 0.5]);
    let model = model(architecture.as_ref(), &[&[0.0; 4], &[0.2, 0.3], &weight, &bias]);
    let item = [1.0_f32, 0.0];
    let probability = |z: f64| -> f64 {
        let outputs = weight.iter().zip(bias).map(|(w, b)| 1.0 / (1.0 + (-(w * z + b)).exp()));
        let likelihood: f64 =
            outputs.zip(item).map(|(p, x)| if x > 0.5 { p } else { 1.0 - p }).product();
        likelihood * (-0.5 * z * z).exp() / (2.0 * PI).sqrt()
    };
    let step = 0.01;
    let integral: f64 = (-1000..=1000).map(|i| step * probability(f64::from(i) * step)).sum();
    let images = items(&[&item]);
    let samples = Samples::new(&images, None);
    let stream = Seed::new(4).stream("codes");
    let found = importance_weighted_nll(model.as_ref(), &samples, 20_000, &stream).unwrap();
    assert!((found + integral.ln()).abs() < 4.0 / 20_000_f64.sqrt(), "{found}, {integral}");
}

/// With the true posterior the expected bound is the likelihood (without the Gaussian's constant); 4000 equal items draw
/// 4000 codes.
#[test]
fn the_negative_elbo_is_the_loss_of_a_drawn_code_and_the_divergence() {
    let architecture = one_code(3, "linear");
    let model = exact_model(architecture.as_ref());
    let images = items(&vec![ITEMS[0]; 4000]);
    let samples = Samples::new(&images, None);
    let stream = validation_codes(architecture.as_ref(), Seed::new(5)).unwrap();
    let found = evaluate_variational(model.as_ref(), &samples, &stream).unwrap();
    let variance = 1.0 / (1.0 + 2.0 * dot(&WEIGHT, &WEIGHT));
    let off: Vec<f64> = ITEMS[0].iter().zip(BIAS).map(|(&x, b)| f64::from(x) - b).collect();
    let mean = 2.0 * variance * dot(&WEIGHT, &off);
    let kl = 0.5 * (variance + mean * mean - 1.0 - variance.ln());
    assert!((found.kl - kl).abs() < 1e-5, "{found:?}, {kl}");
    let expected = exact_nll(ITEMS[0]);
    // The standard deviation of an item's loss is below 1.
    assert!(
        (found.negative_elbo - expected).abs() < 4.0 / 4000_f64.sqrt(),
        "{found:?}, {expected}"
    );

    // Item by item: the code of item 7 comes from the stream of the sample layer.
    let mut code = [0.0];
    Seed::new(5).stream("layer/validation/encoder.1").at(0, 7).fill_normal(&mut code);
    let z = mean + variance.sqrt() * f64::from(code[0]);
    let error: f64 = off.iter().zip(WEIGHT).map(|(off, w)| (w * z - off).powi(2)).sum();
    let eight = items(&[ITEMS[0]; 8]);
    let seven = items(&[ITEMS[0]; 7]);
    let sum = |images: &Images| {
        let samples = Samples::new(images, None);
        let found = evaluate_variational(model.as_ref(), &samples, &stream).unwrap();
        found.negative_elbo * images.len() as f64
    };
    let of_last = sum(&eight) - sum(&seven);
    let expected = error + 1.5 * PI.ln() + kl;
    assert!((of_last - expected).abs() < 1e-5, "{of_last}, {expected}");
}

/// The bounds of a variational model by the kernels and by candle.
#[cfg(feature = "candle")]
#[test]
fn both_engines_give_the_same_bounds() {
    let network = variational(Shape::new(1, 28, 28), &[40], 5, Activation::Sigmoid);
    let spec = ModelSpec { kind: ModelKind::Regular, network };
    let architecture = spec.architecture().unwrap();
    let architecture = architecture.as_ref();
    let images = Digits::STANDARD.test(70).unwrap();
    let samples = Samples::new(&images, None);
    let state =
        TrainingState::new(architecture.initialise(Seed::new(1)), OptimizerConfig::default());
    let objective = Objective::new(Loss::BinaryCrossEntropy).with(Kl { weight: 1.0 });
    let mut fused = FusedEngine::new(architecture, objective.clone()).unwrap();
    let mut autograd = ae_training::autograd_engine(architecture, objective, &Device::Cpu).unwrap();
    let bounds = |engine: &mut dyn Engine| {
        engine.load(&state, Seed::new(1)).unwrap();
        let losses = engine.evaluate(&samples, Detail::Losses).unwrap().variational.unwrap();
        let model = engine.inference().unwrap();
        let codes = Seed::new(1).stream("codes");
        let weighted = importance_weighted_nll(model.as_ref(), &samples, 70, &codes).unwrap();
        assert!(weighted < losses.negative_elbo, "{weighted}, {losses:?}");
        [losses.kl, losses.negative_elbo, weighted]
    };
    let (ours, theirs) = (bounds(&mut fused), bounds(autograd.as_mut()));
    for (ours, theirs) in ours.iter().zip(theirs) {
        assert!((ours - theirs).abs() < 1e-5 * theirs.max(1.0), "{ours} {theirs}");
    }
}

#[test]
fn a_model_without_a_distribution_of_codes_has_no_bound() {
    let architecture = ModelSpec::tutorial(ModelKind::Regular).architecture().unwrap();
    let images = Digits::STANDARD.train(2).unwrap();
    let model =
        architecture.inference(&architecture.initialise(Seed::new(1)), &Device::Cpu).unwrap();
    let samples = Samples::new(&images, None);
    assert!(validation_codes(architecture.as_ref(), Seed::new(1)).is_none());
    // The output of a residual network does not follow from its code.
    let mut network = variational(Shape::new(1, 2, 2), &[], 2, Activation::Linear);
    network.residual = true;
    let residual = ModelSpec { kind: ModelKind::Regular, network }.architecture().unwrap();
    assert!(validation_codes(residual.as_ref(), Seed::new(1)).is_none());
    let stream = Seed::new(1).stream("codes");
    let error = importance_weighted_nll(model.as_ref(), &samples, 1, &stream).unwrap_err();
    assert!(error.to_string().contains("not variational"), "{error}");
}

/// 784-40-5 on digits: the curve has KL and bound of training and validation, and the bound falls.
#[test]
fn a_variational_model_learns_and_its_curve_shows_both_terms() {
    let network = variational(Shape::new(1, 28, 28), &[40], 5, Activation::Sigmoid);
    let architecture = ModelSpec { kind: ModelKind::Regular, network }.architecture().unwrap();
    let objective = Objective::new(Loss::BinaryCrossEntropy).with(Kl { weight: 1.0 });
    let (train, test) = (Digits::STANDARD.train(200).unwrap(), Digits::STANDARD.test(50).unwrap());
    let (train, validation) = (Samples::new(&train, None), Samples::new(&test, None));
    let data = TrainingData { train: &train, validation: &validation };
    let config =
        FitConfig { epochs: 4, batch_size: 20, kl_warm_up: Some(2), ..FitConfig::default() };
    let optimizer = OptimizerConfig::keras_adam().with_learning_rate(0.005);
    let mut state = TrainingState::new(architecture.initialise(config.seed), optimizer);
    let mut engine = FusedEngine::new(architecture.as_ref(), objective).unwrap();
    fit(&mut engine, data, &config, &mut state, None, &mut MemoryObserver::default()).unwrap();
    let metrics = |epoch: usize| &state.curve()[epoch].metrics;
    let names: Vec<&str> = metrics(0).keys().map(String::as_str).collect();
    assert_eq!(
        names,
        ["train_bce", "train_kl", "val_bce", "val_kl", "val_mse", "val_negative_elbo"]
    );
    assert!(metrics(3)["val_negative_elbo"] < 0.8 * metrics(0)["val_negative_elbo"]);
    let last = metrics(3);
    assert!(last["val_kl"] > 0.1 && last["val_negative_elbo"] > last["val_kl"], "{last:?}");
}

/// The weight of KL grows on a straight line from 0, and changes the objective's gradient with it.
#[test]
fn the_divergence_warms_up() {
    let architecture = one_code(3, "linear");
    let objective = Objective::new(Loss::MeanSquaredError).with(Kl { weight: 3.0 });
    let mut engine = FusedEngine::new(architecture.as_ref(), objective).unwrap();
    let images = items(&ITEMS);
    let samples = Samples::new(&images, None);
    let batch = BatchSelection { samples: &samples, indices: &[0, 1, 2], epoch: 0 };
    let start = TrainingState::new(
        architecture.initialise(Seed::new(1)),
        OptimizerConfig::Sgd { learning_rate: 1.0, momentum: 0.0 },
    );
    let run = |engine: &mut FusedEngine<'_>, kl_share| {
        engine.load(&start, Seed::new(1)).unwrap();
        let size = StepSize { learning_rate: 1.0, clip_norm: None, kl_share };
        let penalty = engine.step(batch, size).unwrap().loss.penalties[0];
        let mut after = start.clone();
        engine.snapshot(&mut after).unwrap();
        let steps = after.parameters().values().iter().zip(start.parameters().values());
        (penalty, steps.map(|(after, before)| after - before).collect::<Vec<f32>>())
    };
    let [none, half, whole] = [0.0, 0.5, 1.0].map(|share| run(&mut engine, share));
    assert_eq!(none.0, 0.0);
    assert!(whole.0 > 0.0 && (half.0 - 0.5 * whole.0).abs() < 1e-6);
    for ((none, half), whole) in none.1.iter().zip(&half.1).zip(&whole.1) {
        assert!((half - 0.5 * (none + whole)).abs() < 1e-6, "{none} {half} {whole}");
    }
    assert_ne!(none.1, whole.1);
}
