//! The state on a device, here the CPU, against the flat buffers and the kernels' steps.

use ae_dataset::Digits;
use ae_models::layer::{BatchNorm, Dense, Dropout};
use ae_models::{Activation, CodeL1, DenseConfig, Layer, Loss, ModelKind, ModelSpec, Network};
use ae_random::Seed;

use super::*;
use crate::{OptimizerConfig, Samples};

const OPTIMIZERS: [OptimizerConfig; 3] = [
    OptimizerConfig::keras_adam(),
    OptimizerConfig::AdamW {
        learning_rate: 0.001,
        beta1: 0.8,
        beta2: 0.99,
        epsilon: 1e-6,
        weight_decay: 0.1,
    },
    OptimizerConfig::Sgd { learning_rate: 0.001, momentum: 0.9 },
];

fn distance(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

fn on_device(state: &TrainingState) -> DeviceState {
    DeviceState::of(state, Seed::new(3), &Device::Cpu).unwrap()
}

/// The path of a GPU takes the same steps, clipped or not, and comes back whole in the middle of a run.
#[test]
fn steps_on_a_device_are_those_of_the_kernels() {
    let images = Digits::STANDARD.train(60).unwrap();
    let samples = Samples::new(&images, None);
    let dense = DenseConfig {
        encoder: vec![784, 9],
        decoder: vec![9, 784],
        tied_weights: true,
        ..DenseConfig::default()
    };
    let dense = dense.model(ModelKind::Regular).unwrap();
    let layer = |outputs, activation| Layer::Dense(Dense { outputs, activation, tied_to: None });
    let norm = || Layer::BatchNorm(BatchNorm { momentum: 0.3, epsilon: 1e-3 });
    let dropout = Layer::Dropout(Dropout { rate: 0.2 });
    let network = Network {
        encoder: vec![layer(8, Activation::Tanh), norm(), dropout, layer(5, Activation::Tanh)],
        decoder: vec![norm(), layer(784, Activation::Sigmoid)],
        ..dense.network.clone()
    };
    let drawn = ModelSpec { kind: ModelKind::Regular, network };
    for spec in [dense, drawn] {
        compare_steps(spec.architecture().unwrap().as_ref(), &samples);
    }
}

/// Compares six steps of every optimizer.
fn compare_steps(architecture: &dyn Architecture, samples: &Samples) {
    let objective = Objective::new(Loss::BinaryCrossEntropy).with(CodeL1 { weight: 0.01 });
    for (optimizer, clip_norm) in OPTIMIZERS.iter().flat_map(|o| [(o, None), (o, Some(0.05))]) {
        let start = TrainingState::new(architecture.initialise(Seed::new(3)), *optimizer);
        let engine = || AutogradEngine::new(architecture, objective.clone(), Device::Cpu);
        let (mut host, mut device) = (engine(), engine());
        host.load(&start, Seed::new(3)).unwrap();
        device.state = Some(Working::Device(on_device(&start)));
        let (mut ours, mut theirs) = (start.clone(), start.clone());
        for step in 0..6 {
            let indices: Vec<u32> = (0..30).map(|i| i + 30 * (step % 2)).collect();
            let batch = BatchSelection { samples, indices: &indices, epoch: 0 };
            let size =
                StepSize { learning_rate: optimizer.learning_rate(), clip_norm, kl_share: 1.0 };
            let [a, b] = [&mut host, &mut device].map(|engine| engine.step(batch, size).unwrap());
            assert!((a.loss.objective() - b.loss.objective()).abs() < 1e-6, "{a:?} {b:?}");
            assert!((a.squared_norm - b.squared_norm).abs() < 1e-5 * a.squared_norm);
            if step == 2 {
                device.snapshot(&mut ours).unwrap();
                let state = on_device(&ours);
                device.state = Some(Working::Device(state));
            }
        }
        device.snapshot(&mut ours).unwrap();
        host.snapshot(&mut theirs).unwrap();
        assert_eq!((ours.steps(), theirs.steps()), (6, 6));
        let (ours, theirs) = (&ours, &theirs);
        let moved = distance(start.parameters().values(), theirs.parameters().values());
        let apart = distance(ours.parameters().values(), theirs.parameters().values());
        assert!(apart < 1e-4 * moved, "{optimizer:?} {clip_norm:?}: {apart} of {moved}");
        for (ours, theirs) in ours.optimizer.moments().iter().zip(theirs.optimizer.moments()) {
            let largest = distance(theirs, &vec![0.0; theirs.len()]);
            assert!(distance(ours, theirs) < 1e-4 * largest, "{optimizer:?} {clip_norm:?}");
        }
    }
}

/// A model that was asked for keeps its numbers while training goes on.
#[test]
fn a_model_is_not_changed_by_later_steps() {
    let images = Digits::STANDARD.train(8).unwrap();
    let samples = Samples::new(&images, None);
    let architecture = ModelSpec::tutorial(ModelKind::Regular).architecture().unwrap();
    let state =
        TrainingState::new(architecture.initialise(Seed::new(3)), OptimizerConfig::keras_adam());
    let mut engine = AutogradEngine::new(architecture.as_ref(), Objective::default(), Device::Cpu);
    for stays_there in [false, true] {
        engine.load(&state, Seed::new(3)).unwrap();
        if stays_there {
            engine.state = Some(Working::Device(on_device(&state)));
        }
        let model = engine.inference().unwrap();
        let mut codes = [[0.0; 32]; 3];
        model.encode(&[0.5; 784], &mut codes[0]).unwrap();
        let batch = BatchSelection { samples: &samples, indices: &[0, 1, 2], epoch: 0 };
        engine
            .step(batch, StepSize { learning_rate: 0.1, clip_norm: None, kl_share: 1.0 })
            .unwrap();
        model.encode(&[0.5; 784], &mut codes[1]).unwrap();
        engine.inference().unwrap().encode(&[0.5; 784], &mut codes[2]).unwrap();
        assert_eq!(codes[0], codes[1]);
        assert_ne!(codes[0], codes[2]);
    }
}
