//! Networks of many kinds of layers in a run: they resume exactly, repeat themselves on any number of threads, learn, and
//! none of their parameters is forgotten.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]

use ae_corruption::{Draw, Noise};
use ae_dataset::{Digits, Images};
use ae_models::{
    Activation, Architecture, CodeL1, DenseConfig, Device, Kl, Loss, ModelKind, ModelSpec, Network,
    Objective, Shape, keras_conv, keras_conv_denoiser, variational,
};
use ae_random::Seed;
use ae_training::{
    BatchSelection, Checkpoints, Engine, Event, FitConfig, FitOutcome, FusedEngine, Identity,
    MemoryObserver, Observer, OptimizerConfig, SampleCorruption, Samples, Stop, TrainingData,
    TrainingError, TrainingState, autograd_engine, fit,
};
use serde_json::json;

/// The engines of this build.
const ENGINES: &[&str] = if cfg!(feature = "candle") { &["fused", "autograd"] } else { &["fused"] };

fn engine<'a>(
    name: &str,
    architecture: &'a dyn Architecture,
    objective: &Objective,
) -> Box<dyn Engine + 'a> {
    match name {
        "fused" => Box::new(FusedEngine::new(architecture, objective.clone()).unwrap()),
        _ => autograd_engine(architecture, objective.clone(), &Device::Cpu).unwrap(),
    }
}

/// Everything that is drawn or follows the batch: noise, batch normalisations, dropout, and a variational code. The images
/// are corrupted too.
struct Setup {
    images: Images,
    noise: Noise,
    architecture: Box<dyn Architecture>,
    objective: Objective,
    optimizer: OptimizerConfig,
    config: FitConfig,
}

fn setup() -> Setup {
    let spec = json!({
        "kind": "denoising",
        "image": [6, 5],
        "encoder": [
            { "layer": "gaussian-noise", "deviation": 0.1 },
            { "layer": "conv", "channels": 4, "kernel": 3, "stride": 2 },
            { "layer": "batch-norm" },
            { "layer": "activation", "activation": "relu" },
            { "layer": "dropout", "rate": 0.2 },
            { "layer": "dense", "outputs": 6 },
            { "layer": "sample" },
        ],
        "decoder": [
            { "layer": "dense", "outputs": 12, "activation": "tanh" },
            { "layer": "batch-norm", "momentum": 0.3 },
            { "layer": "dropout", "rate": 0.1 },
            { "layer": "dense", "outputs": 30, "activation": "sigmoid" },
        ],
    });
    let spec: ModelSpec = serde_json::from_value(spec).unwrap();
    let objective = Objective::new(Loss::BinaryCrossEntropy)
        .with(Kl { weight: 0.5 })
        .with(CodeL1 { weight: 0.001 });
    Setup {
        images: Images::new(6, 5, (0..25 * 30).map(|i| (i * i * 37 % 256) as u8).collect())
            .unwrap(),
        noise: "masking:0.2".parse().unwrap(),
        architecture: spec.architecture().unwrap(),
        objective,
        optimizer: OptimizerConfig::AdamW {
            learning_rate: 0.01,
            beta1: 0.9,
            beta2: 0.99,
            epsilon: 1e-7,
            weight_decay: 0.1,
        },
        // Three batches an epoch, the last one of a single image.
        config: FitConfig {
            epochs: 4,
            batch_size: 12,
            kl_warm_up: Some(3),
            ..FitConfig::default()
        },
    }
}

impl Setup {
    fn start(&self) -> TrainingState {
        TrainingState::new(self.architecture.initialise(Seed::new(7)), self.optimizer)
    }

    fn fit(
        &self,
        name: &str,
        epochs: u32,
        state: &mut TrainingState,
        checkpoints: &Checkpoints,
        observer: &mut dyn Observer,
    ) -> FitOutcome {
        let corruption = SampleCorruption {
            corruption: &self.noise,
            draw: Draw::EveryEpoch,
            stream: Seed::new(7).stream("noise"),
        };
        let samples = Samples::new(&self.images, Some(corruption));
        let data = TrainingData { train: &samples, validation: &samples };
        let mut engine = engine(name, self.architecture.as_ref(), &self.objective);
        let config = FitConfig { epochs, ..self.config.clone() };
        fit(engine.as_mut(), data, &config, state, Some(checkpoints), observer).unwrap()
    }

    fn load(&self, checkpoints: &Checkpoints) -> TrainingState {
        let layout = self.architecture.layout();
        let (state, faults) = checkpoints.load_newest(layout, self.optimizer).unwrap();
        assert!(faults.is_empty(), "{faults:?}");
        state
    }
}

/// Asks for a stop after some batches.
struct StopAfter {
    batches: usize,
}

impl Observer for StopAfter {
    fn observe(&mut self, event: &Event) -> Result<(), TrainingError> {
        self.batches -= usize::from(matches!(event, Event::BatchEnded { .. }));
        Ok(())
    }

    fn stop(&self) -> Option<Stop> {
        (self.batches == 0).then_some(Stop::AfterBatch)
    }
}

/// Whole, in two halves of two epochs, and stopped within an epoch; clipped or not.
#[test]
fn draws_and_running_statistics_are_resumed_exactly() {
    let mut setup = setup();
    for (&name, clip_norm) in ENGINES.iter().flat_map(|name| [(name, None), (name, Some(0.1))]) {
        setup.config.clip_norm = clip_norm;
        let folder = tempfile::tempdir().unwrap();
        let open = |name: &str| {
            Checkpoints::open(&folder.path().join(name), Identity::default(), 9).unwrap()
        };
        let memory = &mut MemoryObserver::default();
        let mut whole = setup.start();
        setup.fit(name, 4, &mut whole, &open("whole"), memory);

        let checkpoints = open("halves");
        setup.fit(name, 2, &mut setup.start(), &checkpoints, memory);
        let mut halves = setup.load(&checkpoints);
        assert_eq!(halves.completed_epochs(), 2);
        setup.fit(name, 4, &mut halves, &checkpoints, memory);
        assert_eq!(halves, whole, "{name}, {clip_norm:?}");

        let checkpoints = open("stopped");
        let stopped =
            setup.fit(name, 4, &mut setup.start(), &checkpoints, &mut StopAfter { batches: 7 });
        assert_eq!(stopped, FitOutcome::StoppedByObserver);
        let mut resumed = setup.load(&checkpoints);
        assert_eq!(resumed.batches_of_next_epoch(), 1);
        setup.fit(name, 4, &mut resumed, &checkpoints, memory);
        assert_eq!(resumed, whole, "{name}, {clip_norm:?}");

        // Running statistics have followed the data and are no weights that decay.
        let [mean, variance] = ["running_mean", "running_var"]
            .map(|statistic| whole.parameters().get(&format!("encoder.2.{statistic}")).unwrap());
        assert!(mean.iter().all(|x| x.abs() > 1e-3), "{mean:?}");
        assert!(variance.iter().all(|&x| x > 0.0 && x < 0.9), "{variance:?}");
    }
}

#[test]
fn the_same_bits_for_any_number_of_threads() {
    let setup = setup();
    for name in ENGINES {
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let folder = tempfile::tempdir().unwrap();
                let checkpoints = Checkpoints::open(folder.path(), Identity::default(), 1).unwrap();
                let mut state = setup.start();
                setup.fit(name, 2, &mut state, &checkpoints, &mut MemoryObserver::default());
                state
            })
        };
        let one = run(1);
        for threads in [2, 5] {
            assert_eq!(run(threads), one, "{name}, {threads} threads");
        }
    }
}

/// The presets for digits.
fn presets() -> Vec<(&'static str, Network)> {
    let item = Shape::new(1, 28, 28);
    let dense = |dense: DenseConfig| dense.model(ModelKind::Regular).unwrap().network;
    let deep = DenseConfig {
        encoder: vec![784, 128, 64, 32],
        decoder: vec![32, 64, 128, 784],
        ..DenseConfig::default()
    };
    let tied = DenseConfig { tied_weights: true, ..DenseConfig::default() };
    vec![
        ("tutorial", ModelSpec::tutorial(ModelKind::Regular).network),
        ("deep", dense(deep)),
        ("tied", dense(tied)),
        ("conv", keras_conv(item, Activation::Sigmoid)),
        ("conv-denoiser", keras_conv_denoiser(item, Activation::Sigmoid)),
        ("vae", variational(item, &[400], 20, Activation::Sigmoid)),
    ]
}

fn objective_of(architecture: &dyn Architecture) -> Objective {
    let objective = Objective::new(Loss::BinaryCrossEntropy);
    if architecture.is_variational() { objective.with(Kl { weight: 1.0 }) } else { objective }
}

#[test]
fn every_parameter_of_every_preset_is_trained_and_none_but_biases_begins_at_zero() {
    let images = Digits::STANDARD.train(8).unwrap();
    let samples = Samples::new(&images, None);
    let indices: Vec<u32> = (0..8).collect();
    let batch = BatchSelection { samples: &samples, indices: &indices, epoch: 0 };
    for (preset, network) in presets() {
        let spec = ModelSpec { kind: ModelKind::Regular, network };
        let architecture = spec.architecture().unwrap();
        let architecture = architecture.as_ref();
        let parameters = architecture.initialise(Seed::new(7));
        let state = TrainingState::new(parameters.clone(), OptimizerConfig::default());
        for name in ENGINES {
            let mut engine = engine(name, architecture, &objective_of(architecture));
            engine.load(&state, Seed::new(7)).unwrap();
            let mut gradient = vec![0.0; parameters.values().len()];
            engine.gradient(batch, &mut gradient).unwrap();
            for view in architecture.layout().views().iter().filter(|view| view.is_trained) {
                let of_view = &gradient[view.range()];
                assert!(of_view.iter().any(|&g| g != 0.0), "{preset}, {name}: {}", view.name);
            }
        }
        for view in architecture.layout().views() {
            let values = &parameters.values()[view.range()];
            let is_zero = values.iter().all(|&x| x == 0.0);
            let begins_at_zero =
                view.name.ends_with(".bias") || view.name.ends_with("running_mean");
            assert_eq!(is_zero, begins_at_zero, "{preset}: {}", view.name);
        }
    }
}

/// Keras' convolutional network on digits, after a few steps: better than the mean image by far.
#[test]
fn a_convolutional_network_learns_digits() {
    let (train, test) = (Digits::STANDARD.train(96).unwrap(), Digits::STANDARD.test(32).unwrap());
    let (train, validation) = (Samples::new(&train, None), Samples::new(&test, None));
    let data = TrainingData { train: &train, validation: &validation };
    let network = keras_conv(Shape::new(1, 28, 28), Activation::Sigmoid);
    let architecture = ModelSpec { kind: ModelKind::Regular, network }.architecture().unwrap();
    let config = FitConfig { epochs: 6, batch_size: 8, ..FitConfig::default() };
    let optimizer = OptimizerConfig::keras_adam().with_learning_rate(0.005);
    let objective = objective_of(architecture.as_ref());
    let mut engine = engine("fused", architecture.as_ref(), &objective);
    let mut state = TrainingState::new(architecture.initialise(config.seed), optimizer);
    fit(engine.as_mut(), data, &config, &mut state, None, &mut MemoryObserver::default()).unwrap();
    let losses: Vec<f64> = state.curve().iter().map(|row| row.metrics["val_bce"]).collect();
    assert!(losses[5] < 0.6 * losses[0], "{losses:?}");
}
