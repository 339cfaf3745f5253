//! The loop as a whole: it learns, it repeats itself, it resumes exactly, it stops when it should.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]

use std::path::Path;

use ae_corruption::{Draw, Noise};
use ae_dataset::Images;
use ae_models::{Architecture, CodeL1, DenseConfig, Device, Loss, ModelKind, Objective};
use ae_random::Seed;
use ae_training::{
    BatchSelection, Checkpoints, Detail, EarlyStopping, Engine, Event, FitConfig, FitOutcome,
    FusedEngine, Identity, MemoryObserver, Observer, OptimizerConfig, Quality, SampleCorruption,
    Samples, Schedule, StepSize, TrainingBatch, TrainingData, TrainingError, TrainingState,
    autograd_engine, errors_by_place, fit, squared_errors,
};

const SIDE: usize = 8;

/// Images of a bright bar each: something that a narrow code can hold.
fn bars(n: usize) -> Images {
    let pixels = (0..n * SIDE * SIDE).map(|i| {
        let (image, column) = (i / (SIDE * SIDE), i % SIDE);
        if column == image * 5 % SIDE { 230 } else { (i * 7 % 20) as u8 }
    });
    Images::new(SIDE, SIDE, pixels.collect()).unwrap()
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Fused,
    Autograd,
}

/// The engines of this build.
const KINDS: &[Kind] =
    if cfg!(feature = "candle") { &[Kind::Fused, Kind::Autograd] } else { &[Kind::Fused] };

struct Setup {
    engine: Kind,
    images: Images,
    architecture: Box<dyn Architecture>,
    objective: Objective,
    noise: Option<(Noise, Draw)>,
    optimizer: OptimizerConfig,
    config: FitConfig,
}

fn setup(epochs: u32, noise: Option<(&str, Draw)>) -> Setup {
    let kind = if noise.is_some() { ModelKind::Denoising } else { ModelKind::Regular };
    let dense = DenseConfig {
        image: [SIDE, SIDE],
        channels: 1,
        encoder: vec![SIDE * SIDE, 12],
        decoder: vec![12, SIDE * SIDE],
        ..DenseConfig::default()
    };
    let optimizer =
        OptimizerConfig::Adam { learning_rate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };
    Setup {
        engine: Kind::Fused,
        images: bars(300),
        architecture: dense.model(kind).unwrap().architecture().unwrap(),
        objective: Objective::new(Loss::BinaryCrossEntropy),
        noise: noise.map(|(text, draw)| (text.parse().unwrap(), draw)),
        optimizer,
        config: FitConfig {
            seed: Seed::new(7),
            epochs,
            batch_size: 100,
            schedule: Schedule::Cosine { warmup_epochs: u32::from(epochs > 1), final_factor: 0.1 },
            clip_norm: None,
            kl_warm_up: None,
            early_stopping: None,
        },
    }
}

impl Setup {
    fn engine(&self) -> Box<dyn Engine + '_> {
        match self.engine {
            Kind::Fused => Box::new(
                FusedEngine::new(self.architecture.as_ref(), self.objective.clone()).unwrap(),
            ),
            Kind::Autograd => {
                let architecture = self.architecture.as_ref();
                autograd_engine(architecture, self.objective.clone(), &Device::Cpu).unwrap()
            }
        }
    }

    fn samples(&self) -> Samples<'_> {
        let corruption = self.noise.as_ref().map(|(corruption, draw)| SampleCorruption {
            corruption,
            draw: *draw,
            stream: Seed::new(7).stream("noise"),
        });
        Samples::new(&self.images, corruption)
    }

    fn start(&self) -> TrainingState {
        TrainingState::new(self.architecture.initialise(Seed::new(7)), self.optimizer)
    }

    fn checkpoints(&self, folder: &Path) -> Checkpoints {
        Checkpoints::open(folder, Identity::default(), 2).unwrap()
    }

    fn fit(
        &self,
        state: &mut TrainingState,
        folder: &Path,
        observer: &mut dyn Observer,
    ) -> Result<FitOutcome, TrainingError> {
        let mut engine = self.engine();
        let samples = self.samples();
        let data = TrainingData { train: &samples, validation: &samples };
        let checkpoints = self.checkpoints(folder);
        fit(engine.as_mut(), data, &self.config, state, Some(&checkpoints), observer)
    }

    fn run(&self) -> TrainingState {
        let folder = tempfile::tempdir().unwrap();
        let mut state = self.start();
        self.fit(&mut state, folder.path(), &mut MemoryObserver::default()).unwrap();
        state
    }
}

#[test]
fn it_learns_bars_by_heart() {
    let state = setup(60, None).run();
    let (first, last) = (&state.curve()[0].metrics, &state.curve()[59].metrics);
    assert!(first["val_bce"] > 0.4, "{first:?}");
    assert!(last["val_bce"] < 0.2, "{last:?}");
    assert!(last["val_mse"] < 0.005, "{last:?}");
}

#[test]
fn the_same_weights_for_any_number_of_threads() {
    let noise = Some(("gaussian:0.5+masking:0.2", Draw::EveryEpoch));
    for (engine, noise) in KINDS.iter().flat_map(|&engine| [(engine, None), (engine, noise)]) {
        let digest = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let state = Setup { engine, ..setup(3, noise) }.run();
                (state.parameters().sha256(), state.curve().to_vec())
            })
        };
        let one = digest(1);
        for threads in [2, 3, 4, 8] {
            assert_eq!(digest(threads), one, "{threads} threads");
        }
    }
}

#[test]
fn a_run_that_is_interrupted_ends_as_one_that_is_not() {
    for (engine, noise) in [
        (Kind::Fused, None),
        (Kind::Autograd, Some(("gaussian:0.5", Draw::Once))),
        (Kind::Fused, Some(("masking:0.3", Draw::EveryEpoch))),
    ]
    .into_iter()
    .filter(|(engine, _)| KINDS.contains(engine))
    {
        let setup = Setup { engine, ..setup(6, noise) };
        let whole = setup.run();

        /// Interrupts the run in the middle of an epoch, as a kill does.
        struct Interrupt;
        impl Observer for Interrupt {
            fn observe(&mut self, event: &Event) -> Result<(), TrainingError> {
                match event {
                    Event::BatchEnded { epoch: 4, batch: 2, .. } => {
                        Err(TrainingError::observer("interrupted"))
                    }
                    _ => Ok(()),
                }
            }
        }
        let folder = tempfile::tempdir().unwrap();
        let error = setup.fit(&mut setup.start(), folder.path(), &mut Interrupt).unwrap_err();
        assert_eq!(error.to_string(), "an observer failed: interrupted");
        let checkpoints = setup.checkpoints(folder.path());
        let layout = setup.architecture.layout();
        let (mut state, faults) = checkpoints.load_newest(layout, setup.optimizer).unwrap();
        assert_eq!((state.completed_epochs(), faults.len()), (3, 0));
        let outcome = setup.fit(&mut state, folder.path(), &mut MemoryObserver::default()).unwrap();

        assert_eq!((outcome, &state), (FitOutcome::Completed, &whole));
    }
}

#[test]
fn fresh_noise_differs_between_epochs_and_noise_drawn_once_does_not() {
    let gather = |draw, epoch| {
        let setup = setup(1, Some(("gaussian:0.5", draw)));
        setup.samples().gather(&[3, 9], epoch).inputs
    };
    assert_eq!(gather(Draw::Once, 0), gather(Draw::Once, 5));
    assert_eq!(gather(Draw::Once, 0), gather(Draw::EveryEpoch, 0));
    assert_ne!(gather(Draw::EveryEpoch, 0), gather(Draw::EveryEpoch, 5));
}

#[test]
fn a_batch_larger_than_the_data_is_one_batch_and_one_image_can_be_learned() {
    let mut setup = setup(2, None);
    setup.images = bars(1);
    let mut observer = MemoryObserver::default();
    let folder = tempfile::tempdir().unwrap();
    setup.fit(&mut setup.start(), folder.path(), &mut observer).unwrap();
    assert_eq!(observer.batch_losses.len(), 2);
    assert_eq!(observer.epochs[1].metrics["train_bce"], observer.batch_losses[1]);
}

#[test]
fn the_training_loss_is_the_mean_over_images_and_not_over_batches() {
    let mut setup = setup(1, None);
    setup.config.batch_size = 200;
    let mut observer = MemoryObserver::default();
    let folder = tempfile::tempdir().unwrap();
    setup.fit(&mut setup.start(), folder.path(), &mut observer).unwrap();
    let [long, short] = observer.batch_losses[..] else { panic!("200 and 100 images") };
    let expected = (200.0 * long + 100.0 * short) / 300.0;
    assert!((observer.epochs[0].metrics["train_bce"] - expected).abs() < 1e-12);
}

/// Loss and penalty of an epoch are the means over its images, and stand in the curve apart.
#[test]
fn a_penalty_has_a_metric_of_its_own() {
    let mut setup = setup(1, None);
    setup.objective = Objective::default().with(CodeL1 { weight: 0.01 });
    setup.config.batch_size = 300;
    let mut engine = setup.engine();
    engine.load(&setup.start(), Seed::new(7)).unwrap();
    let (samples, indices) = (setup.samples(), Vec::from_iter(0..300));
    let batch = BatchSelection { samples: &samples, indices: &indices, epoch: 0 };
    let mut codes = vec![0.0; 300 * 12];
    let model = engine.inference().unwrap();
    model.encode(&samples.gather(&indices, 0).inputs, &mut codes).unwrap();
    let expected = 0.01 * codes.iter().map(|&x| f64::from(x).abs()).sum::<f64>() / 300.0;
    let size = StepSize { learning_rate: 0.1, clip_norm: None, kl_share: 1.0 };
    let loss = engine.step(batch, size).unwrap().loss;
    assert!((loss.penalties[0] - expected).abs() < 1e-6 * expected, "{loss:?}, {expected}");

    let state = setup.run();
    let metrics = &state.curve()[0].metrics;
    let close = |a: f64, b: f64| (a - b).abs() < 1e-6 * b;
    assert!(close(metrics["train_code_l1"], expected), "{metrics:?}");
    assert!(close(metrics["train_bce"], loss.reconstruction), "{metrics:?}");
    assert!(close(loss.objective(), loss.reconstruction + expected));
}

#[test]
fn a_divergence_names_epoch_and_batch_and_the_last_good_checkpoint() {
    let mut setup = setup(50, None);
    setup.optimizer = OptimizerConfig::Sgd { learning_rate: 1e30, momentum: 0.0 };
    setup.config.schedule = Schedule::Constant {};
    let folder = tempfile::tempdir().unwrap();
    let mut state = setup.start();
    let error = setup.fit(&mut state, folder.path(), &mut MemoryObserver::default()).unwrap_err();
    let TrainingError::Diverged { epoch: 1, batch, .. } = &error else { panic!("{error}") };
    assert!((2..=3).contains(batch), "{error}");
    assert!(error.to_string().ends_with("there is no checkpoint before it"), "{error}");

    // After a good epoch the checkpoint is named.
    setup.optimizer = OptimizerConfig::Sgd { learning_rate: 0.01, momentum: 0.0 };
    setup.config.epochs = 1;
    let mut state = setup.start();
    setup.fit(&mut state, folder.path(), &mut MemoryObserver::default()).unwrap();
    setup.config.epochs = 9;
    setup.config.schedule = Schedule::Constant {};
    setup.optimizer = OptimizerConfig::Sgd { learning_rate: 1e30, momentum: 0.0 };
    let checkpoints = setup.checkpoints(folder.path());
    let (mut state, _) =
        checkpoints.load_newest(setup.architecture.layout(), setup.optimizer).unwrap();
    let error = setup.fit(&mut state, folder.path(), &mut MemoryObserver::default()).unwrap_err();
    assert!(error.to_string().contains("epoch-0001.safetensors"), "{error}");
}

#[test]
fn a_step_that_ruins_the_validation_is_a_divergence_and_leaves_no_checkpoint() {
    let mut setup = setup(1, None);
    setup.optimizer = OptimizerConfig::Sgd { learning_rate: 1e30, momentum: 0.0 };
    setup.config.schedule = Schedule::Constant {};
    setup.config.batch_size = 300;
    let folder = tempfile::tempdir().unwrap();
    let mut state = setup.start();
    let error = setup.fit(&mut state, folder.path(), &mut MemoryObserver::default()).unwrap_err();
    assert!(error.to_string().contains("epoch 1, batch 1: the validation loss"), "{error}");
    assert_eq!(setup.checkpoints(folder.path()).newest().unwrap(), None);
}

#[test]
fn clipping_bounds_the_step() {
    let mut setup = setup(1, None);
    setup.optimizer = OptimizerConfig::Sgd { learning_rate: 1.0, momentum: 0.0 };
    setup.config.schedule = Schedule::Constant {};
    setup.config.clip_norm = Some(1e-3);
    setup.config.batch_size = 300;
    let before = setup.start();
    let after = setup.run();
    let moved = before.parameters().values().iter().zip(after.parameters().values());
    let distance: f64 = moved.map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>().sqrt();
    assert!((distance - 1e-3).abs() < 1e-6, "{distance}");
}

#[test]
fn a_run_stops_when_its_metric_no_longer_falls_and_an_unknown_metric_is_told() {
    let mut setup = setup(30, None);
    let never =
        |metric: &str| EarlyStopping { metric: metric.to_owned(), patience: 3, min_delta: 100.0 };
    setup.config.early_stopping = Some(never("val_bce"));
    let folder = tempfile::tempdir().unwrap();
    let mut observer = MemoryObserver::default();
    let outcome = setup.fit(&mut setup.start(), folder.path(), &mut observer).unwrap();
    assert_eq!(outcome, FitOutcome::StoppedEarly);
    assert_eq!(observer.stopped_early, Some(4), "one that counts as better, and three that do not");

    setup.config.early_stopping = Some(never("val_loss"));
    let error = setup.fit(&mut setup.start(), folder.path(), &mut observer).unwrap_err();
    assert_eq!(
        error.to_string(),
        "there is no metric `val_loss` in this run; there are train_bce, val_bce, val_mse"
    );
}

#[test]
fn a_model_and_its_data_must_agree_about_noise() {
    let folder = tempfile::tempdir().unwrap();
    let mut denoising = setup(1, Some(("gaussian:0.5", Draw::Once)));
    denoising.noise = None;
    let error = denoising
        .fit(&mut denoising.start(), folder.path(), &mut MemoryObserver::default())
        .unwrap_err();
    assert_eq!(error.to_string(), "the model learns from corrupted images, but no noise was given");
}

#[test]
fn an_evaluation_adds_up() {
    let setup = setup(40, Some(("gaussian:0.5", Draw::Once)));
    let state = setup.run();
    let mut engine = setup.engine();
    engine.load(&state, Seed::new(7)).unwrap();
    let model = engine.inference().unwrap();
    let samples = setup.samples();
    let full = engine.evaluate(&samples, Detail::Full).unwrap();
    let errors = squared_errors(model.as_ref(), &samples).unwrap();

    let quality = &full.reconstruction;
    let mean = errors.iter().sum::<f64>() / 300.0;
    assert!((quality.sse - mean).abs() < 1e-9 * mean);
    assert!((quality.mse * 64.0 - quality.sse).abs() < 1e-12);
    assert!((quality.psnr() - 10.0 * (1.0 / quality.mse).log10()).abs() < 1e-12);
    // Divided by place, and by item: two places of 24 and 40 values.
    let place_of: Vec<u32> = (0..64).map(|value| u32::from(value >= 24)).collect();
    let divided = errors_by_place(model.as_ref(), &samples, &place_of, 2).unwrap();
    let [a, b] = [divided.places[0], divided.places[1]];
    assert!(((24.0 * a + 40.0 * b) / 64.0 - quality.mse).abs() < 1e-12, "{a} {b}");
    assert!(a != b);
    for (item, sum) in divided.items.iter().zip(&errors) {
        assert!((item * 64.0 - sum).abs() < 1e-9 * sum);
    }
    assert_eq!(divided.items.len(), 300);
    let noisy = full.noisy.as_ref().unwrap();
    // What no model has made is judged alike: here the noisy images themselves.
    let TrainingBatch { inputs, targets } = samples.gather(&Vec::from_iter(0..300), 0);
    assert_eq!(&Quality::of(&inputs, &targets, setup.images.shape()), noisy);
    assert!(noisy.mse > quality.mse && noisy.ssim < quality.ssim);
    // The loop's sums are the kernels', the full evaluation's are in f64.
    let reported = state.curve()[39].metrics["val_bce"];
    assert!((reported - quality.bce.unwrap()).abs() < 1e-6 * reported);
    let names: Vec<String> = full.metrics(Detail::Full).into_keys().collect();
    assert_eq!(
        names,
        [
            "noisy_mse",
            "noisy_psnr",
            "noisy_ssim",
            "val_bce",
            "val_mse",
            "val_psnr",
            "val_sse",
            "val_ssim"
        ]
    );
}
