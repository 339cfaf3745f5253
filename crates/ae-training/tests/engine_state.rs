//! Who holds the numbers of a training: the engine between two snapshots, the state after one.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]

use ae_dataset::Images;
use ae_models::{Architecture, DenseConfig, Device, ModelKind, Objective};
use ae_random::Seed;
use ae_training::{
    BatchSelection, Detail, Engine, Event, FitConfig, FusedEngine, MemoryObserver, Observer,
    OptimizerConfig, Samples, StepSize, TrainingData, TrainingError, TrainingState,
    autograd_engine, fit,
};

fn architecture(code: usize) -> Box<dyn Architecture> {
    let dense = DenseConfig {
        image: [2, 3],
        encoder: vec![6, code],
        decoder: vec![code, 6],
        ..DenseConfig::default()
    };
    dense.model(ModelKind::Regular).unwrap().architecture().unwrap()
}

fn start(architecture: &dyn Architecture) -> TrainingState {
    TrainingState::new(architecture.initialise(Seed::new(7)), OptimizerConfig::keras_adam())
}

fn images() -> Images {
    Images::new(2, 3, (0..48).map(|i| (i * 37 % 256) as u8).collect()).unwrap()
}

/// The engines of this build.
fn engines(architecture: &dyn Architecture) -> Vec<Box<dyn Engine + '_>> {
    let fused = FusedEngine::new(architecture, Objective::default()).unwrap();
    let mut engines: Vec<Box<dyn Engine>> = vec![Box::new(fused)];
    engines.extend(autograd_engine(architecture, Objective::default(), &Device::Cpu));
    assert_eq!(engines.len(), if cfg!(feature = "candle") { 2 } else { 1 });
    engines
}

const SIZE: StepSize = StepSize { learning_rate: 0.1, clip_norm: None, kl_share: 1.0 };

#[test]
fn an_engine_without_a_state_or_with_another_model_s_says_so() {
    let (architecture, other) = (architecture(2), architecture(3));
    let images = images();
    let samples = Samples::new(&images, None);
    let batch = BatchSelection { samples: &samples, indices: &[0, 1], epoch: 0 };
    for mut engine in engines(architecture.as_ref()) {
        let mut state = start(architecture.as_ref());
        let mut gradient = vec![0.0; state.parameters().values().len()];
        for refused in [
            engine.step(batch, SIZE).map(|_| ()),
            engine.gradient(batch, &mut gradient).map(|_| ()),
            engine.snapshot(&mut state),
            engine.inference().map(|_| ()),
            engine.evaluate(&samples, Detail::Losses).map(|_| ()),
        ] {
            assert!(matches!(refused, Err(TrainingError::NotLoaded)), "{refused:?}");
        }
        let mut foreign = start(other.as_ref());
        let told = "the model expects `encoder.0.weight` of shape [2, 6], \
                    the state has `encoder.0.weight` of shape [3, 6]";
        assert_eq!(engine.load(&foreign, Seed::new(7)).unwrap_err().to_string(), told);
        engine.load(&state, Seed::new(7)).unwrap();
        assert_eq!(engine.snapshot(&mut foreign).unwrap_err().to_string(), told);
        assert_eq!(foreign, start(other.as_ref()));
        engine.gradient(batch, &mut gradient[1..]).unwrap_err();
    }
}

/// A state is loaded, not shared: it changes with a snapshot and not before, and a gradient changes nothing.
#[test]
fn a_state_changes_with_a_snapshot_alone() {
    let architecture = architecture(2);
    let images = images();
    let samples = Samples::new(&images, None);
    let batch = BatchSelection { samples: &samples, indices: &[0, 1, 2], epoch: 0 };
    for mut engine in engines(architecture.as_ref()) {
        let before = start(architecture.as_ref());
        let mut state = before.clone();
        engine.load(&state, Seed::new(7)).unwrap();
        let mut gradient = vec![0.0; state.parameters().values().len()];
        let found = engine.gradient(batch, &mut gradient).unwrap();
        assert_eq!(engine.step(batch, SIZE).unwrap(), found);
        assert_eq!(state, before);
        engine.snapshot(&mut state).unwrap();
        assert_eq!(state.steps(), 1);
        let values = state.parameters().values().iter().zip(before.parameters().values());
        let moved = values.zip(&gradient).filter(|((after, before), _)| after != before);
        assert!(moved.clone().count() > 8);
        for ((after, before), gradient) in moved {
            assert_eq!((after - before).signum(), -gradient.signum());
        }
    }
}

#[test]
fn after_an_error_the_state_is_that_of_the_last_epoch_that_ended() {
    /// Fails in the middle of the third epoch.
    struct Interrupt;
    impl Observer for Interrupt {
        fn observe(&mut self, event: &Event) -> Result<(), TrainingError> {
            match event {
                Event::BatchEnded { epoch: 3, batch: 2, .. } => {
                    Err(TrainingError::observer("interrupted"))
                }
                _ => Ok(()),
            }
        }
    }
    let architecture = architecture(2);
    let images = images();
    let samples = Samples::new(&images, None);
    let data = TrainingData { train: &samples, validation: &samples };
    for mut engine in engines(architecture.as_ref()) {
        let mut run = |epochs, state: &mut TrainingState, observer: &mut dyn Observer| {
            let config = FitConfig { epochs, batch_size: 3, ..FitConfig::default() };
            fit(engine.as_mut(), data, &config, state, None, observer)
        };
        let mut memory = MemoryObserver::default();
        let (mut two, mut whole, mut state) = (
            start(architecture.as_ref()),
            start(architecture.as_ref()),
            start(architecture.as_ref()),
        );
        run(2, &mut two, &mut memory).unwrap();
        run(4, &mut whole, &mut memory).unwrap();
        run(4, &mut state, &mut Interrupt).unwrap_err();
        assert_eq!(state, two);
        run(4, &mut state, &mut memory).unwrap();
        assert_eq!(state, whole);
    }
}
