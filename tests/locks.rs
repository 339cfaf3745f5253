//! Two processes and one folder: the second is refused, and changes nothing.
#![cfg(target_os = "linux")]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use crate::support::Sandbox;

/// A run that goes on for long and is stopped after an epoch; it still holds its folder.
struct Stopped(Child);

impl Stopped {
    fn start(sandbox: &Sandbox, arguments: &str) -> Self {
        let mut child = sandbox.command(arguments).stderr(Stdio::piped()).spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let told = stderr.lines().find(|line| line.as_ref().unwrap().starts_with("epoch "));
        assert!(told.is_some(), "{arguments}");
        send("-STOP", &child);
        let child = Self(child);
        while !child.has_stopped() {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        child
    }

    /// Whether all threads have stopped: a signal takes its time.
    fn has_stopped(&self) -> bool {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.0.id())).unwrap();
        tasks
            .map(|task| task.unwrap().path().join("stat"))
            .all(|stat| std::fs::read_to_string(stat).is_ok_and(|stat| stat.contains(") T ")))
    }

    fn owner(&self) -> String {
        format!("in use by process {};", self.0.id())
    }

    fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

fn send(signal: &str, child: &Child) {
    assert!(
        Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success()
    );
}

#[test]
fn a_run_in_progress_keeps_all_others_out_until_it_ends() {
    let sandbox = Sandbox::with_run();
    let first = Stopped::start(&sandbox, "resume run --epochs 100000 --progress plain");
    let before = sandbox.contents_of("run");
    for arguments in [
        "train --data data --widths 8 --epochs 1 --out run --force",
        "train --data data --widths 8 --epochs 1 --out run",
        "resume run",
        "resume run --epochs 3",
        "anomaly fit run data",
        "anomaly fit run/model.safetensors data",
    ] {
        sandbox.ae(arguments).fails_with(&["run is ", &first.owner()]);
        assert_eq!(sandbox.contents_of("run"), before, "{arguments}");
    }
    // Reading is free, and so is another folder.
    sandbox.ae("inspect run").succeeds();
    sandbox.ae("anomaly fit run data -o copy.safetensors").succeeds();

    first.kill();
    sandbox.ae("anomaly fit run data").succeeds();
    sandbox.ae("train --data data --widths 8 --epochs 1 --out run --force").succeeds();
    sandbox.holds_no_temporary_files();
}

#[test]
fn a_new_run_holds_its_folder_too() {
    let sandbox = Sandbox::with_data();
    let train = "train --data data --widths 8 --epochs 100000 --progress plain --out run";
    let first = Stopped::start(&sandbox, train);
    let before = sandbox.contents_of("run");
    for arguments in [&format!("{train} --force"), train, "resume run"] {
        sandbox.ae(arguments).fails_with(&["run is ", &first.owner()]);
        assert_eq!(sandbox.contents_of("run"), before, "{arguments}");
    }
    first.kill();
    sandbox.ae("train --data data --widths 8 --epochs 1 --out run --force").succeeds();
}

#[test]
fn a_fit_clears_away_what_a_killed_one_has_left() {
    let sandbox = Sandbox::with_run();
    sandbox.write("run/.ae-tmp-x1", "half");
    sandbox.ae("anomaly fit run data").succeeds();
    assert!(!sandbox.path("run/.ae-tmp-x1").exists());
}

#[test]
fn no_run_begins_within_another() {
    let sandbox = Sandbox::with_run();
    for folder in ["run/checkpoints", "run/inner", "run/checkpoints/inner"] {
        for force in ["", "--force"] {
            sandbox
                .ae(&format!("train --data data --widths 8 --epochs 1 --out {folder} {force}"))
                .fails_with(&["lies within the run"]);
        }
    }
    sandbox.ae("inspect run").succeeds();
}
