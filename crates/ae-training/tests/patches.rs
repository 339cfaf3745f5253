//! Patches as training images: every epoch learns from its own, and a resume cuts the same again.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]

use ae_corruption::{Draw, Noise};
use ae_dataset::{Images, PatchOptions, PatchSource};
use ae_models::{Architecture, DenseConfig, ModelKind, Objective};
use ae_random::Seed;
use ae_training::{
    Event, FitConfig, FitOutcome, FusedEngine, MemoryObserver, Observer, OptimizerConfig,
    SampleCorruption, Samples, Stop, TrainingData, TrainingError, TrainingState, fit,
};

const EPOCHS: u32 = 4;
const COUNT: usize = 50;

fn picture(height: usize, width: usize) -> Images {
    let pixel = |place: usize| ((place * place * 31 + place * 7) % 256) as u8;
    Images::new(height, width, (0..height * width).map(pixel).collect()).unwrap()
}

fn source() -> PatchSource {
    let options = PatchOptions {
        count: Some(COUNT),
        flips: true,
        rotations: true,
        ..PatchOptions::new([4, 4])
    };
    let pictures = vec![picture(9, 12), picture(20, 5)];
    PatchSource::of_pictures(pictures, options, Seed::new(3)).unwrap()
}

fn architecture() -> Box<dyn Architecture> {
    let dense = DenseConfig {
        image: [4, 4],
        channels: 1,
        encoder: vec![16, 6],
        decoder: vec![6, 16],
        ..DenseConfig::default()
    };
    dense.model(ModelKind::Denoising).unwrap().architecture().unwrap()
}

fn start(architecture: &dyn Architecture) -> TrainingState {
    TrainingState::new(architecture.initialise(Seed::new(3)), OptimizerConfig::default())
}

/// Trains up to an epoch.
fn train(
    architecture: &dyn Architecture,
    [images, validation]: [&Images; 2],
    patches: Option<&PatchSource>,
    (drawn, epochs): (Draw, u32),
    state: &mut TrainingState,
    observer: &mut dyn Observer,
) -> Result<FitOutcome, TrainingError> {
    let noise: Noise = "gaussian:0.2".parse().unwrap();
    let corruption = || {
        let stream = Seed::new(3).stream("noise");
        Some(SampleCorruption { corruption: &noise, draw: drawn, stream })
    };
    let train = Samples::new(images, corruption());
    let train = match patches {
        Some(patches) => train.cut_from(patches),
        None => train,
    };
    let validation = Samples::new(validation, corruption());
    let data = TrainingData { train: &train, validation: &validation };
    let config = FitConfig { seed: Seed::new(3), epochs, batch_size: 8, ..FitConfig::default() };
    let mut engine = FusedEngine::new(architecture, Objective::default()).unwrap();
    fit(&mut engine, data, &config, state, None, observer)
}

/// A run on patches, in steps of one epoch on plain images, each the patches of its epoch.
#[test]
fn every_epoch_learns_from_its_own_patches() {
    let (architecture, source) = (architecture(), source());
    let architecture = architecture.as_ref();
    let images: Vec<Images> = (0..EPOCHS).map(|epoch| source.epoch(epoch).unwrap()).collect();
    let mut observer = MemoryObserver::default();
    let mut whole = start(architecture);
    let halves = [&images[0], &images[0]];
    let how = (Draw::EveryEpoch, EPOCHS);
    train(architecture, halves, Some(&source), how, &mut whole, &mut observer).unwrap();

    let mut by_hand = start(architecture);
    for (epoch, images_of_epoch) in (1..).zip(&images) {
        let halves = [images_of_epoch, &images[0]];
        let how = (Draw::EveryEpoch, epoch);
        train(architecture, halves, None, how, &mut by_hand, &mut observer).unwrap();
    }
    assert_eq!(whole.parameters().sha256(), by_hand.parameters().sha256());
    assert_eq!(whole.curve(), by_hand.curve());

    let mut fixed = start(architecture);
    train(architecture, halves, None, how, &mut fixed, &mut observer).unwrap();
    assert_ne!(fixed.parameters().sha256(), whole.parameters().sha256());
}

/// Stops after a batch, counted over the run from 1.
struct StopAt(usize);

impl Observer for StopAt {
    fn observe(&mut self, event: &Event) -> Result<(), TrainingError> {
        self.0 -= usize::from(matches!(event, Event::BatchEnded { .. }) && self.0 > 0);
        Ok(())
    }

    fn stop(&self) -> Option<Stop> {
        (self.0 == 0).then_some(Stop::AfterBatch)
    }
}

#[test]
fn a_run_that_stops_within_an_epoch_goes_on_with_the_same_patches() {
    let (architecture, source) = (architecture(), source());
    let architecture = architecture.as_ref();
    let first = source.epoch(0).unwrap();
    let run = |state: &mut TrainingState, observer: &mut dyn Observer| {
        let how = (Draw::EveryEpoch, EPOCHS);
        train(architecture, [&first, &first], Some(&source), how, state, observer).unwrap()
    };
    let mut whole = start(architecture);
    assert_eq!(run(&mut whole, &mut MemoryObserver::default()), FitOutcome::Completed);
    // An epoch has 7 batches: within the first, the second and the last epoch, and after one.
    for batch in [2, 9, 14, 26] {
        let mut state = start(architecture);
        assert_eq!(run(&mut state, &mut StopAt(batch)), FitOutcome::StoppedByObserver);
        assert_eq!(run(&mut state, &mut MemoryObserver::default()), FitOutcome::Completed);
        assert_eq!(state.parameters().sha256(), whole.parameters().sha256(), "{batch}");
        assert_eq!(state.curve(), whole.curve());
    }
}

#[test]
fn noise_that_is_drawn_once_is_refused() {
    let (architecture, source) = (architecture(), source());
    let first = source.epoch(0).unwrap();
    let (mut state, halves) = (start(architecture.as_ref()), [&first, &first]);
    let mut observer = MemoryObserver::default();
    let how = (Draw::Once, EPOCHS);
    let refused =
        train(architecture.as_ref(), halves, Some(&source), how, &mut state, &mut observer);
    assert_eq!(
        refused.unwrap_err().to_string(),
        "patches are cut anew in every epoch, and need noise that is drawn in every epoch, but it is drawn once"
    );
}
