//! What a person reads first: help, completions, and what is printed where.

use std::fs::OpenOptions;
use std::process::Stdio;

use crate::support::{Sandbox, skip};

/// Every command.
const COMMANDS: [&str; 32] = [
    "data info",
    "data fetch",
    "data export",
    "spec",
    "train",
    "resume",
    "reproduce",
    "study",
    "runs",
    "compare",
    "report",
    "evaluate",
    "reconstruct",
    "denoise",
    "encode",
    "decode",
    "project",
    "interpolate",
    "sample",
    "serve",
    "live",
    "anomaly fit",
    "anomaly score",
    "probe",
    "compress",
    "decompress",
    "join",
    "export",
    "import",
    "inspect",
    "completions",
    "man",
];
/// Most lines of `-h`: what a screen shows.
const SCREEN: usize = 40;

#[test]
fn every_command_has_help_that_fits_a_screen_and_has_an_example() {
    let sandbox = Sandbox::new();
    for command in COMMANDS {
        let help = sandbox.ae(&format!("{command} -h")).succeeds().stdout;
        assert!(help.lines().count() <= SCREEN, "{command}: {} lines", help.lines().count());
        let (_, example) = help.split_once("Example").unwrap_or_else(|| panic!("{help}"));
        assert!(example.contains(&format!("ae {command}")), "{command}:\n{help}");
        insta::assert_snapshot!(format!("help-{}", command.replace(' ', "-")), help);
        let long = sandbox.ae(&format!("{command} --help")).succeeds().stdout;
        assert!(long.lines().count() >= help.lines().count(), "{command}");
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
    let tested: Vec<&str> =
        COMMANDS.iter().map(|command| command.split(' ').next().unwrap()).chain(["help"]).collect();
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
    sandbox.ae("reconstruct run x.png").refuses_with(&["--out"]);
    sandbox.ae("reconstruct run -o x.npy").refuses_with(&["<DATA>"]);
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
fn completions_and_help_know_the_values_of_enumerations() {
    let sandbox = Sandbox::new();
    let script = sandbox.ae("completions bash").succeeds().stdout;
    for values in [
        "once every-epoch",
        "standard min-max",
        "fused autograd",
        "fit crop none",
        "train validation test all",
        "auto comma semicolon tab pipe",
    ] {
        assert!(script.contains(values), "{values}");
        let listed = values.replace(' ', ", ");
        let help = sandbox.ae("train --help").stdout + &sandbox.ae("encode --help").stdout;
        let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(help.contains(&format!("[possible values: {listed}]")), "{listed}\n{help}");
    }
}

#[test]
fn every_command_has_a_manual_page() {
    let sandbox = Sandbox::new();
    let page = sandbox.ae("man").succeeds().stdout;
    assert!(page.contains(".TH ae 1") && page.contains("SUBCOMMANDS"), "{page}");
    sandbox.ae("man --out man1").succeeds();
    for command in COMMANDS {
        let page = sandbox.read_text(&format!("man1/ae-{}.1", command.replace(' ', "-")));
        assert!(page.contains(".SH SYNOPSIS") && page.contains("Example"), "{command}: {page}");
    }
}

#[test]
fn events_are_shown_if_asked_for() {
    let sandbox = Sandbox::with_data();
    let told = |flags: &str| sandbox.ae(&format!("data info data {flags}")).succeeds().stderr;
    assert_eq!(told(""), "");
    assert!(told("-vv").contains("loaded"));
    let mut command = sandbox.command("data info data");
    let output = command.env("RUST_LOG", "ae_dataset=debug").output().unwrap();
    assert!(String::from_utf8(output.stderr).unwrap().contains("loaded"));
    sandbox.ae("data info data -v -q").refuses_with(&["--verbose", "--quiet"]);
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
