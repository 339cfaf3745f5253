//! Observers that ask for a clean stop: the run ends with a checkpoint, and a resume ends with the same bits.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::Path;
use std::sync::Arc;

use ae_dataset::Images;
use ae_models::{Architecture, CodeL1, DenseConfig, ModelKind, Objective};
use ae_training::{
    Checkpoints, CsvCurve, Event, FitConfig, FitOutcome, FusedEngine, Identity, MemoryObserver,
    Observer, OptimizerConfig, Samples, Schedule, Stop, TrainingData, TrainingError, TrainingState,
    fit,
};

const EPOCHS: u32 = 4;

/// 6-3-6 on 10 images in batches of 3: four batches per epoch, the last one of one image.
struct Setup {
    images: Images,
    architecture: Box<dyn Architecture>,
    objective: Objective,
    config: FitConfig,
}

fn setup() -> Setup {
    let dense = DenseConfig {
        image: [2, 3],
        encoder: vec![6, 3],
        decoder: vec![3, 6],
        ..DenseConfig::default()
    };
    Setup {
        images: Images::new(2, 3, (0..60).map(|i| (i * 37 % 256) as u8).collect()).unwrap(),
        architecture: dense.model(ModelKind::Regular).unwrap().architecture().unwrap(),
        objective: Objective::default().with(CodeL1 { weight: 0.01 }),
        config: FitConfig {
            epochs: EPOCHS,
            batch_size: 3,
            schedule: Schedule::Cosine { warmup_epochs: 1, final_factor: 0.0 },
            ..FitConfig::default()
        },
    }
}

impl Setup {
    fn start(&self) -> TrainingState {
        let parameters = self.architecture.initialise(self.config.seed);
        TrainingState::new(parameters, OptimizerConfig::default())
    }

    fn fit(
        &self,
        state: &mut TrainingState,
        checkpoints: Option<&Checkpoints>,
        observer: &mut dyn Observer,
    ) -> Result<FitOutcome, TrainingError> {
        let mut engine =
            FusedEngine::new(self.architecture.as_ref(), self.objective.clone()).unwrap();
        let samples = Samples::new(&self.images, None);
        let data = TrainingData { train: &samples, validation: &samples };
        fit(&mut engine, data, &self.config, state, checkpoints, observer)
    }

    fn whole(&self) -> TrainingState {
        let mut state = self.start();
        let outcome = self.fit(&mut state, None, &mut MemoryObserver::default()).unwrap();
        assert_eq!(outcome, FitOutcome::Completed);
        state
    }

    fn load(&self, checkpoints: &Checkpoints) -> TrainingState {
        let layout = self.architecture.layout();
        let (state, faults) = checkpoints.load_newest(layout, OptimizerConfig::default()).unwrap();
        assert!(faults.is_empty(), "{faults:?}");
        state
    }
}

/// Asks for a stop at a batch, counted over the whole run from 1.
struct StopAt {
    batch: usize,
    stop: Stop,
    seen: usize,
    /// Whether the run said that it stops.
    was_told: bool,
}

impl StopAt {
    fn new(batch: usize, stop: Stop) -> Self {
        Self { batch, stop, seen: 0, was_told: false }
    }
}

impl Observer for StopAt {
    fn observe(&mut self, event: &Event) -> Result<(), TrainingError> {
        match event {
            Event::BatchEnded { .. } => self.seen += 1,
            Event::Stopping { .. } => self.was_told = true,
            _ => {}
        }
        Ok(())
    }

    fn stop(&self) -> Option<Stop> {
        (self.seen >= self.batch).then_some(self.stop)
    }
}

fn open(folder: &Path, every: u32) -> Checkpoints {
    Checkpoints::open(folder, Identity::default(), 2).unwrap().every(every)
}

#[test]
fn a_run_that_is_stopped_anywhere_ends_as_one_that_is_not() {
    let setup = setup();
    let whole = setup.whole();
    for stop in [Stop::AfterBatch, Stop::AfterEpoch] {
        for batch in 1..=4 * EPOCHS as usize {
            let folder = tempfile::tempdir().unwrap();
            let checkpoints = open(folder.path(), 3);
            let mut observer = StopAt::new(batch, stop);
            let outcome = setup.fit(&mut setup.start(), Some(&checkpoints), &mut observer).unwrap();
            let is_over = match stop {
                Stop::AfterBatch => batch == 16,
                Stop::AfterEpoch => batch > 12,
            };
            let expected =
                if is_over { FitOutcome::Completed } else { FitOutcome::StoppedByObserver };
            assert_eq!((outcome, observer.was_told), (expected, !is_over), "{stop:?} {batch}");

            let mut state = setup.load(&checkpoints);
            let stopped_at = match stop {
                Stop::AfterBatch => batch,
                Stop::AfterEpoch => batch.next_multiple_of(4),
            };
            assert_eq!(state.steps(), stopped_at as u64);
            assert_eq!(state.completed_epochs() as usize, stopped_at / 4);
            assert_eq!(state.batches_of_next_epoch(), stopped_at % 4);
            let mut rest = MemoryObserver::default();
            setup.fit(&mut state, Some(&checkpoints), &mut rest).unwrap();
            assert_eq!(rest.batch_losses.len(), 16 - stopped_at);
            assert_eq!(state, whole, "{stop:?} at {batch}");
        }
    }
}

#[test]
fn the_checkpoint_within_an_epoch_has_its_own_name_and_goes_when_later_ones_come() {
    let setup = setup();
    let folder = tempfile::tempdir().unwrap();
    let checkpoints = open(folder.path(), 1);
    let mut observer = StopAt::new(6, Stop::AfterBatch);
    setup.fit(&mut setup.start(), Some(&checkpoints), &mut observer).unwrap();
    let newest = checkpoints.newest().unwrap().unwrap();
    assert_eq!(newest, folder.path().join("epoch-0001-batch-00002.safetensors"));
    let mut state = setup.load(&checkpoints);
    setup.fit(&mut state, Some(&checkpoints), &mut MemoryObserver::default()).unwrap();
    let mut names: Vec<_> =
        fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["epoch-0003.safetensors", "epoch-0004.safetensors"]);
}

#[test]
fn the_curve_is_written_at_a_stop_also_between_two_checkpoints() {
    let setup = setup();
    let folder = tempfile::tempdir().unwrap();
    let checkpoints = open(&folder.path().join("checkpoints"), 100);
    let place = folder.path().join("curve.csv");
    let curve = CsvCurve::new(&place, Arc::clone(checkpoints.background()));
    let mut observers: Vec<Box<dyn Observer>> =
        vec![Box::new(curve), Box::new(StopAt::new(9, Stop::AfterBatch))];
    let outcome = setup.fit(&mut setup.start(), Some(&checkpoints), &mut observers).unwrap();
    assert_eq!(outcome, FitOutcome::StoppedByObserver);
    assert_eq!(fs::read_to_string(place).unwrap().lines().count(), 1 + 2);
}

#[test]
fn an_epoch_is_not_resumed_in_batches_of_another_size() {
    let mut setup = setup();
    let mut state = setup.start();
    setup.fit(&mut state, None, &mut StopAt::new(6, Stop::AfterBatch)).unwrap();
    setup.config.batch_size = 5;
    let error = setup.fit(&mut state, None, &mut MemoryObserver::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "training.batch_size must be that of the stopped epoch, in which 2 batches had 6 images, found 5"
    );
}
