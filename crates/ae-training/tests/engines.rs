//! The fused engine against the autograd one: the same gradients, the same losses, the same curve.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]
#![cfg(feature = "candle")]

use ae_corruption::{Draw, Noise};
use ae_dataset::Images;
use ae_models::{Activation, Architecture, CodeL1, DenseConfig, Loss, ModelKind, Objective};
use ae_random::Seed;
use ae_training::{
    AutogradEngine, BatchSelection, Detail, Device, Engine, FitConfig, FusedEngine, MemoryObserver,
    Metrics, OptimizerConfig, SampleCorruption, Samples, Schedule, TrainingData, TrainingState,
    fit,
};
use proptest::prelude::*;

fn images(n: usize, height: usize, width: usize) -> Images {
    let mut stream = Seed::new(3).stream("images");
    let pixels = (0..n * height * width).map(|_| stream.next_u32() as u8).collect();
    Images::new(height, width, pixels).unwrap()
}

/// How far two gradients are apart, relative to their length.
fn distance(a: &[f32], b: &[f32]) -> f64 {
    let norm = |values: &mut dyn Iterator<Item = f64>| values.map(|x| x * x).sum::<f64>().sqrt();
    let apart = norm(&mut a.iter().zip(b).map(|(&a, &b)| f64::from(a) - f64::from(b)));
    apart / norm(&mut a.iter().map(|&a| f64::from(a))).max(1e-30)
}

/// The parameter whose gradients are farthest apart, if they are farther than their rounding.
fn farthest_parameter(
    architecture: &dyn Architecture,
    ours: &[f32],
    theirs: &[f32],
) -> Option<(String, f64)> {
    let views = architecture.layout().views().iter();
    let distances =
        views.map(|view| (view.name.clone(), distance(&theirs[view.range()], &ours[view.range()])));
    let farthest = distances.max_by(|a, b| a.1.total_cmp(&b.1))?;
    // A parameter's gradient may be a sum that nearly cancels: ten times what all together may be off.
    (farthest.1 >= 1e-4).then_some(farthest)
}

/// Images of which most pixels are exactly 0.
fn strokes(n: usize, height: usize, width: usize) -> Images {
    let mut stream = Seed::new(5).stream("strokes");
    let pixel = |place: usize| (place % width / 7 + place / width).is_multiple_of(5);
    let pixels =
        (0..n * height * width).map(|place| stream.next_u32() as u8 * u8::from(pixel(place)));
    Images::new(height, width, pixels.collect()).unwrap()
}

/// Each parameter's gradient, on images with a background and for weights of 2^17 numbers and more, which are cut into
/// larger blocks and whose zeros are left out.
#[test]
fn gradients_of_every_layer_are_equal_on_a_background_and_in_wide_networks() {
    for (hidden, rows) in [(vec![200, 10], 130), (vec![30], 257)] {
        for tied_weights in [false, true] {
            let images = strokes(rows, 28, 28);
            let encoder = [&[784], hidden.as_slice()].concat();
            let dense = DenseConfig {
                decoder: encoder.iter().rev().copied().collect(),
                encoder,
                tied_weights,
                ..DenseConfig::default()
            };
            let architecture = dense.model(ModelKind::Regular).unwrap().architecture().unwrap();
            let objective = Objective::new(Loss::BinaryCrossEntropy).with(CodeL1 { weight: 0.01 });
            let samples = Samples::new(&images, None);
            let parameters = architecture.initialise(Seed::new(4));
            let state = TrainingState::new(parameters, OptimizerConfig::keras_adam());
            let indices: Vec<u32> = (0..rows as u32).collect();
            let run = |engine: &mut dyn Engine| {
                let mut gradient = vec![0.0; state.parameters().values().len()];
                let batch = BatchSelection { samples: &samples, indices: &indices, epoch: 0 };
                engine.load(&state, Seed::new(7)).unwrap();
                engine.gradient(batch, &mut gradient).unwrap();
                gradient
            };
            let ours =
                run(&mut FusedEngine::new(architecture.as_ref(), objective.clone()).unwrap());
            let device = Device::Cpu;
            let theirs = run(&mut AutogradEngine::new(architecture.as_ref(), objective, device));
            let farthest = farthest_parameter(architecture.as_ref(), &ours, &theirs);
            assert_eq!(farthest, None, "{hidden:?}, tied: {tied_weights}");
        }
    }
}

#[derive(Debug, Clone)]
struct Case {
    rows: usize,
    hidden: Vec<usize>,
    activations: (Activation, Activation),
    objective: (Loss, Activation, f32),
    tied: bool,
    noisy: bool,
}

fn case() -> impl Strategy<Value = Case> {
    let activation = || {
        prop::sample::select(vec![
            Activation::Linear,
            Activation::Relu,
            Activation::LeakyRelu,
            Activation::Elu,
            Activation::Selu,
            Activation::Sigmoid,
            Activation::Tanh,
            Activation::Softplus,
        ])
    };
    let objective = prop::sample::select(vec![
        (Loss::BinaryCrossEntropy, Activation::Sigmoid, 0.0),
        (Loss::BinaryCrossEntropy, Activation::Sigmoid, 0.01),
        (Loss::MeanSquaredError, Activation::Sigmoid, 0.0),
        (Loss::MeanSquaredError, Activation::Linear, 0.01),
        (Loss::MeanAbsoluteError, Activation::Sigmoid, 0.0),
        (Loss::MeanAbsoluteError, Activation::Linear, 0.01),
    ]);
    let rows = prop::sample::select(vec![1, 2, 63, 64, 65, 130, 257]);
    let hidden = prop::collection::vec(1_usize..20, 1..4);
    (rows, hidden, (activation(), activation()), objective, any::<bool>(), any::<bool>()).prop_map(
        |(rows, hidden, activations, objective, tied, noisy)| Case {
            rows,
            hidden,
            activations,
            objective,
            tied,
            noisy,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn gradients_and_losses_are_equal_but_for_rounding(case in case(), seed: u64) {
        let images = images(case.rows, 5, 7);
        let encoder = [&[35], case.hidden.as_slice()].concat();
        let dense = DenseConfig {
            image: [5, 7],
            channels: 1,
            decoder: encoder.iter().rev().copied().collect(),
            encoder,
            hidden_activation: case.activations.0,
            code_activation: case.activations.1,
            output_activation: case.objective.1,
            tied_weights: case.tied,
        };
        let kind = if case.noisy { ModelKind::Denoising } else { ModelKind::Regular };
        let architecture = dense.model(kind).unwrap().architecture().unwrap();
        let objective = Objective::new(case.objective.0).with(CodeL1 { weight: case.objective.2 });
        let noise: Noise = "gaussian:0.3".parse().unwrap();
        let stream = Seed::new(seed).stream("noise");
        let corruption = SampleCorruption { corruption: &noise, draw: Draw::EveryEpoch, stream };
        let samples = Samples::new(&images, case.noisy.then_some(corruption));
        let mut parameters = architecture.initialise(Seed::new(seed));
        // Biases off 0, where the rectifiers have no derivative.
        let mut stream = Seed::new(seed).stream("biases");
        parameters.values_mut().iter_mut().for_each(|p| *p += 0.2 * stream.uniform() - 0.1);
        let state = TrainingState::new(parameters, OptimizerConfig::keras_adam());

        let indices: Vec<u32> = (0..case.rows as u32).rev().collect();
        let mut fused = FusedEngine::new(architecture.as_ref(), objective.clone()).unwrap();
        let mut autograd = AutogradEngine::new(architecture.as_ref(), objective, Device::Cpu);
        let run = |engine: &mut dyn Engine| {
            let mut gradient = vec![0.0; state.parameters().values().len()];
            let batch = BatchSelection { samples: &samples, indices: &indices, epoch: 2 };
            engine.load(&state, Seed::new(7)).unwrap();
            let found = engine.gradient(batch, &mut gradient).unwrap();
            let norm: f64 = gradient.iter().map(|&g| f64::from(g).powi(2)).sum();
            assert!((found.squared_norm - norm).abs() <= 1e-12 * norm);
            let losses = engine.evaluate(&samples, Detail::Losses).unwrap();
            (gradient, found.loss, losses.reconstruction)
        };
        let (ours, our_loss, our_quality) = run(&mut fused);
        let (theirs, their_loss, their_quality) = run(&mut autograd);

        prop_assert!(distance(&ours, &theirs) < 1e-5, "{}", distance(&ours, &theirs));
        prop_assert_eq!(farthest_parameter(architecture.as_ref(), &ours, &theirs), None);
        let close = |a: f64, b: f64| (a - b).abs() <= 1e-5 * b.abs().max(1e-3);
        prop_assert!(close(our_loss.reconstruction, their_loss.reconstruction));
        prop_assert!(close(our_loss.objective(), their_loss.objective()));
        prop_assert!(close(our_quality.mse, their_quality.mse));
        prop_assert_eq!(our_quality.bce.is_some(), their_quality.bce.is_some());
        prop_assert!(close(our_quality.bce.unwrap_or(0.0), their_quality.bce.unwrap_or(0.0)));
    }
}

#[test]
fn curves_agree_after_five_epochs() {
    let images = images(2000, 8, 8);
    let dense = DenseConfig {
        image: [8, 8],
        channels: 1,
        encoder: vec![64, 16],
        decoder: vec![16, 64],
        ..DenseConfig::default()
    };
    let architecture = dense.model(ModelKind::Regular).unwrap().architecture().unwrap();
    let objective = Objective::new(Loss::BinaryCrossEntropy);
    let config = FitConfig {
        seed: Seed::new(1),
        epochs: 5,
        batch_size: 64,
        schedule: Schedule::Constant {},
        clip_norm: None,
        kl_warm_up: None,
        early_stopping: None,
    };
    let samples = Samples::new(&images, None);
    let data = TrainingData { train: &samples, validation: &samples };
    let run = |engine: &mut dyn Engine| -> Vec<Metrics> {
        let parameters = architecture.initialise(Seed::new(1));
        let mut state = TrainingState::new(parameters, OptimizerConfig::keras_adam());
        let mut observer = MemoryObserver::default();
        fit(engine, data, &config, &mut state, None, &mut observer).unwrap();
        state.curve().iter().map(|row| row.metrics.clone()).collect()
    };
    let fused = run(&mut FusedEngine::new(architecture.as_ref(), objective.clone()).unwrap());
    let autograd = run(&mut AutogradEngine::new(architecture.as_ref(), objective, Device::Cpu));
    for (ours, theirs) in fused.iter().zip(&autograd) {
        for (name, value) in theirs {
            assert!((ours[name] - value).abs() < 1e-3 * value, "{name}: {ours:?} {theirs:?}");
        }
    }
}
