//! Checkpoints: kept, found, and refused when they are not what they should be.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::Path;

use ae_dataset::Images;
use ae_models::{DenseConfig, Layout, Loss, ModelKind, ModelSpec, Objective};
use ae_random::Seed;
use ae_training::{
    Checkpoints, FitConfig, FusedEngine, Identity, MemoryObserver, OptimizerConfig, Samples,
    Schedule, TrainingData, TrainingError, TrainingState, fit,
};
use sha2::Digest;

const ADAM: OptimizerConfig = OptimizerConfig::keras_adam();

/// A network of 6-2-6.
fn model() -> ModelSpec {
    let dense = DenseConfig {
        image: [2, 3],
        channels: 1,
        encoder: vec![6, 2],
        decoder: vec![2, 6],
        ..DenseConfig::default()
    };
    dense.model(ModelKind::Regular).unwrap()
}

fn layout() -> Layout {
    model().architecture().unwrap().layout().clone()
}

/// The state after so many epochs of two steps.
fn state_after(epochs: u32) -> TrainingState {
    let images = Images::new(2, 3, (0..8 * 6).map(|i| (i * 37 % 256) as u8).collect()).unwrap();
    let architecture = model().architecture().unwrap();
    let mut state = TrainingState::new(architecture.initialise(Seed::new(1)), ADAM);
    let objective = Objective::new(Loss::BinaryCrossEntropy);
    let mut engine = FusedEngine::new(architecture.as_ref(), objective).unwrap();
    let samples = Samples::new(&images, None);
    let data = TrainingData { train: &samples, validation: &samples };
    let config = FitConfig {
        seed: Seed::new(1),
        epochs,
        batch_size: 4,
        schedule: Schedule::Constant {},
        clip_norm: None,
        kl_warm_up: None,
        early_stopping: None,
    };
    let observer = &mut MemoryObserver::default();
    fit(&mut engine, data, &config, &mut state, None, observer).unwrap();
    state
}

fn state() -> TrainingState {
    state_after(2)
}

fn identity(seed: &str) -> Identity {
    Identity::new([("seed", seed), ("model", "6-2-6")].map(|(a, b)| (a.to_owned(), b.to_owned())))
}

fn open(folder: &Path) -> Checkpoints {
    Checkpoints::open(folder, identity("1"), 2).unwrap()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// The fault of the only checkpoint, after something was done to its file.
#[track_caller]
fn fault(damage: impl Fn(&mut Vec<u8>)) -> String {
    let folder = tempfile::tempdir().unwrap();
    let checkpoints = open(folder.path());
    checkpoints.save(&state()).unwrap();
    checkpoints.finish().unwrap();
    let path = checkpoints.path(2);
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
    // Both moments and the curve, and none of it empty.
    assert_eq!(loaded, state());
    assert!(faults.is_empty());
    assert_eq!((loaded.curve().len(), state().curve().len()), (2, 2));

    let bytes = fs::read(checkpoints.path(2)).unwrap();
    checkpoints.save(&loaded).unwrap();
    assert_eq!(fs::read(checkpoints.path(2)).unwrap(), bytes);
}

#[test]
fn every_damaged_byte_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let checkpoints = open(folder.path());
    checkpoints.save(&state()).unwrap();
    checkpoints.finish().unwrap();
    let path = checkpoints.path(2);
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

/// A file of this header and nothing else, or of what follows it.
fn file(header: &str, data: &[u8]) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), data].concat()
}

#[test]
fn headers_that_claim_too_much_are_refused() {
    // Eight tensors of 2^61 - 4 bytes: their sum fits 64 bits, but not with the header.
    let bytes = (1_u64 << 61) - 4;
    let tensor = |name: &str, shape: &str, start: u64, end: u64| {
        format!(r#""{name}":{{"dtype":"F32","shape":{shape},"data_offsets":[{start},{end}]}}"#)
    };
    let many: Vec<_> = (0..8)
        .map(|k| tensor(&format!("t{k}"), &format!("[{}]", bytes / 4), k * bytes, (k + 1) * bytes))
        .collect();
    let product = "[4294967296,4294967296]";
    for (header, told) in [
        (format!("{{{}}}", many.join(",")), "must have 18446744073709551615 bytes"),
        (format!("{{{}}}", tensor("parameters", product, 0, 24)), "not a safetensors file"),
        (
            format!("{{{}}}", tensor("parameters", "[6]", u64::MAX - 24, u64::MAX)),
            "not a safetensors",
        ),
        (format!("{{{}}}", tensor("parameters", "[6]", 24, 0)), "not a safetensors file"),
        (
            format!("{{{}}}", tensor("parameters", "[1000000000]", 0, 4_000_000_000)),
            "must have 40000000",
        ),
        ("[".repeat(10_000), "not a safetensors file"),
    ] {
        let message = fault(|bytes| *bytes = file(&header, &[0; 24]));
        assert!(message.contains(told), "{message}");
    }
    for length in [u64::MAX, 1 << 40, 100_000_001] {
        let message = fault(|bytes| bytes[..8].copy_from_slice(&length.to_le_bytes()));
        assert!(message.ends_with("its header would be over 100000000 bytes"), "{message}");
    }
}

/// A checkpoint whose metadata was changed and that has the digest of what it now holds.
fn resealed(bytes: &[u8], change: impl Fn(&mut serde_json::Value)) -> Vec<u8> {
    let end = 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let mut header: serde_json::Value = serde_json::from_slice(&bytes[8..end]).unwrap();
    let entry = header["__metadata__"]["ae.checkpoint"].as_str().unwrap();
    let mut state = serde_json::from_str(entry.split_once(' ').unwrap().1).unwrap();
    change(&mut state);
    let state = state.to_string();
    let data = &bytes[end..];
    // In the file the buffers are sorted by name, in the digest the parameters come first.
    let mut digest = sha2::Sha256::new_with_prefix(&state);
    for name in ["parameters", "optimizer.mean", "optimizer.variance"] {
        let Some(offsets) = header[name]["data_offsets"].as_array() else { continue };
        let [start, stop] = [0, 1].map(|k| offsets[k].as_u64().unwrap() as usize);
        digest.update(&data[start..stop]);
    }
    let digest: String = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    header["__metadata__"]["ae.checkpoint"] = format!("{digest} {state}").into();
    file(&header.to_string(), data)
}

#[test]
fn states_behind_a_digest_are_checked_too() {
    // Sealed without a change it is read: what follows fails for what was changed.
    let folder = tempfile::tempdir().unwrap();
    let checkpoints = open(folder.path());
    checkpoints.save(&state()).unwrap();
    checkpoints.finish().unwrap();
    let path = checkpoints.newest().unwrap().unwrap();
    let sound = fs::read(&path).unwrap();
    fs::write(&path, resealed(&sound, |_| {})).unwrap();
    assert_eq!(checkpoints.load_newest(&layout(), ADAM).unwrap().0, state());

    type Change = fn(&mut serde_json::Value);
    let changes: [(Change, &str); 5] = [
        (|state| state["schema"] = 2.into(), "expected schema 1, found 2"),
        (|state| state["steps"] = (-1).into(), "invalid value"),
        (|state| state["curve"] = "none".into(), "invalid type"),
        (|state| state["more"] = 1.into(), "unknown field `more`"),
        (|state| *state = serde_json::json!([]), "invalid"),
    ];
    for (change, told) in changes {
        let message = fault(|bytes| *bytes = resealed(bytes, change));
        assert!(message.contains(told), "{message}");
    }
}

#[test]
fn a_flipped_weight_is_told_by_its_digest() {
    let message = fault(|bytes| *bytes.last_mut().unwrap() ^= 1);
    assert!(message.ends_with("its contents do not match their SHA-256"), "{message}");
}

#[test]
fn a_checkpoint_of_another_run_is_refused_with_what_differs() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path()).save(&state()).unwrap();
    let refused = |identity: Identity| {
        let other = Checkpoints::open(folder.path(), identity, 2).unwrap();
        let error = other.load_newest(&layout(), ADAM).unwrap_err();
        assert!(matches!(error, TrainingError::OtherRun { .. }), "{error}");
        error.to_string()
    };
    let message = refused(identity("2"));
    assert!(message.contains("epoch-0002.safetensors was written by another run: "), "{message}");
    assert!(message.ends_with(": seed was 1, and is 2 now"), "{message}");
    let message = refused(Identity::default());
    let all = "model was 6-2-6, and is none now; seed was 1, and is none now";
    assert!(message.ends_with(all), "{message}");
}

#[test]
fn an_older_checkpoint_stands_in_for_a_damaged_one_and_the_fault_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let checkpoints = open(folder.path());
    checkpoints.save(&state()).unwrap();
    checkpoints.finish().unwrap();
    fs::write(checkpoints.path(3), b"damaged").unwrap();
    let (loaded, faults) = checkpoints.load_newest(&layout(), ADAM).unwrap();
    assert_eq!(loaded, state());
    assert!(faults[0].to_string().contains("epoch-0003.safetensors"), "{}", faults[0]);
}

#[test]
fn the_newest_before_and_what_was_written_are_kept_and_other_files_are_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let checkpoints = open(folder.path());
    // Of later epochs: they may be of another run, and are no reason to remove what was written.
    let foreign = [
        "best.safetensors",
        "epoch-0007.safetensors",
        "epoch-0008.safetensors",
        "epoch-7.safetensors",
    ];
    for name in foreign {
        fs::write(folder.path().join(name), b"").unwrap();
    }
    for epochs in 1..=4 {
        checkpoints.save(&state_after(epochs)).unwrap();
        checkpoints.finish().unwrap();
        let before = (epochs > 1).then(|| format!("epoch-{:04}.safetensors", epochs - 1));
        let written = format!("epoch-{epochs:04}.safetensors");
        let mut expected: Vec<String> = foreign.map(str::to_owned).to_vec();
        expected.splice(1..1, before.into_iter().chain([written]));
        assert_eq!(names(folder.path()), expected);
        let (loaded, faults) = checkpoints.load_newest(&layout(), ADAM).unwrap();
        assert_eq!((loaded.completed_epochs(), faults.len()), (epochs, 2));
    }
}

#[test]
fn a_checkpoint_that_cannot_be_written_fails_until_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let checkpoints = open(folder.path());
    fs::create_dir(checkpoints.path(2)).unwrap();
    checkpoints.save(&state()).unwrap();
    let error = checkpoints.finish().unwrap_err();
    assert!(matches!(error, TrainingError::File(_)), "{error}");
    for error in [checkpoints.save(&state_after(3)), checkpoints.finish(), checkpoints.finish()] {
        assert!(error.unwrap_err().to_string().contains("epoch-0002.safetensors"));
    }
    assert_eq!(names(folder.path()), ["epoch-0002.safetensors"]);
}

#[test]
fn an_empty_folder_has_nothing_to_resume() {
    let folder = tempfile::tempdir().unwrap();
    let error = open(folder.path()).load_newest(&layout(), ADAM).unwrap_err();
    assert!(matches!(error, TrainingError::NoCheckpoint { .. }), "{error}");
}
