//! What a denoising model learns from other than noise: pairs of pictures, and blind spots in noisy ones.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]

use ae_corruption::{Draw, Noise};
use ae_dataset::{Images, PatchOptions, PatchSource};
use ae_models::{Architecture, CodeL1, Loss, ModelSpec, Objective};
use ae_random::Seed;
use ae_training::{
    BatchSelection, BlindSpots, Counted, Detail, Engine, FitConfig, FusedEngine, MemoryObserver,
    OptimizerConfig, SampleCorruption, Samples, TrainingData, TrainingState, curve_metrics,
    evaluate, fit,
};
#[cfg(feature = "candle")]
use ae_training::{Device, autograd_engine};
use serde_json::json;

/// Smooth images with noise.
fn images(n: usize) -> Images {
    let mut stream = Seed::new(3).stream("images");
    let pixel = |place: usize| {
        let (row, column) = (place / 10 % 9, place % 10);
        (100.0 + 8.0 * row as f32 - 5.0 * column as f32 + 20.0 * stream.normal()) as u8
    };
    Images::new(9, 10, (0..n * 90).map(pixel).collect()).unwrap()
}

/// Convolutional layers, residual or not, or dense ones.
fn architecture(kind: &str) -> Box<dyn Architecture> {
    let conv = json!([
        { "layer": "conv", "channels": 5, "kernel": 3, "padding": "same" },
        { "layer": "activation", "activation": "tanh" },
    ]);
    let last = json!([{ "layer": "conv", "channels": 1, "kernel": 3, "padding": "same" }]);
    let (encoder, decoder) = match kind {
        "dense" => (
            json!([{ "layer": "dense", "outputs": 12, "activation": "tanh" }]),
            json!([{ "layer": "dense", "outputs": 90, "activation": "sigmoid" }]),
        ),
        "normalised" => (
            json!([{ "layer": "conv", "channels": 5, "kernel": 3, "padding": "same" }, { "layer": "batch-norm" }]),
            last,
        ),
        _ => (conv, last),
    };
    let spec = json!({
        "kind": "denoising", "image": [9, 10], "encoder": encoder, "decoder": decoder,
        "residual": kind == "residual",
    });
    serde_json::from_value::<ModelSpec>(spec).unwrap().architecture().unwrap()
}

fn spots(half: &str) -> BlindSpots {
    BlindSpots::new(0.05, Seed::new(9).stream(half))
}

fn start(architecture: &dyn Architecture) -> TrainingState {
    TrainingState::new(architecture.initialise(Seed::new(3)), OptimizerConfig::default())
}

#[cfg(feature = "candle")]
fn distance(a: &[f32], b: &[f32]) -> f64 {
    let norm = |values: &mut dyn Iterator<Item = f64>| values.map(|x| x * x).sum::<f64>().sqrt();
    let apart = norm(&mut a.iter().zip(b).map(|(&a, &b)| f64::from(a) - f64::from(b)));
    apart / norm(&mut a.iter().map(|&a| f64::from(a))).max(1e-30)
}

/// Loss and gradient of the same blind spots in both engines; and the loss from the outputs by its definition.
#[cfg(feature = "candle")]
#[test]
fn blind_spots_have_the_same_loss_and_gradient_in_both_engines() {
    let images = images(70);
    let objective = Objective::new(Loss::MeanSquaredError).with(CodeL1 { weight: 0.01 });
    for kind in ["dense", "plain", "residual", "normalised"] {
        let architecture = architecture(kind);
        let state = start(architecture.as_ref());
        let samples = Samples::new(&images, None).with_blind_spots(spots("train"));
        let indices: Vec<u32> = (0..70).rev().collect();
        let run = |engine: &mut dyn Engine| {
            let mut gradient = vec![0.0; state.parameters().values().len()];
            let batch = BatchSelection { samples: &samples, indices: &indices, epoch: 2 };
            engine.load(&state, Seed::new(7)).unwrap();
            let found = engine.gradient(batch, &mut gradient).unwrap().loss;
            (gradient, found, engine.evaluate(&samples, Detail::Losses).unwrap())
        };
        let mut fused = FusedEngine::new(architecture.as_ref(), objective.clone()).unwrap();
        let (ours, our_loss, our_quality) = run(&mut fused);
        let mut autograd =
            autograd_engine(architecture.as_ref(), objective.clone(), &Device::Cpu).unwrap();
        let (theirs, their_loss, their_quality) = run(autograd.as_mut());
        let apart = distance(&ours, &theirs);
        assert!(apart < 1e-5, "{kind}: {apart}");
        let close = |a: f64, b: f64| (a - b).abs() <= 1e-5 * b.abs();
        assert!(close(our_loss.reconstruction, their_loss.reconstruction), "{kind}");
        assert!(close(our_loss.objective(), their_loss.objective()), "{kind}");
        assert!(close(our_quality.reconstruction.mse, their_quality.reconstruction.mse), "{kind}");
        if kind == "normalised" {
            // In training it normalises by the batch, applied by running statistics.
            continue;
        }
        let batch = samples.gather(&indices, 2);
        let mut outputs = vec![0.0; batch.inputs.len()];
        fused.inference().unwrap().reconstruct(&batch.inputs, &mut outputs).unwrap();
        let counted = outputs.iter().zip(&batch.targets).filter(|(_, target)| !target.is_nan());
        let squares = counted.map(|(y, t)| f64::from(y - t).powi(2));
        let squares: Vec<f64> = squares.collect();
        assert_eq!(squares.len(), 70 * spots("train").count(images.shape()));
        let mean = squares.iter().sum::<f64>() / squares.len() as f64;
        assert!(close(our_loss.reconstruction, mean), "{kind}: {our_loss:?} {mean}");
    }
}

/// Another loss has no masked form.
#[test]
fn blind_spots_with_another_loss_are_refused() {
    let (images, architecture) = (images(5), architecture("dense"));
    let objective = Objective::new(Loss::BinaryCrossEntropy);
    let mut engine = FusedEngine::new(architecture.as_ref(), objective).unwrap();
    engine.load(&start(architecture.as_ref()), Seed::new(7)).unwrap();
    let samples = Samples::new(&images, None).with_blind_spots(spots("train"));
    let batch = BatchSelection { samples: &samples, indices: &[0, 1], epoch: 0 };
    let mut gradient = vec![0.0; architecture.layout().len()];
    let error = engine.gradient(batch, &mut gradient).unwrap_err().to_string();
    assert!(error.contains("masked targets are for mean squared error"), "{error}");
}

/// A network that sees a pixel may copy it. One that does not learns the image behind the noise.
#[test]
fn a_network_learns_to_denoise_from_noisy_images_alone() {
    let (train, test) = (images(200), images(230));
    let test = test.select(&(200..230).collect::<Vec<u32>>()).unwrap();
    let architecture = architecture("plain");
    let train_samples = Samples::new(&train, None).with_blind_spots(spots("train"));
    let validation = Samples::new(&test, None).with_blind_spots(spots("validation"));
    let data = TrainingData { train: &train_samples, validation: &validation };
    let objective = Objective::new(Loss::MeanSquaredError);
    let mut engine = FusedEngine::new(architecture.as_ref(), objective.clone()).unwrap();
    let mut state = TrainingState::new(
        architecture.initialise(Seed::new(3)),
        OptimizerConfig::default().with_learning_rate(0.01),
    );
    let config =
        FitConfig { seed: Seed::new(3), epochs: 60, batch_size: 20, ..FitConfig::default() };
    fit(&mut engine, data, &config, &mut state, None, &mut MemoryObserver::default()).unwrap();
    let names: Vec<String> = state.curve()[0].metrics.keys().cloned().collect();
    assert_eq!(names, ["train_blind_spot_mse", "val_blind_spot_mse"]);
    assert_eq!(names, curve_metrics(architecture.as_ref(), &objective, Counted::BlindSpots));
    let model = engine.inference().unwrap();
    let found = evaluate(model.as_ref(), &validation, Detail::Full).unwrap();
    let metrics = found.metrics(Detail::Full);
    assert_eq!(metrics.len(), 1);
    let blind = metrics["val_blind_spot_mse"];
    assert_eq!(Some(&blind), state.curve()[59].metrics.get("val_blind_spot_mse"));
    // Against the images without noise, which the training never saw.
    let clean = |row: usize, column: usize| 100.0 + 8.0 * row as f64 - 5.0 * column as f64;
    let mut inputs = vec![0.0; 30 * 90];
    let all: Vec<u32> = (0..30).collect();
    test.gather(&all, &mut inputs);
    let mut outputs = vec![0.0; inputs.len()];
    model.reconstruct(&inputs, &mut outputs).unwrap();
    let error = |values: &[f32]| {
        let squares = values.iter().enumerate().map(|(place, &value)| {
            let target = clean(place / 10 % 9, place % 10) / 255.0;
            (f64::from(value) - target).powi(2)
        });
        squares.sum::<f64>() / values.len() as f64
    };
    let (noisy, denoised) = (error(&inputs), error(&outputs));
    // The mean of 25 pixels would leave a twenty-fifth of the variance; seen pixels that are copied leave all.
    assert!(denoised < 0.3 * noisy, "{denoised} of {noisy}");
    // To a noisy pixel that was hidden, the error is that of the noise and more: here of 120 pixels, whose mean square has a
    // standard deviation of 13 %, four of which are 52 %.
    assert!(blind > noisy * 0.48 && blind > 1.5 * denoised, "{blind} {noisy} {denoised}");
}

#[test]
fn pairs_are_inputs_and_targets_with_noise_on_the_inputs() {
    let images = |base: u8| Images::new(2, 3, (0..24).map(|value| base + value).collect()).unwrap();
    let (inputs, targets) = (images(0), images(100));
    let plain = Samples::new(&targets, None).with_inputs(&inputs);
    assert!(plain.is_corrupted() && !plain.are_targets(6));
    assert_eq!(plain.counted(), Counted::All);
    let batch = plain.gather(&[3, 1], 0);
    let of = |base: f32| {
        let row =
            |first: u8| (first..first + 6).map(move |value| (base + f32::from(value)) / 255.0);
        row(18).chain(row(6)).collect::<Vec<f32>>()
    };
    assert_eq!((batch.inputs, batch.targets), (of(0.0), of(100.0)));
    let noise: Noise = "gaussian:0.1:unclipped".parse().unwrap();
    let corruption = || {
        let stream = Seed::new(4).stream("noise");
        Some(SampleCorruption { corruption: &noise, draw: Draw::EveryEpoch, stream })
    };
    let noisy = Samples::new(&targets, corruption()).with_inputs(&inputs);
    let found = noisy.gather(&[3, 1], 5);
    assert_eq!(found.targets, of(100.0));
    // The noise of an input is that of the image itself, were it to be learned.
    let alone = Samples::new(&inputs, corruption()).gather(&[3, 1], 5);
    assert_eq!(found.inputs, alone.inputs);
}

/// As `every_epoch_learns_from_its_own_patches`, for pairs.
#[test]
fn every_epoch_learns_from_its_own_pairs_of_patches() {
    let picture = |factor: usize| {
        let pixel = |place: usize| ((place * place * factor + place * 7) % 256) as u8;
        Images::new(20, 21, (0..420).map(pixel).collect()).unwrap()
    };
    let options = PatchOptions { count: Some(50), flips: true, ..PatchOptions::new([9, 10]) };
    let (dirty, clean) = (vec![picture(31)], vec![picture(17)]);
    let source = PatchSource::of_pairs(dirty, clean, options, Seed::new(3)).unwrap();
    let architecture = architecture("plain");
    let of = |epoch| (source.epoch(epoch).unwrap(), source.inputs(epoch).unwrap().unwrap());
    let (first, first_inputs) = of(0);
    let validation = Samples::new(&first, None).with_inputs(&first_inputs);
    let train = |train: &Samples, epochs, state: &mut TrainingState| {
        let data = TrainingData { train, validation: &validation };
        let config =
            FitConfig { seed: Seed::new(3), epochs, batch_size: 8, ..FitConfig::default() };
        let objective = Objective::new(Loss::MeanSquaredError);
        let mut engine = FusedEngine::new(architecture.as_ref(), objective).unwrap();
        fit(&mut engine, data, &config, state, None, &mut MemoryObserver::default()).unwrap();
    };
    let mut whole = start(architecture.as_ref());
    train(&validation.clone().cut_from(&source), 3, &mut whole);
    let mut by_hand = start(architecture.as_ref());
    for epoch in 0..3 {
        let (images, inputs) = of(epoch);
        train(&Samples::new(&images, None).with_inputs(&inputs), epoch + 1, &mut by_hand);
    }
    assert_eq!(whole.parameters().sha256(), by_hand.parameters().sha256());
    assert_eq!(whole.curve(), by_hand.curve());
}
