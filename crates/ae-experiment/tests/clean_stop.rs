//! A training that an observer stops: no result is written, and a resume ends with the bits of a run that was not stopped.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]

use std::path::Path;

use ae_dataset::{Images, write_folder};
use ae_experiment::{
    Adaptation, Dataset, Device, Existing, ExperimentError, Network, Observer, Record,
    ResumeChanges, RunOptions, Spec, TensorBoard, resume, train,
};
use ae_training::{Event, MemoryObserver, Stop, TrainingError};

/// Asks to stop once this many batches are learned.
struct StopAfter {
    batches: usize,
    learned: usize,
    when: Stop,
}

impl Observer for StopAfter {
    fn observe(&mut self, event: &Event) -> Result<(), TrainingError> {
        self.learned += usize::from(matches!(event, Event::BatchEnded { .. }));
        Ok(())
    }

    fn stop(&self) -> Option<Stop> {
        (self.learned >= self.batches).then_some(self.when)
    }
}

/// Fails with an error of its own.
struct Failing;

impl Observer for Failing {
    fn observe(&mut self, event: &Event) -> Result<(), TrainingError> {
        match event {
            Event::EpochEnded { .. } => Err(TrainingError::observer("the disk of logs is full")),
            _ => Ok(()),
        }
    }
}

fn options<'a>(progress: &'a mut (), observer: impl Observer + 'a) -> RunOptions<'a> {
    let (device, network) = (Device::Cpu, Network::Offline);
    let tensorboard = TensorBoard::Off;
    let (live, peers) = (None, None);
    let observer = Box::new(observer);
    RunOptions { device, network, progress, observer, tensorboard, live, peers }
}

fn spec(place: &Path) -> Spec {
    let data = place.join("data");
    if !data.exists() {
        let pixels: Vec<u8> = (0..20 * 16).map(|i| (i * 37 % 256) as u8).collect();
        let images = Images::new(4, 4, pixels).unwrap().with_labels(vec![0; 20]).unwrap();
        write_folder(&Dataset::new("toy", "here", images.clone(), images).unwrap(), &data).unwrap();
    }
    let mut spec = Spec::tutorial();
    spec.data.source = data.display().to_string();
    (spec.training.epochs, spec.training.batch_size) = (4, 5);
    spec
}

fn trained(place: &Path, name: &str, observer: impl Observer) -> Result<Record, ExperimentError> {
    let (folder, widths) = (place.join(name), Adaptation::Widths(vec![3]));
    let progress = &mut ();
    let options = options(progress, observer);
    train(spec(place), &widths, &folder, Existing::Refuse, options).map(|outcome| outcome.record)
}

#[test]
fn a_stopped_run_has_no_record_and_resumes_to_the_same_bits() {
    let place = tempfile::tempdir().unwrap();
    let whole = trained(place.path(), "whole", MemoryObserver::default()).unwrap();
    // An epoch has four batches: within the first one, within the second one, at the end of the second one.
    for (batches, when, epochs) in
        [(2, Stop::AfterBatch, 0), (6, Stop::AfterBatch, 1), (6, Stop::AfterEpoch, 2)]
    {
        let name = format!("stopped-{batches}-{when:?}");
        let stopped = trained(place.path(), &name, StopAfter { batches, learned: 0, when });
        let Err(ExperimentError::Stopped { completed_epochs }) = stopped else {
            panic!("{name}: {stopped:?}")
        };
        assert_eq!(completed_epochs, epochs, "{name}");
        let folder = place.path().join(&name);
        assert!(!folder.join("record.json").exists() && !folder.join("model.safetensors").exists());
        let progress = &mut ();
        let options = options(progress, MemoryObserver::default());
        let record = resume(&folder, &ResumeChanges::default(), options).unwrap().record;
        assert_eq!(record.weights_sha256, whole.weights_sha256, "{name}");
        assert_eq!(record.metrics, whole.metrics, "{name}");
        let curve = |run: &str| std::fs::read(place.path().join(run).join("curve.csv")).unwrap();
        assert_eq!(curve(&name), curve("whole"), "{name}");
    }
}

#[test]
fn an_observer_that_asks_to_stop_at_the_end_stops_nothing() {
    let place = tempfile::tempdir().unwrap();
    let last = StopAfter { batches: 16, learned: 0, when: Stop::AfterBatch };
    assert_eq!(trained(place.path(), "run", last).unwrap().epochs, 4);
}

#[test]
fn the_error_of_an_observer_is_reported() {
    let place = tempfile::tempdir().unwrap();
    let error = trained(place.path(), "run", Failing).unwrap_err().to_string();
    assert!(error.contains("the disk of logs is full"), "{error}");
}
