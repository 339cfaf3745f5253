//! Specs and flags that make no sense: refused before anything is written.

use std::fs;

use crate::support::{SPEC, Sandbox};

/// Changes of [`SPEC`], each with what the message must hold.
const CHANGES: [(&str, &str, &[&str]); 17] = [
    ("seed = 7", "seed = 7\ncolour = 3", &["bad.toml", "line 4", "unknown field `colour`"]),
    ("epochs = 3", "epoch = 3", &["bad.toml", "line 22", "unknown field `epoch`", "`epochs`"]),
    ("keep = 2", "", &["bad.toml", "missing field `keep`"]),
    ("epochs = 3", "epochs = \"three\"", &["bad.toml", "line 22", "invalid type: string"]),
    ("seed = 7", "seed = -7", &["bad.toml", "line 3", "-7"]),
    ("epochs = 3", "epochs = 0", &["training.epochs must be at least 1, found 0"]),
    ("= 64", "= 0", &["training.batch_size must be at least 1, found 0"]),
    ("keep = 2", "keep = 0", &["checkpoints.keep must be at least 1, found 0"]),
    ("rate = 0.001", "rate = nan", &["learning_rate must be finite and above 0, found NaN"]),
    ("rate = 0.001", "rate = -0.1", &["learning_rate must be finite and above 0, found -0.1"]),
    ("code_l1 = 0.0", "code_l1 = inf", &["training.code_l1 must be finite", "found inf"]),
    ("gaussian:0.5", "gaussian:-0.5", &["bad.toml", "line 18", "factor", "-0.5"]),
    ("gaussian:0.5", "fog:0.5", &["bad.toml", "line 18", "fog", "gaussian"]),
    ("[196, 8]", "[784, 8]", &["encoder", "784", "196"]),
    ("[8, 196]", "[9, 196]", &["decoder", "9", "8"]),
    ("\"denoising\"", "\"regular\"", &["corruption must be left out for a regular model"]),
    ("= \"sigmoid\"", "= \"linear\"", &["binary cross-entropy", "sigmoid", "mean-squared-error"]),
];

#[test]
fn a_spec_that_makes_no_sense_refuses_with_the_place() {
    let sandbox = Sandbox::with_data();
    for (from, to, fragments) in CHANGES {
        let bad = SPEC.replace(from, to);
        assert_ne!(bad, SPEC, "{from}");
        sandbox.write("bad.toml", bad);
        sandbox.ae("train bad.toml --out run").refuses_with(fragments);
        assert!(!sandbox.path("run").exists(), "{to}");
    }
    let start = SPEC.find("[corruption]").unwrap();
    let end = SPEC.find("[training]").unwrap();
    sandbox.write("bad.toml", [&SPEC[..start], &SPEC[end..]].concat());
    sandbox
        .ae("train bad.toml --out run")
        .refuses_with(&["corruption must be given for a denoising model, unless data.target or training.blind_spot is, found none"]);
    // What is no TOML is a damaged file.
    sandbox.write("bad.toml", SPEC.replace("seed = 7", "seed = "));
    sandbox.ae("train bad.toml --out run").fails_with(&["bad.toml", "line 3"]);
    sandbox.write("good.toml", SPEC);
    sandbox.ae("train good.toml --out run").succeeds();
}

#[test]
fn a_spec_that_cannot_be_read_is_named() {
    let sandbox = Sandbox::new();
    sandbox.write("latin.toml", b"name = \"caf\xe9\"");
    sandbox.ae("train latin.toml --out run").fails_with(&["latin.toml", "not UTF-8"]);
    sandbox.ae("train nowhere.toml --out run").fails_with(&["cannot read nowhere.toml"]);
    fs::create_dir(sandbox.path("folder")).unwrap();
    sandbox.ae("train folder --out run").refuses_with(&["found folder", "--data"]);
    sandbox.write("large.toml", vec![b'#'; (1 << 20) + 1]);
    sandbox.ae("train large.toml --out run").fails_with(&["large.toml", "1048576 bytes"]);
    assert!(!sandbox.path("run").exists());
}

#[test]
fn a_reason_is_told_once() {
    let sandbox = Sandbox::new();
    for arguments in ["train nowhere.toml", "inspect nowhere", "evaluate nowhere"] {
        let message = sandbox.ae(arguments).fails_with(&["No such file"]).stderr;
        assert_eq!(message.matches("No such file").count(), 1, "{message}");
    }
}

#[test]
fn a_flag_out_of_its_range_is_a_matter_of_usage() {
    let sandbox = Sandbox::with_data();
    let before = sandbox.contents_of("");
    let flags: [(&str, &[&str]); 16] = [
        ("--epochs 0", &["--epochs", "'0'"]),
        ("--epochs -3", &["-3"]),
        ("--epochs many", &["--epochs", "many"]),
        ("--batch-size 0", &["--batch-size", "'0'"]),
        ("--learning-rate nan", &["--learning-rate", "expected a finite number above 0"]),
        ("--learning-rate 0", &["--learning-rate", "expected a finite number above 0"]),
        ("--learning-rate inf", &["--learning-rate", "expected a finite number above 0"]),
        ("--widths 8,0", &["--widths", "'0'"]),
        ("--code-l1 nan", &["--code-l1", "expected a finite number, 0 or above"]),
        ("--loss hinge", &["--loss", "binary-cross-entropy, mean-squared-error"]),
        ("--noise gaussian:-1", &["--noise", "expected a factor from 0 to 100, found -1"]),
        ("--noise fog", &["--noise", "fog", "salt-and-pepper"]),
        ("--engine steam", &["--engine", "steam", "fused, autograd"]),
        ("--device tpu", &["--device", "tpu", "cpu, cuda"]),
        ("--noise gaussian:0.5 --drawn twice", &["--drawn", "twice", "once"]),
        ("--seed 18446744073709551615", &["--seed", "18446744073709551615"]),
    ];
    for (flag, fragments) in flags {
        sandbox.ae(&format!("train --data data --out run {flag}")).refuses_with(fragments);
    }
    assert_eq!(sandbox.contents_of(""), before);
}

#[test]
fn flags_that_do_not_go_together_are_refused() {
    let sandbox = Sandbox::with_data();
    let before = sandbox.contents_of("");
    sandbox.ae("train --data data --out run --drawn once").refuses_with(&["--drawn", "--noise"]);
    sandbox
        .ae("train --data data --out run --device cuda")
        .fails_with(&["`cuda`", "cannot be used"]);
    // Without widths, the network is the spec's: here for images of another size.
    sandbox.write_data("large", [4, 4], 28);
    sandbox.write("small.toml", SPEC);
    sandbox.ae("train small.toml --data large --out run").refuses_with(&["784", "196"]);
    sandbox.ae("train small.toml --data large --widths 4 --out fits --epochs 1").succeeds();
    assert!(!sandbox.path("run").exists());
    assert_eq!(sandbox.contents_of("data").len(), before.len());
}
