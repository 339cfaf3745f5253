//! Checkpoints: kept, found, and refused when they are not what they should be.

use std::fs;
use std::path::Path;

use ae_models::{Layout, Parameters};
use ae_training::{Checkpoints, OptimizerConfig, TrainingError, TrainingState};

const ADAM: OptimizerConfig = OptimizerConfig::keras_adam();

fn layout() -> Layout {
    Layout::new(vec![("encoder.0.weight".to_owned(), vec![2, 3])])
}

fn state() -> TrainingState {
    TrainingState::new(Parameters::new(layout(), vec![0.5; 6]).unwrap(), ADAM)
}

fn open(folder: &Path) -> Checkpoints {
    Checkpoints::open(folder, "this run".to_owned(), 2).unwrap()
}

/// The fault of the only checkpoint, after something was done to its file.
#[track_caller]
fn fault(damage: impl Fn(&mut Vec<u8>)) -> String {
    let folder = tempfile::tempdir().unwrap();
    let checkpoints = open(folder.path());
    checkpoints.save(&state()).unwrap();
    checkpoints.finish().unwrap();
    let path = checkpoints.path(0);
    let mut bytes = fs::read(&path).unwrap();
    damage(&mut bytes);
    fs::write(&path, bytes).unwrap();
    let error = checkpoints.load_newest(&layout(), ADAM).unwrap_err();
    assert!(matches!(error, TrainingError::Checkpoint { .. }), "{error}");
    error.to_string()
}

#[test]
fn a_state_comes_back_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let checkpoints = open(folder.path());
    checkpoints.save(&state()).unwrap();
    checkpoints.finish().unwrap();
    let (loaded, faults) = checkpoints.load_newest(&layout(), ADAM).unwrap();
    assert_eq!(loaded, state());
    assert!(faults.is_empty());

    let bytes = fs::read(checkpoints.path(0)).unwrap();
    checkpoints.save(&loaded).unwrap();
    assert_eq!(fs::read(checkpoints.path(0)).unwrap(), bytes);
}

#[test]
fn every_damaged_byte_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let checkpoints = open(folder.path());
    checkpoints.save(&state()).unwrap();
    checkpoints.finish().unwrap();
    let path = checkpoints.path(0);
    let sound = fs::read(&path).unwrap();
    for index in 0..sound.len() {
        let mut bytes = sound.clone();
        bytes[index] ^= 1;
        fs::write(&path, bytes).unwrap();
        // Bits of the header's padding and names of tensors may change nothing that is used.
        if let Ok((loaded, _)) = checkpoints.load_newest(&layout(), ADAM) {
            assert_eq!(loaded, state(), "byte {index}");
        }
        fs::write(&path, &sound[..index]).unwrap();
        checkpoints.load_newest(&layout(), ADAM).unwrap_err();
    }
}

#[test]
fn a_flipped_weight_is_told_by_its_digest() {
    let message = fault(|bytes| *bytes.last_mut().unwrap() ^= 1);
    assert!(message.ends_with("its contents do not match their SHA-256"), "{message}");
}

#[test]
fn a_checkpoint_of_another_run_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path()).save(&state()).unwrap();
    let other = Checkpoints::open(folder.path(), "another".to_owned(), 2).unwrap();
    let error = other.load_newest(&layout(), ADAM).unwrap_err().to_string();
    assert!(error.ends_with("it belongs to a run with other settings or other data"), "{error}");
}

#[test]
fn an_older_checkpoint_stands_in_for_a_damaged_one_and_the_fault_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let checkpoints = open(folder.path());
    checkpoints.save(&state()).unwrap();
    checkpoints.finish().unwrap();
    fs::write(checkpoints.path(1), b"damaged").unwrap();
    let (loaded, faults) = checkpoints.load_newest(&layout(), ADAM).unwrap();
    assert_eq!(loaded, state());
    assert!(faults[0].to_string().contains("epoch-0001.safetensors"), "{}", faults[0]);
}

#[test]
fn only_the_newest_are_kept_and_foreign_files_are_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let checkpoints = open(folder.path());
    for name in [
        "epoch-0007.safetensors",
        "epoch-0008.safetensors",
        "epoch-7.safetensors",
        "best.safetensors",
    ] {
        fs::write(folder.path().join(name), b"").unwrap();
    }
    checkpoints.save(&state()).unwrap();
    checkpoints.finish().unwrap();
    let mut names: Vec<_> =
        fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(
        names,
        [
            "best.safetensors",
            "epoch-0007.safetensors",
            "epoch-0008.safetensors",
            "epoch-7.safetensors"
        ]
    );
}

#[test]
fn an_empty_folder_has_nothing_to_resume() {
    let folder = tempfile::tempdir().unwrap();
    let error = open(folder.path()).load_newest(&layout(), ADAM).unwrap_err();
    assert!(matches!(error, TrainingError::NoCheckpoint { .. }), "{error}");
}
