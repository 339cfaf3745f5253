//! What a person reads first: help, completions, and what is printed where.

use std::fs::OpenOptions;
use std::process::Stdio;

use crate::support::{Sandbox, skip};

/// Every command with what its help must name.
const COMMANDS: [(&str, &[&str]); 23] = [
    ("data info", &["--data", "--show"]),
    ("data fetch", &["<NAME>", "fashion-mnist"]),
    ("data export", &["--data", "--out"]),
    (
        "train",
        &[
            "[SPEC]",
            "--out",
            "--force",
            "--data",
            "--seed",
            "--epochs",
            "--batch-size",
            "--learning-rate",
            "--loss",
            "--widths",
            "--tied-weights",
            "--code-l1",
            "--noise",
            "--drawn",
            "--show",
        ],
    ),
    ("resume", &["<RUN>", "--show"]),
    ("evaluate", &["<MODEL>", "--data", "--noise", "--seed"]),
    ("reconstruct", &["<IMAGES>", "--model", "--output", "--count", "--show"]),
    ("denoise", &["<IMAGES>", "--model", "--output", "--count", "--show", "--noise", "--seed"]),
    ("encode", &["<IMAGES>", "--model", "--output"]),
    ("decode", &["<CODES>", "--model", "--output", "--count", "--show"]),
    ("reproduce", &["--data", "--out", "--only", "--all", "--epochs", "--seed"]),
    ("study", &["<SPEC>", "--out", "--force", "--data", "--seed", "--epochs"]),
    ("anomaly fit", &["<DATA>", "--model", "--score", "--contamination", "--quantile", "--output"]),
    ("anomaly score", &["<IMAGES>", "--model", "--output", "--heat-map", "--normal-class"]),
    ("probe", &["<MODEL>", "--data", "--labels", "--repetitions", "--seed"]),
    ("compress", &["<IMAGES>", "--model", "--output", "--quality", "--exact"]),
    ("decompress", &["<FILE>", "--model", "--output", "--image"]),
    ("project", &["<IMAGES>", "--model", "--output", "--method", "--limit", "--seed", "--grid"]),
    ("interpolate", &["<IMAGES>", "[OTHER]", "--model", "--output", "--from", "--to", "--steps"]),
    ("export", &["<MODEL>", "--onnx", "--output", "--part", "--force"]),
    ("import", &["<FILE>", "--output", "--code", "--encoder-layers", "--shape", "--convert"]),
    ("inspect", &["<MODEL>"]),
    ("completions", &["<SHELL>", "bash", "zsh", "fish"]),
];

const COMMON: [&str; 7] =
    ["--threads", "--device", "--offline", "--json", "--quiet", "--progress", "--help"];

#[test]
fn every_command_has_help_with_its_arguments_and_an_example() {
    let sandbox = Sandbox::new();
    for (command, named) in COMMANDS {
        let help = sandbox.ae(&format!("{command} --help")).succeeds().stdout;
        for name in named.iter().chain(&COMMON) {
            assert!(help.contains(name), "{command} --help does not name {name}:\n{help}");
        }
        let (_, example) = help.split_once("Example").unwrap_or_else(|| panic!("{help}"));
        assert!(example.contains(&format!("ae {command} ")), "{command}:\n{help}");
    }
}

#[test]
fn the_help_of_ae_lists_every_command() {
    let sandbox = Sandbox::new();
    let help = sandbox.ae("--help").succeeds().stdout;
    let listed: Vec<&str> = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    let tested: Vec<&str> = COMMANDS
        .iter()
        .map(|(command, _)| command.split(' ').next().unwrap())
        .chain(["help"])
        .collect();
    for command in &listed {
        assert!(tested.contains(command), "the help of `{command}` is not tested");
    }
    for command in tested {
        assert!(listed.contains(&command), "`{command}` is not listed:\n{help}");
    }
    insta::assert_snapshot!("help", help);
}

#[test]
fn what_cannot_be_understood_is_a_matter_of_usage() {
    let sandbox = Sandbox::new();
    sandbox.ae("").refuses_with(&["Usage: ae", "Commands:"]);
    sandbox.ae("trian").refuses_with(&["trian", "train"]);
    sandbox.ae("train --epoch 3").refuses_with(&["--epoch", "--epochs"]);
    sandbox.ae("resume").refuses_with(&["<RUN>"]);
    sandbox.ae("resume run --threads 0").refuses_with(&["--threads", "0"]);
    sandbox.ae("resume run --progress loud").refuses_with(&["loud", "plain"]);
    sandbox.ae("data fetch cifar").refuses_with(&["cifar", "mnist"]);
    sandbox.ae("reconstruct x.png -m run").refuses_with(&["--output"]);
    sandbox.ae("completions tcsh").refuses_with(&["tcsh", "bash"]);
    assert_eq!(sandbox.contents_of(""), []);
}

#[test]
fn completions_know_the_commands() {
    let sandbox = Sandbox::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = sandbox.ae(&format!("completions {shell}")).succeeds().stdout;
        for word in ["reconstruct", "batch-size", "tied-weights"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
}

#[test]
fn colours_and_cursor_moves_are_for_terminals() {
    let sandbox = Sandbox::with_data();
    for arguments in [
        "train --help",
        "train --epochs nothing",
        "train --data data --widths 4 --epochs 1 --show --out plain",
        "train --data data --widths 4 --epochs 1 --progress bar --batch-size 999 --out bar",
        "data info --data data --show",
        "data info --data nowhere",
    ] {
        let mut command = sandbox.command(arguments);
        command.envs([("TERM", "xterm-256color"), ("COLORTERM", "truecolor")]);
        let output = command.output().unwrap();
        let printed = [output.stdout, output.stderr].concat();
        assert!(!printed.is_empty(), "{arguments}");
        assert!(!printed.contains(&0x1b), "{arguments}:\n{}", String::from_utf8_lossy(&printed));
    }
}

#[test]
fn a_result_that_cannot_be_printed_is_a_failure() {
    let Ok(full) = OpenOptions::new().write(true).open("/dev/full") else {
        skip("this system has no /dev/full");
        return;
    };
    let sandbox = Sandbox::new();
    let mut command = sandbox.command("completions bash");
    let output = command.stdout(full).stderr(Stdio::piped()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(message.starts_with("error: cannot write to stdout: "), "{message}");
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let sandbox = Sandbox::with_data();
    let mut command =
        sandbox.command("train --data data --widths 4 --epochs 2 --batch-size 999 --out run");
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // Both pipes are closed before the first line.
    drop((child.stdout.take(), child.stderr.take()));
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(sandbox.read_json("run/record.json")["epochs"], 2);
}
