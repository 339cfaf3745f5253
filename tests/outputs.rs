//! What a command writes never replaces what it reads, and can be written.

use std::fs;
use std::path::Path;

use crate::support::{Sandbox, skip};

/// Two rows of two classes, for a model of two columns.
const TABLE: &str =
    "a,b,state\n0,1,on\n0.5,0.2,off\n1,0.8,on\n0.3,0.4,off\n0.9,0.1,on\n0.2,0.7,off\n";

/// A sandbox with images and a table, with a model of each in `run` and `rows`, the second with a detector.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::with_run();
    sandbox.write("t.csv", TABLE);
    sandbox
        .ae("train --data t.csv --label-column state --widths 1 --epochs 1 --out rows")
        .succeeds();
    sandbox.ae("anomaly fit rows t.csv").succeeds();
    sandbox.ae("reconstruct run data -o pictures/").succeeds();
    sandbox.ae("encode run data -o codes.npy").succeeds();
    sandbox.ae("compress run data -o data.aez").succeeds();
    fs::copy(sandbox.path("run/model.safetensors"), sandbox.path("m.safetensors")).unwrap();
    fs::copy(sandbox.path("t.csv"), sandbox.path("t.index.csv")).unwrap();
    fs::create_dir_all(sandbox.path("a/b")).unwrap();
    fs::create_dir_all(sandbox.path("folder.csv")).unwrap();
    sandbox
}

fn link(sandbox: &Sandbox, target: &str, name: &str) {
    fs::hard_link(sandbox.path(target), sandbox.path(name)).unwrap();
}

#[cfg(unix)]
fn symlink(sandbox: &Sandbox, target: &str, name: &str) {
    std::os::unix::fs::symlink(sandbox.path(target), sandbox.path(name)).unwrap();
}

/// Commands whose output would replace something that is read, a model or a run.
#[cfg(unix)]
const REPLACING: &[&str] = &[
    "anomaly score rows t.csv -o t.csv",
    "anomaly score rows t.csv -o ./t.csv",
    "anomaly score rows t.csv -o a/../t.csv",
    "anomaly score rows ./t.csv -o a/b/../../t.csv",
    "anomaly score rows t.csv -o hard.csv",
    "anomaly score rows t.csv -o soft.csv",
    "anomaly score rows soft.csv -o t.csv",
    "anomaly score rows t.csv -o rows/curve.csv",
    "anomaly score rows/model.safetensors t.csv -o rows/curve.csv",
    "anomaly score rows pictures/000000.png --heat-map pictures/000000.png",
    "anomaly score rows t.csv -o x.csv --heat-map run/loss.png",
    "anomaly fit rows t.csv -o rows/encoder.safetensors",
    "anomaly fit rows t.csv -o run/model.safetensors",
    "anomaly fit rows t.csv -o rows/checkpoints/best.safetensors",
    "anomaly fit rows m.safetensors -o m.safetensors",
    "project rows t.csv -o t.csv",
    "project run pictures/000000.png -o pictures/000000.png",
    "project run pictures -o pictures/000001.png",
    "project run pictures -o pictures/map.png",
    "project run pictures -o map.png --grid map.png",
    "project run pictures -o map.png --grid a/../map.png",
    "project run data -o new.csv --grid run/filters.png",
    "interpolate run pictures/000000.png pictures/000001.png -o pictures/000000.png",
    "interpolate run pictures/000000.png pictures/000001.png -o pictures/000001.png",
    "interpolate run pictures/000000.png pictures/000001.png -o soft.png",
    "interpolate run pictures/000000.png pictures/000001.png -o hard.png",
    "encode run codes.npy -o codes.npy",
    "encode run data -o model.npy",
    "encode rows t.index.csv -o t.npy",
    "decode run codes.npy -o codes.npy",
    "decode run codes.npy -o ./codes.npy",
    "decode run codes.npy -o run/reconstructions.png",
    "reconstruct run pictures -o pictures/000003.png",
    "reconstruct run pictures -o hard.png",
    "reconstruct run pictures -o pictures/again/",
    "reconstruct rows t.csv -o t.csv",
    "denoise run pictures/000000.png -o pictures/000000.png",
    "compress run data.aez -o data.aez",
    "compress run data -o model.aez",
    "decompress run data.aez -o run/loss.svg",
    "data export --data pictures --out pictures/idx",
    "train --data rows/curve.csv --out rows --force",
    "train --data t.csv --out t.csv",
];

#[cfg(unix)]
#[test]
fn nothing_that_is_read_is_replaced() {
    let sandbox = sandbox();
    link(&sandbox, "t.csv", "hard.csv");
    link(&sandbox, "pictures/000000.png", "hard.png");
    link(&sandbox, "run/model.safetensors", "model.npy");
    symlink(&sandbox, "t.csv", "soft.csv");
    symlink(&sandbox, "pictures/000001.png", "soft.png");
    symlink(&sandbox, "m.safetensors", "model.aez");
    let before = sandbox.contents_of("");
    for command in REPLACING {
        let command = command.replace("run data -o model.aez", "m.safetensors data -o model.aez");
        let told = sandbox.ae(&command).ends_with(1).stderr;
        let reasons = [
            "would be replaced",
            "is the model",
            "lies within",
            "belongs to",
            "twice",
            "is a file",
        ];
        assert!(reasons.iter().any(|reason| told.contains(reason)), "ae {command}\n{told}");
        assert!(sandbox.contents_of("") == before, "ae {command} has written something");
    }
}

#[test]
fn a_model_is_not_replaced_by_codes_and_a_fit_may_be_kept_in_it() {
    let sandbox = sandbox();
    // A weights file is no .npy file; under any name it is the model.
    fs::copy(sandbox.path("m.safetensors"), sandbox.path("m.npy")).unwrap();
    sandbox.ae("encode m.npy data -o m.npy").fails_with(&["m.npy is the model"]);
    sandbox.ae("encode m.safetensors data -o m.safetensors").refuses_with(&[".npy"]);
    sandbox.ae("anomaly fit rows t.csv").succeeds();
    sandbox.ae("anomaly fit rows t.csv -o rows/model.safetensors").succeeds();
    fs::copy(sandbox.path("rows/model.safetensors"), sandbox.path("r.safetensors")).unwrap();
    sandbox.ae("anomaly fit r.safetensors t.csv -o ./r.safetensors").succeeds();
    sandbox.ae("anomaly fit rows t.csv -o new.safetensors").succeeds();
}

#[test]
fn other_files_are_written_and_replaced_as_before() {
    let sandbox = sandbox();
    for command in [
        "project run data -o run/map.svg",
        "anomaly score rows t.csv -o rows/scores.csv",
        "encode run pictures -o pictures/codes.npy",
    ] {
        sandbox.ae(command).succeeds();
    }
    for _ in 0..2 {
        sandbox.ae("anomaly score rows t.csv -o rows/scores.csv --force").succeeds();
        sandbox.ae("encode run data -o a/codes.npy --force").succeeds();
    }
}

/// Every command with an output, without the output.
const WRITING: [(&str, &str); 11] = [
    ("anomaly score rows t.csv -o", "x.csv"),
    ("anomaly score rows t.csv -o x.csv --heat-map", "x.png"),
    ("anomaly fit rows t.csv -o", "x.safetensors"),
    ("project run data -o", "x.svg"),
    ("project run data -o x.svg --grid", "x.png"),
    ("interpolate run data -o", "x.png"),
    ("encode run data -o", "x.npy"),
    ("decode run codes.npy -o", "x.npy"),
    ("reconstruct run data -o", "x.npy"),
    ("compress run data -o", "x.aez"),
    ("decompress run data.aez -o", "x.npy"),
];

/// The inputs do not exist: so the output was looked at before.
fn without_inputs(command: &str) -> String {
    command.replace("t.csv", "none.csv").replace("data", "none").replace("codes", "none")
}

#[test]
fn an_output_that_cannot_be_written_is_found_before_the_work() {
    let sandbox = sandbox();
    for (command, name) in WRITING {
        let command = without_inputs(command);
        sandbox
            .ae(&format!("{command} no/{name}"))
            .fails_with(&[&format!("cannot write no/{name}: there is no folder no")]);
        sandbox.ae(&format!("{command} t.csv/{name}")).fails_with(&["there is no folder t.csv"]);
        let folder = format!("folder-{name}");
        fs::create_dir_all(sandbox.path(&folder)).unwrap();
        if !command.starts_with("decode")
            && !command.contains("compress")
            && !command.starts_with("rec")
        {
            sandbox.ae(&format!("{command} {folder}")).fails_with(&["it is a folder"]);
        }
    }
    for command in ["reconstruct run none -o t.csv/out/", "train --data none --out t.csv/run"] {
        sandbox.ae(command).fails_with(&["t.csv is a file"]);
    }
    sandbox.ae("data export --data none --out t.csv/x").fails_with(&["t.csv is a file"]);
    sandbox.holds_no_temporary_files();
}

#[cfg(unix)]
#[test]
fn a_folder_that_may_not_be_written_to_is_found_before_the_work() {
    use std::os::unix::fs::PermissionsExt as _;
    let sandbox = sandbox();
    let folder = sandbox.path("a");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o555)).unwrap();
    if is_writable(&folder) {
        skip("this user may write everywhere");
        return;
    }
    for (command, name) in WRITING {
        let command = without_inputs(command);
        sandbox.ae(&format!("{command} a/{name}")).fails_with(&[&format!("cannot write a/{name}")]);
    }
    sandbox.ae("train --data none --out a/run").fails_with(&["cannot write a/file"]);
}

fn is_writable(folder: &Path) -> bool {
    fs::write(folder.join("probe"), b"").is_ok()
}
