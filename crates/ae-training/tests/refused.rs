//! What `fit` refuses before the first step, and what it must not lose at the end.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::sync::Arc;

use ae_dataset::Images;
use ae_models::{Architecture, DenseConfig, ModelKind, Objective};
use ae_random::Seed;
use ae_training::{
    Background, CsvCurve, EarlyStopping, FitConfig, FitOutcome, FusedEngine, MemoryObserver,
    Observer, OptimizerConfig, Samples, Schedule, TrainingData, TrainingError, TrainingState, fit,
};

/// A training of 6-2-6 on 8 images.
struct Setup {
    images: Images,
    architecture: Box<dyn Architecture>,
    optimizer: OptimizerConfig,
    config: FitConfig,
}

fn setup(epochs: u32) -> Setup {
    let dense = DenseConfig {
        image: [2, 3],
        channels: 1,
        encoder: vec![6, 2],
        decoder: vec![2, 6],
        ..DenseConfig::default()
    };
    Setup {
        images: Images::new(2, 3, (0..48).map(|i| (i * 37 % 256) as u8).collect()).unwrap(),
        architecture: dense.model(ModelKind::Regular).unwrap().architecture().unwrap(),
        optimizer: OptimizerConfig::keras_adam(),
        config: FitConfig {
            seed: Seed::new(7),
            epochs,
            batch_size: 4,
            schedule: Schedule::Constant {},
            clip_norm: None,
            kl_warm_up: None,
            early_stopping: None,
        },
    }
}

impl Setup {
    fn start(&self) -> TrainingState {
        TrainingState::new(self.architecture.initialise(Seed::new(7)), self.optimizer)
    }

    fn fit(
        &self,
        state: &mut TrainingState,
        observer: &mut dyn Observer,
    ) -> Result<FitOutcome, TrainingError> {
        let objective = Objective::default();
        let mut engine = FusedEngine::new(self.architecture.as_ref(), objective).unwrap();
        let samples = Samples::new(&self.images, None);
        let data = TrainingData { train: &samples, validation: &samples };
        fit(&mut engine, data, &self.config, state, None, observer)
    }
}

#[test]
fn a_setting_out_of_its_range_is_named_before_anything_is_done() {
    type Change = fn(&mut Setup);
    let adam = |epsilon, beta1| OptimizerConfig::Adam {
        learning_rate: 0.01,
        beta1,
        beta2: 0.999,
        epsilon,
    };
    let stopping = |change: fn(&mut EarlyStopping)| {
        let mut stopping =
            EarlyStopping { metric: "val_bce".to_owned(), patience: 3, min_delta: 0.0 };
        change(&mut stopping);
        stopping
    };
    let mut wrong: Vec<(Setup, &str)> = Vec::new();
    let changes: [(Change, &str); 12] = [
        (|s| s.config.batch_size = 0, "training.batch_size must be at least 1, found 0"),
        (|s| s.config.epochs = 0, "training.epochs must be at least 1, found 0"),
        (
            |s| s.config.clip_norm = Some(-1.0),
            "training.clip_norm must be finite and above 0, found -1",
        ),
        (
            |s| s.config.clip_norm = Some(0.0),
            "training.clip_norm must be finite and above 0, found 0",
        ),
        (
            |s| s.config.clip_norm = Some(f64::NAN),
            "training.clip_norm must be finite and above 0, found NaN",
        ),
        (|s| s.config.clip_norm = Some(1e-50), "training.clip_norm must be from 1.5e-45"),
        (
            |s| s.optimizer = s.optimizer.with_learning_rate(0.0),
            "learning_rate must be finite and above 0",
        ),
        (
            |s| s.optimizer = s.optimizer.with_learning_rate(1e39),
            "learning_rate must be from 1.5e-45",
        ),
        (
            |s| s.optimizer = s.optimizer.with_learning_rate(f64::INFINITY),
            "learning_rate must be finite",
        ),
        (
            |s| s.optimizer = OptimizerConfig::Sgd { learning_rate: 0.1, momentum: 1.0 - 1e-12 },
            "momentum must be below 1 as a 32-bit float too",
        ),
        (
            |s| s.config.schedule = Schedule::Step { factor: 0.5, every_epochs: 0 },
            "schedule.every_epochs must be at least 1, found 0",
        ),
        (
            |s| s.config.schedule = Schedule::Cosine { warmup_epochs: 9, final_factor: 0.0 },
            "schedule.warmup_epochs must be below the 2 epochs of the run, found 9",
        ),
    ];
    for (change, message) in changes {
        let mut setup = setup(2);
        change(&mut setup);
        wrong.push((setup, message));
    }
    for (optimizer, message) in [
        (adam(1e-50, 0.9), "epsilon must be from 1.5e-45 to 3.4e38"),
        (adam(0.0, 0.9), "epsilon must be finite and above 0, found 0"),
        (adam(1e-7, 1.0), "beta1 must be in [0, 1), found 1"),
        (adam(1e-7, f64::NAN), "beta1 must be in [0, 1), found NaN"),
    ] {
        wrong.push((Setup { optimizer, ..setup(2) }, message));
    }
    for (early_stopping, message) in [
        (stopping(|s| s.patience = 0), "training.early_stopping.patience must be at least 1"),
        (
            stopping(|s| s.min_delta = f64::NAN),
            "min_delta must be finite and at least 0, found NaN",
        ),
        (stopping(|s| s.min_delta = -1.0), "min_delta must be finite and at least 0, found -1"),
        (
            stopping(|s| s.metric = "val_ssim".to_owned()),
            "there is no metric `val_ssim` in this run",
        ),
    ] {
        let mut setup = setup(2);
        setup.config.early_stopping = Some(early_stopping);
        wrong.push((setup, message));
    }
    for (setup, message) in wrong {
        let (mut state, mut observer) = (setup.start(), MemoryObserver::default());
        let error = setup.fit(&mut state, &mut observer).unwrap_err().to_string();
        assert!(error.contains(message), "{error}\nlacks {message}");
        assert!(observer.batch_losses.is_empty(), "{message}");
        assert_eq!(state.parameters(), setup.start().parameters(), "{message}");
    }
}

#[test]
fn the_last_line_of_a_curve_is_written_or_the_training_fails() {
    let setup = setup(1);
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("curve.csv");
    let fit = || {
        let mut curve = CsvCurve::new(&place, Arc::new(Background::start()));
        setup.fit(&mut setup.start(), &mut curve)
    };
    fit().unwrap();
    assert_eq!(fs::read_to_string(&place).unwrap().lines().count(), 2);
    fs::remove_file(&place).unwrap();
    fs::create_dir(&place).unwrap();
    let error = fit().unwrap_err().to_string();
    assert!(error.contains("curve.csv: it is a directory"), "{error}");
}
