//! Fine-tuning on labels, and layer-wise pre-training.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]

use std::ops::ControlFlow;

use ae_corruption::Masking;
use ae_dataset::{Digits, Images};
use ae_models::{Activation, Architecture, DenseConfig, ModelKind, Objective, Parameters};
use ae_random::Seed;
use ae_training::{
    Classifier, Detail, Engine, FineTuned, FineTuningConfig, FineTuningEpoch, FitConfig,
    FitOutcome, FusedEngine, LabelledImages, MemoryObserver, Observer, OptimizerConfig, Pretrained,
    Pretraining, Samples, TrainingData, TrainingState, evaluate, fine_tune, fit, pretrain_layers,
};

const SEED: Seed = Seed::new(5);

fn network(encoder: &[usize], image: [usize; 2]) -> DenseConfig {
    DenseConfig {
        image,
        encoder: encoder.to_vec(),
        decoder: encoder.iter().rev().copied().collect(),
        hidden_activation: Activation::Sigmoid,
        code_activation: Activation::Sigmoid,
        ..DenseConfig::default()
    }
}

fn architecture(network: &DenseConfig) -> Box<dyn Architecture> {
    network.model(ModelKind::Regular).unwrap().architecture().unwrap()
}

fn classifier(network: &DenseConfig, classes: usize) -> Classifier {
    on(architecture(network).as_ref(), classes)
}

fn tuned(
    classifier: &Classifier,
    data: LabelledImages<'_>,
    config: &FineTuningConfig,
) -> FineTuned {
    fine_tune(classifier.clone(), data, config, &mut |_| ControlFlow::Continue(())).unwrap()
}

/// Twelve images of 2 x 2, and three classes.
fn small() -> (Images, Vec<u8>) {
    let pixels: Vec<u8> = (0..48).map(|place| (place * place * 37 % 251) as u8).collect();
    (Images::new(2, 2, pixels).unwrap(), (0..12).map(|item| item * 5 % 3).collect())
}

/// The mean cross-entropy of the softmax of a network 4-3-3 with sigmoid units, in `f64`. Parameters: weight (3, 4), bias,
/// weight (3, 3), bias.
fn loss(parameters: &[f64], images: &Images, classes: &[u8], items: &[u32]) -> f64 {
    let mut sum = 0.0;
    for &item in items {
        let pixels = &images.bytes().unwrap()[item as usize * 4..][..4];
        let hidden: Vec<f64> = (0..3)
            .map(|unit| {
                let weighted = pixels.iter().zip(&parameters[unit * 4..]);
                let logit: f64 = weighted.map(|(&x, w)| f64::from(x) / 255.0 * w).sum();
                1.0 / (1.0 + (-(logit + parameters[12 + unit])).exp())
            })
            .collect();
        let logits: Vec<f64> = (0..3)
            .map(|class| {
                let weighted = hidden.iter().zip(&parameters[15 + class * 3..]);
                weighted.map(|(x, w)| x * w).sum::<f64>() + parameters[24 + class]
            })
            .collect();
        let total: f64 = logits.iter().map(|logit| logit.exp()).sum();
        sum += total.ln() - logits[usize::from(classes[item as usize])];
    }
    sum / items.len() as f64
}

/// A step of gradient descent on all training images: the change of each parameter is the learning rate times the
/// slope of the loss above, by central differences.
#[test]
fn a_step_descends_along_the_slope_of_the_softmax_cross_entropy_of_every_weight() {
    let (images, classes) = small();
    let before = classifier(&network(&[4, 3], [2, 2]), 3);
    let rate = 0.5;
    let config = FineTuningConfig {
        seed: SEED,
        epochs: 1,
        optimizer: OptimizerConfig::Sgd { learning_rate: rate, momentum: 0.0 },
        ..FineTuningConfig::default()
    };
    let found = tuned(&before, LabelledImages { images: &images, classes: &classes }, &config);
    assert_eq!((found.training_images, found.validation_images), (10, 2));

    let mut order: Vec<u32> = (0..12).collect();
    SEED.stream("fine-tuning/split").at(0, 0).shuffle(&mut order);
    let (held_out, training) = order.split_at(2);
    let values: Vec<f64> = before.parameters().iter().map(|&value| f64::from(value)).collect();
    let expected = loss(&values, &images, &classes, training);
    assert!((found.curve[0].train_loss - expected).abs() < 1e-6, "{:?} {expected}", found.curve);
    for place in 0..values.len() {
        let shifted = |by: f64| {
            let mut values = values.clone();
            values[place] += by;
            loss(&values, &images, &classes, training)
        };
        let slope = (shifted(1e-5) - shifted(-1e-5)) / 2e-5;
        let change = values[place] - f64::from(found.classifier.parameters()[place]);
        assert!((change / rate - slope).abs() < 1e-6, "{place}: {} {slope}", change / rate);
    }
    let after: Vec<f64> =
        found.classifier.parameters().iter().map(|&value| f64::from(value)).collect();
    let expected = loss(&after, &images, &classes, held_out);
    assert!((found.best.validation_loss - expected).abs() < 1e-6, "{:?} {expected}", found.best);
}

fn described(json: &str) -> Box<dyn Architecture> {
    let spec: ae_models::ModelSpec = serde_json::from_str(json).unwrap();
    spec.architecture().unwrap()
}

fn on(architecture: &dyn Architecture, classes: usize) -> Classifier {
    let parameters = architecture.initialise(SEED);
    Classifier::on_encoder(architecture, &parameters, classes, SEED).unwrap()
}

/// The running statistics follow the batch once a step: from 0 and 1 a tenth of the way to the mean and the unbiased
/// variance of all pixels of the training images.
#[test]
fn the_running_statistics_of_batch_normalisation_are_updated() {
    let (images, classes) = small();
    let architecture = described(
        r#"{"image": [2, 2], "encoder": [{"layer": "batch-norm", "momentum": 0.1},
            {"layer": "dense", "outputs": 3, "activation": "sigmoid"}],
            "decoder": [{"layer": "dense", "outputs": 4, "activation": "sigmoid"}]}"#,
    );
    let config = FineTuningConfig { seed: SEED, epochs: 1, ..FineTuningConfig::default() };
    let data = LabelledImages { images: &images, classes: &classes };
    let found = tuned(&on(architecture.as_ref(), 3), data, &config);
    let mut order: Vec<u32> = (0..12).collect();
    SEED.stream("fine-tuning/split").at(0, 0).shuffle(&mut order);
    let pixels: Vec<f64> = order[2..]
        .iter()
        .flat_map(|&item| &images.bytes().unwrap()[item as usize * 4..][..4])
        .map(|&pixel| f64::from(pixel) / 255.0)
        .collect();
    let mean = pixels.iter().sum::<f64>() / 40.0;
    let variance = pixels.iter().map(|pixel| (pixel - mean).powi(2)).sum::<f64>() / 39.0;
    for (name, expected) in [("running_mean", 0.1 * mean), ("running_var", 0.9 + 0.1 * variance)] {
        let name = format!("encoder.0.{name}");
        let views = architecture.layout().views();
        let place = views.iter().find(|view| view.name == name).unwrap().offset;
        let found = f64::from(found.classifier.parameters()[place]);
        assert!((found - expected).abs() < 1e-6, "{name}: {found} {expected}");
    }
}

#[test]
fn a_convolutional_encoder_with_dropout_is_fine_tuned_alike_on_any_number_of_threads() {
    let (images, classes) = digits(600);
    let architecture = described(
        r#"{"image": [28, 28], "encoder": [
            {"layer": "conv", "channels": 8, "kernel": 3, "stride": 2, "activation": "relu"},
            {"layer": "max-pool", "size": 2}, {"layer": "dropout", "rate": 0.2},
            {"layer": "dense", "outputs": 32, "activation": "relu"}],
            "decoder": [{"layer": "dense", "outputs": 784, "activation": "sigmoid"}]}"#,
    );
    let config = FineTuningConfig { seed: SEED, epochs: 12, batch_size: 32, ..Default::default() };
    let data = LabelledImages { images: &images, classes: &classes };
    let before = on(architecture.as_ref(), 10);
    let run = || tuned(&before, data, &config);
    let [one, three] = [1, 3].map(|threads| on_threads(threads, run));
    assert_eq!(one.classifier.parameters(), three.classifier.parameters());
    assert_eq!(one.curve, three.curve);
    // A guess errs nine times in ten.
    assert!(one.best.validation_error < 0.3, "{:?}", one.best);
}

fn digits(count: usize) -> (Images, Vec<u8>) {
    let digits = Digits::STANDARD.train(count).unwrap();
    let classes = digits.labels().unwrap().to_vec();
    (digits, classes)
}

#[test]
fn fine_tuning_learns_digits_and_returns_the_best_epoch() {
    let (images, classes) = digits(1200);
    let data = LabelledImages { images: &images, classes: &classes };
    let config =
        FineTuningConfig { seed: SEED, epochs: 30, patience: 3, ..FineTuningConfig::default() };
    let found = tuned(&classifier(&network(&[784, 64], [28, 28]), 10), data, &config);
    let lowest = found.curve.iter().map(|epoch| epoch.validation_error).fold(1.0, f64::min);
    assert_eq!(found.best.validation_error, lowest);
    let last = found.curve.last().unwrap().epoch;
    assert!(last - found.best.epoch == 3 || last == 30, "{last} {:?}", found.best);

    let test = Digits::STANDARD.test(500).unwrap();
    let predicted = found.classifier.predict(&test).unwrap();
    let right = predicted.iter().zip(test.labels().unwrap()).filter(|(a, b)| a == b).count();
    // Ten classes: a guess has 50 right.
    assert!(right > 425, "{right} of 500");
}

#[test]
fn progress_may_end_a_fine_tuning() {
    let (images, classes) = small();
    let data = LabelledImages { images: &images, classes: &classes };
    let before = classifier(&network(&[4, 3], [2, 2]), 3);
    let mut stop = |epoch: &FineTuningEpoch| {
        if epoch.epoch == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let found = fine_tune(before, data, &FineTuningConfig::default(), &mut stop).unwrap();
    assert_eq!(found.curve.len(), 2);
}

fn on_threads<R: Send>(threads: usize, run: impl FnOnce() -> R + Send) -> R {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(run)
}

#[test]
fn the_number_of_threads_does_not_matter() {
    let (images, classes) = digits(400);
    let network = network(&[784, 24, 12], [28, 28]);
    let run = || {
        let pretrained = pretrained(&network, Some(0.25), &images);
        let architecture = architecture(&network);
        let classifier =
            Classifier::on_encoder(architecture.as_ref(), &pretrained.parameters, 10, SEED)
                .unwrap();
        let config = FineTuningConfig { epochs: 2, seed: SEED, ..FineTuningConfig::default() };
        let found =
            tuned(&classifier, LabelledImages { images: &images, classes: &classes }, &config);
        let bits: Vec<u32> = found.classifier.parameters().iter().map(|x| x.to_bits()).collect();
        (pretrained.parameters.sha256(), bits, found.curve)
    };
    assert_eq!(on_threads(1, run), on_threads(3, run));
}

#[test]
fn what_does_not_fit_is_refused() {
    let (images, classes) = small();
    let classifier = classifier(&network(&[4, 3], [2, 2]), 3);
    let refused = |images: &Images, classes: &[u8], config: &FineTuningConfig| {
        let data = LabelledImages { images, classes };
        let mut go_on = |_: &_| ControlFlow::Continue(());
        fine_tune(classifier.clone(), data, config, &mut go_on).unwrap_err().to_string()
    };
    let defaults = FineTuningConfig::default;
    assert_eq!(
        refused(&images, &classes[1..], &defaults()),
        "classes must be one for each of 12 images, found 11"
    );
    assert_eq!(refused(&images, &[3; 12], &defaults()), "classes must be below 3, found 3");
    let large = Images::new(2, 3, vec![0; 12]).unwrap();
    assert_eq!(
        refused(&large, &[0, 1], &defaults()),
        "the model takes images of 4 pixels, the data has 6"
    );
    let one = Images::new(2, 2, vec![0; 4]).unwrap();
    assert_eq!(refused(&one, &[0], &defaults()), "images must be at least 2, found 1");
    for fraction in [0.0, 1.0, f64::NAN] {
        let config = FineTuningConfig { validation_fraction: fraction, ..defaults() };
        let text = refused(&images, &classes, &config);
        assert!(text.starts_with("validation_fraction must be "), "{text}");
    }
    let config = FineTuningConfig { patience: 0, ..defaults() };
    assert_eq!(refused(&images, &classes, &config), "patience must be at least 1, found 0");

    let architecture = architecture(&network(&[4, 3], [2, 2]));
    let parameters = architecture.initialise(SEED);
    for classes in [1, 257] {
        let refused = Classifier::on_encoder(architecture.as_ref(), &parameters, classes, SEED);
        let text = refused.unwrap_err().to_string();
        assert_eq!(text, format!("classes must be from 2 to 256, found {classes}"));
    }
}

fn pretrained(network: &DenseConfig, masked: Option<f32>, images: &Images) -> Pretrained {
    let masking = masked.map(|part| Masking::new(part).unwrap());
    let config = FitConfig { seed: SEED, epochs: 3, batch_size: 64, ..FitConfig::default() };
    let pretraining = Pretraining {
        network,
        corruption: masking.as_ref().map(|noise| noise as &dyn ae_corruption::Corruption),
        optimizer: OptimizerConfig::keras_adam(),
        fit: &config,
    };
    let mut observer = MemoryObserver::default();
    pretrain_layers(&pretraining, [images, images], &mut |_| {}, &mut observer).unwrap()
}

#[test]
fn the_first_layer_is_trained_as_an_autoencoder_of_its_own() {
    let (images, _) = digits(300);
    let whole = network(&[784, 24, 12], [28, 28]);
    let found = pretrained(&whole, None, &images);
    assert_eq!((found.curves.len(), found.outcome), (2, FitOutcome::Completed));

    let first = architecture(&network(&[784, 24], [28, 28]));
    let initial = architecture(&whole).initialise(SEED);
    let names = [
        ("encoder.0.weight", "encoder.0.weight"),
        ("encoder.0.bias", "encoder.0.bias"),
        ("decoder.0.weight", "decoder.1.weight"),
        ("decoder.0.bias", "decoder.1.bias"),
    ];
    let values = names.iter().flat_map(|(_, name)| initial.get(name).unwrap()).copied().collect();
    let start = Parameters::new(first.layout().clone(), values).unwrap();
    let samples = Samples::new(&images, None);
    let data = TrainingData { train: &samples, validation: &samples };
    let config = FitConfig { seed: SEED, epochs: 3, batch_size: 64, ..FitConfig::default() };
    let mut engine = FusedEngine::new(first.as_ref(), Objective::default()).unwrap();
    let mut state = TrainingState::new(start, OptimizerConfig::keras_adam());
    let mut observer = MemoryObserver::default();
    fit(&mut engine, data, &config, &mut state, None, &mut observer).unwrap();
    for (own, name) in names {
        assert_eq!(state.parameters().get(own), found.parameters.get(name), "{name}");
        assert_ne!(found.parameters.get(name), initial.get(name), "{name}");
    }
    assert_eq!(found.curves[0], observer.epochs);
}

/// The second layer learns from codes: its own curve falls, and the unrolled network reconstructs better than one whose
/// second layer has its initial values.
#[test]
fn upper_layers_learn_from_codes_and_the_whole_is_unrolled() {
    let (images, _) = digits(600);
    for tied_weights in [false, true] {
        let whole = DenseConfig { tied_weights, ..network(&[784, 32, 16], [28, 28]) };
        let found = pretrained(&whole, Some(0.25), &images);
        let second = &found.curves[1];
        assert!(second[2].metrics["val_bce"] < second[0].metrics["val_bce"]);
        let architecture = architecture(&whole);
        let error = |parameters: &Parameters| {
            let engine = FusedEngine::new(architecture.as_ref(), Objective::default()).unwrap();
            squared_error(engine, parameters, &images)
        };
        let mut half = found.parameters.clone();
        let initial = architecture.initialise(SEED);
        for view in initial.layout().views() {
            if ["encoder.1", "decoder.0"].contains(&view.name.rsplit_once('.').unwrap().0) {
                let values = initial.get(&view.name).unwrap();
                half.values_mut()[view.range()].copy_from_slice(values);
            }
        }
        assert!(error(&found.parameters) < error(&half), "{tied_weights}");
    }
}

fn squared_error(mut engine: FusedEngine<'_>, parameters: &Parameters, images: &Images) -> f64 {
    let state = TrainingState::new(parameters.clone(), OptimizerConfig::keras_adam());
    engine.load(&state, SEED).unwrap();
    let model = engine.inference().unwrap();
    evaluate(model.as_ref(), &Samples::new(images, None), Detail::Losses)
        .unwrap()
        .reconstruction
        .mse
}

#[test]
fn a_stop_ends_the_pre_training_after_its_layer() {
    struct StopAtOnce;
    impl Observer for StopAtOnce {
        fn observe(&mut self, _: &ae_training::Event) -> Result<(), ae_training::TrainingError> {
            Ok(())
        }
        fn stop(&self) -> Option<ae_training::Stop> {
            Some(ae_training::Stop::AfterEpoch)
        }
    }
    let (images, _) = digits(64);
    let whole = network(&[784, 8, 4], [28, 28]);
    let config = FitConfig { seed: SEED, epochs: 3, ..FitConfig::default() };
    let optimizer = OptimizerConfig::keras_adam();
    let pretraining = Pretraining { network: &whole, corruption: None, optimizer, fit: &config };
    let mut begun = Vec::new();
    let mut begins = |stage: ae_training::LayerStage| begun.push((stage.layer, stage.units));
    let found =
        pretrain_layers(&pretraining, [&images, &images], &mut begins, &mut StopAtOnce).unwrap();
    assert_eq!((found.outcome, found.curves.len()), (FitOutcome::StoppedByObserver, 1));
    assert_eq!(begun, [(1, 8)]);
    let initial = architecture(&whole).initialise(SEED);
    assert_eq!(found.parameters.get("encoder.1.weight"), initial.get("encoder.1.weight"));
}

#[test]
fn networks_that_cannot_be_pre_trained_are_refused() {
    let (images, _) = digits(4);
    let refused = |network: DenseConfig| {
        let config = FitConfig { epochs: 1, ..FitConfig::default() };
        let optimizer = OptimizerConfig::keras_adam();
        let pretraining =
            Pretraining { network: &network, corruption: None, optimizer, fit: &config };
        let mut observer = MemoryObserver::default();
        let refused = pretrain_layers(&pretraining, [&images, &images], &mut |_| {}, &mut observer);
        refused.unwrap_err().to_string()
    };
    let deep = network(&[784, 8, 4], [28, 28]);
    let text = refused(DenseConfig { decoder: vec![4, 9, 784], ..deep.clone() });
    assert!(text.starts_with("decoder must be the mirror image of the encoder"), "{text}");
    let text = refused(DenseConfig { code_activation: Activation::Relu, ..deep });
    assert!(text.starts_with("activation must be sigmoid in every layer"), "{text}");
}
