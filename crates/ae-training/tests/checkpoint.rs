//! Checkpoints: kept, found, and refused when they are not what they should be.

use std::fs;
use std::path::Path;

use ae_models::{Layout, Parameters};
use ae_training::{Checkpoints, OptimizerConfig, TrainingError, TrainingState};
use sha2::Digest;

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
