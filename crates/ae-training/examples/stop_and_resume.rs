//! Trains the tutorial's network on procedural digits, stops in the middle of an epoch, resumes from the checkpoint, and
//! compares the weights with those of a run that was not stopped.

use std::error::Error;

use ae_dataset::{Digits, Images};
use ae_models::{Architecture, ModelKind, ModelSpec};
use ae_training::{
    Checkpoints, Event, FitConfig, FitOutcome, FusedEngine, Identity, MemoryObserver, Objective,
    Observer, OptimizerConfig, Samples, Stop, TrainingData, TrainingError, TrainingState, fit,
};

const CONFIG: fn() -> FitConfig = || FitConfig { epochs: 3, ..FitConfig::default() };

/// Asks for a stop after some batches.
struct StopAfter {
    batches: usize,
}

impl Observer for StopAfter {
    fn observe(&mut self, event: &Event) -> Result<(), TrainingError> {
        if let Event::BatchEnded { .. } = event {
            self.batches = self.batches.saturating_sub(1);
        }
        Ok(())
    }

    fn stop(&self) -> Option<Stop> {
        (self.batches == 0).then_some(Stop::AfterBatch)
    }
}

fn run(
    architecture: &dyn Architecture,
    images: &Images,
    state: &mut TrainingState,
    checkpoints: Option<&Checkpoints>,
    observer: &mut dyn Observer,
) -> Result<FitOutcome, TrainingError> {
    let mut engine = FusedEngine::new(architecture, Objective::default())?;
    let samples = Samples::new(images, None);
    let data = TrainingData { train: &samples, validation: &samples };
    fit(&mut engine, data, &CONFIG(), state, checkpoints, observer)
}

#[expect(clippy::print_stdout, reason = "an example prints")]
fn main() -> Result<(), Box<dyn Error>> {
    let images = Digits::STANDARD.train(2000)?;
    let architecture = ModelSpec::tutorial(ModelKind::Regular).architecture()?;
    let architecture = architecture.as_ref();
    let optimizer = OptimizerConfig::keras_adam();
    let start = || TrainingState::new(architecture.initialise(CONFIG().seed), optimizer);

    let mut whole = start();
    run(architecture, &images, &mut whole, None, &mut MemoryObserver::default())?;
    for row in whole.curve() {
        println!("epoch {}: validation cross-entropy {:.4}", row.epoch, row.metrics["val_bce"]);
    }

    let folder = tempfile::tempdir()?;
    let checkpoints = Checkpoints::open(folder.path(), Identity::default(), 2)?;
    let mut observer = StopAfter { batches: 11 };
    let outcome = run(architecture, &images, &mut start(), Some(&checkpoints), &mut observer)?;
    let (mut state, _) = checkpoints.load_newest(architecture.layout(), optimizer)?;
    println!("{outcome:?} after {} steps", state.steps());
    run(architecture, &images, &mut state, Some(&checkpoints), &mut MemoryObserver::default())?;
    let is_equal = state.parameters().sha256() == whole.parameters().sha256();
    println!("resumed: the weights are {}", if is_equal { "the same" } else { "different" });
    Ok(())
}
