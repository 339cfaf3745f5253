//! The live page: `ae train --live`, and `ae live` beside a training of another process.
#![cfg(unix)]

use std::cell::RefCell;
use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{SPEC, Sandbox, http};

/// A program with a page, in the background. It is killed when this is dropped.
struct Watched {
    child: Child,
    /// Kept, so that the program can write to it.
    told: Box<dyn BufRead>,
    port: u16,
    /// The digest of what a page would show. The end of a training waits for pages that do not show it yet.
    shown: RefCell<String>,
}

impl Watched {
    /// `ae train .. --live`, once it has said where its page is.
    fn training(sandbox: &Sandbox, arguments: &str) -> Self {
        let mut command = sandbox.command(&format!("{arguments} --live --progress none"));
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut told = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        let start = "the training can be watched on http://127.0.0.1:";
        let port = loop {
            line.clear();
            assert!(told.read_line(&mut line).unwrap() > 0, "it has ended without a page");
            if let Some(rest) = line.trim_end().strip_prefix(start) {
                break rest.trim_end_matches('/').parse().unwrap();
            }
        };
        Self { child, told: Box::new(told), port, shown: RefCell::default() }
    }

    /// `ae live`.
    fn folder(sandbox: &Sandbox, run: &str) -> Self {
        let mut command = sandbox.command(&format!("live {run} --json"));
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut told = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        told.read_line(&mut line).unwrap();
        let address: Value = serde_json::from_str(&line).unwrap();
        let port = address["port"].as_u64().unwrap() as u16;
        Self { child, told: Box::new(told), port, shown: RefCell::default() }
    }

    fn get(&self, path: &str) -> (u16, String) {
        http(self.port, &format!("GET {path}"), &[], "")
    }

    fn stop(&self, headers: &[(&str, &str)]) -> (u16, String) {
        http(self.port, "POST /v1/live/stop", headers, "{}")
    }

    fn state(&self) -> Value {
        let shown = self.shown.borrow().clone();
        let (status, body) = self.get(&format!("/v1/live?page=test&shown={shown}"));
        assert_eq!(status, 200, "{body}");
        let state: Value = serde_json::from_str(&body).unwrap();
        *self.shown.borrow_mut() = state["digest"].as_str().unwrap().to_owned();
        state
    }

    /// Asks until the state is as it should be.
    fn state_with(&self, is_reached: impl Fn(&Value) -> bool) -> Value {
        let started = Instant::now();
        loop {
            let state = self.state();
            if is_reached(&state) {
                if state["goes_on"] == false {
                    // It hears that the end is shown.
                    self.state();
                }
                return state;
            }
            assert!(started.elapsed() < Duration::from_secs(60), "{state:#}");
            sleep(Duration::from_millis(50));
        }
    }

    /// Waits for its end; returns the exit status and what was told.
    fn end(mut self) -> (Option<i32>, String) {
        let mut told = String::new();
        self.told.read_to_string(&mut told).unwrap();
        (self.child.wait().unwrap().code(), told)
    }

    fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn has_part(state: &Value, id: &str) -> bool {
    state["parts"].as_array().unwrap().iter().any(|part| part["id"] == id)
}

/// A training that would take hours.
fn with_long_training() -> Sandbox {
    let sandbox = Sandbox::with_data();
    sandbox.write("spec.toml", SPEC);
    sandbox
}

/// Goes on with a stopped run for two more epochs, and compares it with one that was not stopped.
fn continues_to_the_same_bits(sandbox: &Sandbox, run: &str) {
    let curve = sandbox.read_text(&format!("{run}/curve.csv"));
    let epochs = curve.lines().count() - 1 + 2;
    sandbox.ae(&format!("resume {run} --epochs {epochs}")).succeeds();
    sandbox.ae(&format!("train spec.toml --epochs {epochs} --out reference")).succeeds();
    assert_eq!(sandbox.weights_of(run), sandbox.weights_of("reference"));
    let curve = |run: &str| sandbox.read(&format!("{run}/curve.csv"));
    assert!(curve(run) == curve("reference"));
    sandbox.holds_no_temporary_files();
}

const JSON: (&str, &str) = ("Content-Type", "application/json");

#[test]
fn a_training_shows_itself_and_stops_with_a_checkpoint() {
    let sandbox = with_long_training();
    let training = Watched::training(&sandbox, "train spec.toml --epochs 100000 --out run");
    let state = training.state_with(|state| {
        state["progress"]["epoch"].as_u64() > Some(3) && has_part(state, "reconstructions")
    });
    assert_eq!((&state["phase"], &state["title"]), (&"training".into(), &"small".into()));
    assert_eq!((&state["lead"], &state["can_stop"]), (&"Does it learn?".into(), &true.into()));
    let progress = &state["progress"];
    assert_eq!((&progress["epochs"], &progress["batches"]), (&100_000.into(), &7.into()));
    for known in ["items_per_second", "seconds_left", "loss"] {
        assert!(progress[known].as_f64().unwrap() > 0.0, "{progress}");
    }
    assert!(state["validation"]["last"].is_number() && state["command"].is_null(), "{state}");
    let (status, curves) = training.get("/v1/live/parts/curves");
    assert!(status == 200 && curves.contains("<polyline"), "{curves}");
    assert!(!curves.contains(" style="), "the policy forbids it: {curves}");
    let (_, pictures) = training.get("/v1/live/parts/reconstructions");
    assert!(pictures.contains("src=\"data:image/png;base64,"), "{pictures}");
    // The next epochs change what is shown.
    training.state_with(|later| later["parts"] != state["parts"]);

    let (status, told) = training.stop(&[JSON]);
    assert_eq!(status, 200, "{told}");
    let state = training.state_with(|state| state["phase"] == "stopped");
    assert_eq!((&state["command"], &state["can_stop"]), (&"ae resume run".into(), &false.into()));
    let verdict = state["verdict"].as_str().unwrap();
    assert!(verdict.starts_with("Stopped with a checkpoint: "), "{verdict}");
    let (code, told) = training.end();
    assert_eq!(code, Some(130), "{told}");
    let line = told.lines().last().unwrap();
    assert!(
        line.starts_with("interrupted ") && line.ends_with("; `ae resume run` continues there"),
        "{told}"
    );
    assert!(!sandbox.path("run/record.json").exists());
    continues_to_the_same_bits(&sandbox, "run");
}

#[test]
fn nobody_else_stops_a_training() {
    let sandbox = with_long_training();
    let training = Watched::training(&sandbox, "train spec.toml --epochs 100000 --out run");
    training.state_with(|state| state["phase"] == "training");
    for (headers, expected) in [
        (&[JSON, ("Origin", "http://evil.example")][..], 403),
        (&[JSON, ("Origin", "null")], 403),
        (&[JSON, ("Origin", "http://localhost:1")], 403),
        (&[JSON, ("Host", "evil.example")], 421),
        (&[("Content-Type", "text/plain")], 415),
        (&[("Content-Type", "application/x-www-form-urlencoded")], 415),
        (&[], 415),
    ] {
        let (status, told) = training.stop(headers);
        assert_eq!(status, expected, "{headers:?}: {told}");
    }
    assert_eq!(training.get("/v1/live/stop").0, 405);
    assert_eq!(training.get("/v1/live/parts/nothing").0, 404);
    let before = training.state_with(|state| state["progress"]["epoch"].is_u64());
    training.state_with(|state| {
        state["progress"]["epoch"].as_u64() > before["progress"]["epoch"].as_u64()
    });
    // Ctrl-C does what the button does.
    training.signal("-INT");
    let (code, told) = training.end();
    assert_eq!(code, Some(130), "{told}");
    let stopping = "stopping after this batch, with a checkpoint; once more ends at once\n";
    let (_, after) = told.split_once(stopping).unwrap_or_else(|| panic!("{told}"));
    assert!(after.trim_end().ends_with("; `ae resume run` continues there"), "{told}");
    assert_eq!(after.lines().count(), 1, "{told}");
    continues_to_the_same_bits(&sandbox, "run");
}

#[test]
fn a_page_changes_no_bit_and_shows_the_report_at_the_end() {
    let sandbox = with_long_training();
    sandbox.ae("train spec.toml --epochs 60 --out plain").succeeds();
    let training = Watched::training(&sandbox, "train spec.toml --epochs 60 --out watched");
    let state = training.state_with(|state| state["phase"] == "finished");
    for part in ["results", "learned", "curves", "figures", "repeat", "machine"] {
        assert!(has_part(&state, part), "{part}: {state:#}");
    }
    let (code, told) = training.end();
    assert_eq!(code, Some(0), "{told}");
    assert_eq!(sandbox.weights_of("plain"), sandbox.weights_of("watched"));
    assert!(sandbox.read("plain/curve.csv") == sandbox.read("watched/curve.csv"));
    // A resume has a page too.
    let resumed = Watched::training(&sandbox, "resume watched --epochs 61");
    resumed.state_with(|state| state["phase"] == "finished");
    assert_eq!(resumed.end().0, Some(0));
}

#[test]
fn a_port_that_is_taken_is_told_before_anything_is_written() {
    let sandbox = with_long_training();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let train = format!("train spec.toml --out run --live={port}");
    sandbox.ae(&train).fails_with(&[&port.to_string(), "another port"]);
    assert!(!sandbox.path("run").exists());
    sandbox.ae("train spec.toml --out run --live=65536").refuses_with(&["--live"]);
    sandbox.ae(&format!("live nowhere --port {port}")).fails_with(&["nowhere"]);
    sandbox.ae("train spec.toml --epochs 1 --out run").succeeds();
    sandbox.ae(&format!("live run --port {port}")).fails_with(&[&port.to_string(), "another port"]);
}

#[test]
fn another_terminal_watches_a_training_and_stops_it() {
    let sandbox = with_long_training();
    let mut command = sandbox.command("train spec.toml --epochs 100000 --progress none --out run");
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    let started = Instant::now();
    while !sandbox.path("run/spec.toml").exists() {
        assert!(started.elapsed() < Duration::from_secs(60));
        sleep(Duration::from_millis(5));
    }
    // Nobody watches, so nothing is told.
    sleep(Duration::from_millis(1200));
    assert!(!sandbox.path("run/.live").exists());
    let page = Watched::folder(&sandbox, "run");
    let state = page.state_with(|state| {
        state["phase"] == "training"
            && has_part(state, "reconstructions")
            && has_part(state, "curves")
    });
    assert_eq!(state["progress"]["epochs"], 100_000);
    page.state_with(|later| {
        later["progress"]["epoch"].as_u64() > state["progress"]["epoch"].as_u64()
    });
    let (status, told) = page.stop(&[JSON, ("Origin", "http://evil.example")]);
    assert_eq!(status, 403, "{told}");
    let (status, told) = page.stop(&[JSON]);
    assert_eq!(status, 200, "{told}");
    let mut told = String::new();
    child.stderr.take().unwrap().read_to_string(&mut told).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{told}");
    assert!(told.contains("`ae resume run` continues there"), "{told}");
    let state = page.state_with(|state| state["phase"] == "interrupted");
    assert_eq!(state["command"], "ae resume run");
    page.signal("-INT");
    assert_eq!(page.end().0, Some(0));
    continues_to_the_same_bits(&sandbox, "run");
}

#[test]
fn runs_that_are_over_are_shown_and_left_as_they_are() {
    let sandbox = Sandbox::with_run();
    let before = sandbox.contents_of("");
    let page = Watched::folder(&sandbox, "run");
    let state = page.state();
    assert_eq!((&state["phase"], &state["can_stop"]), (&"finished".into(), &false.into()));
    assert!(has_part(&state, "results") && state["progress"].is_null(), "{state}");
    assert_eq!(page.stop(&[JSON]).0, 409);
    page.signal("-TERM");
    assert_eq!(page.end().0, Some(0));
    assert!(sandbox.contents_of("") == before);
    sandbox.write("run/record.json", "{");
    sandbox.ae("live run").fails_with(&["record.json"]);
}

/// The id of a dead process may be that of another one by now.
#[test]
fn what_a_killed_training_has_left_is_not_taken_for_a_running_one() {
    let sandbox = with_long_training();
    let mut command = sandbox.command("train spec.toml --epochs 100000 --progress none --out run");
    let mut child = command.stderr(Stdio::null()).spawn().unwrap();
    while !sandbox.path("run/spec.toml").exists() {
        sleep(Duration::from_millis(5));
    }
    let page = Watched::folder(&sandbox, "run");
    page.state_with(|state| state["phase"] == "training");
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(sandbox.path("run/.live/status.json").exists());
    let state = page.state();
    assert_eq!(
        (&state["phase"], &state["command"]),
        (&"interrupted".into(), &"ae resume run".into())
    );
    assert_eq!(page.stop(&[JSON]).0, 409);
    // A request that was meant for it stops no other one.
    let status = sandbox.read_json("run/.live/status.json");
    sandbox.write("run/.live/stop", status["id"].as_str().unwrap());
    page.signal("-INT");
    assert_eq!(page.end().0, Some(0));
    let done = sandbox.read_text("run/curve.csv").lines().count() as u64 - 1;
    sandbox.ae(&format!("resume run --epochs {}", done + 400)).succeeds();
    sandbox.holds_no_temporary_files();
}
