//! A model behind a page and an HTTP API.
#![cfg(unix)]

use std::io::{BufRead, BufReader, Read};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Sandbox, http};

/// `ae serve` in the background. It is ended when this is dropped.
struct Serving {
    child: Child,
    /// Kept, so that the program can write to it.
    _stdout: BufReader<ChildStdout>,
    port: u64,
}

impl Serving {
    fn begin(sandbox: &Sandbox, arguments: &str) -> Self {
        Self::of(sandbox.command(&format!("serve {arguments} --port 0 --json")))
    }

    /// The same with a limit of open files.
    fn begin_with_files(sandbox: &Sandbox, arguments: &str, files: usize) -> Self {
        let serve = sandbox.command(&format!("serve {arguments} --port 0 --json"));
        let mut shell = Command::new("/bin/sh");
        shell.arg("-c").arg(format!("ulimit -n {files}; exec \"$0\" \"$@\""));
        shell.arg(serve.get_program()).args(serve.get_args());
        if let Some(folder) = serve.get_current_dir() {
            shell.current_dir(folder);
        }
        shell.env_clear();
        shell.envs(serve.get_envs().filter_map(|(name, value)| Some((name, value?))));
        Self::of(shell)
    }

    fn of(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let told: Value =
            serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let port = told["port"].as_u64().unwrap();
        assert_eq!(told["url"], format!("http://127.0.0.1:{port}/"));
        Self { child, _stdout: stdout, port }
    }

    fn ask(&self, request: &str, body: &str) -> (u16, String) {
        http(self.port as u16, request, &[("Content-Type", "application/json")], body)
    }

    /// Sends a signal; returns the exit status and what was told on stderr.
    fn end(mut self, signal: &str) -> (Option<i32>, String) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
        let mut told = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut told).unwrap();
        (self.child.wait().unwrap().code(), told)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_run_is_served_until_a_signal_ends_it_well() {
    let sandbox = Sandbox::with_run();
    for signal in ["-TERM", "-INT"] {
        let serving = Serving::begin(&sandbox, "run -v --log-format json");
        let (status, model) = serving.ask("GET /v1/model", "");
        assert_eq!(status, 200);
        let model: Value = serde_json::from_str(&model).unwrap();
        assert_eq!(model["name"], "run");
        let shape: Vec<usize> = serde_json::from_value(model["shape"].clone()).unwrap();
        let item = vec![0.5; shape.iter().product()];
        let (status, answer) =
            serving.ask("POST /v1/reconstruct", &json!({ "item": item }).to_string());
        assert_eq!(status, 200, "{answer}");
        // The examples are the part of the data that the run's training held out.
        let examples = loop {
            let told: Value = serde_json::from_str(&serving.ask("GET /v1/examples", "").1).unwrap();
            if told["state"] != "loading" {
                break told;
            }
            // Every request is logged to a pipe that nobody reads until the end.
            std::thread::sleep(std::time::Duration::from_millis(20));
        };
        assert_eq!(examples["state"], "ready", "{examples}");
        let (code, told) = serving.end(signal);
        assert_eq!(code, Some(0), "{told}");
        assert!(told.contains("stopping"), "{told}");
        let lines = told.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let mut logged = lines.filter(|line| line["route"] == "/v1/reconstruct");
        let line = logged.next().unwrap_or_else(|| panic!("{told}"));
        assert_eq!(line["status"], 200);
        assert!(line["timestamp"].is_string() && line["milliseconds"].is_number(), "{line}");
    }
}

/// Each connection is an open file.
#[test]
fn few_open_files_are_survived_and_told() {
    let sandbox = Sandbox::with_run();
    let serving = Serving::begin_with_files(&sandbox, "run --examples none", 64);
    let idle: Vec<TcpStream> = (0..200)
        .filter_map(|_| TcpStream::connect(("127.0.0.1", serving.port as u16)).ok())
        .collect();
    // Who waits for a request makes room after a while.
    std::thread::sleep(Duration::from_millis(400));
    let start = Instant::now();
    for _ in 0..20 {
        assert_eq!(serving.ask("GET /healthz", "").0, 200);
    }
    assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
    drop(idle);
    let (code, told) = serving.end("-TERM");
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("at most 24 connections") && told.contains("ulimit -n 672"), "{told}");
}

#[test]
fn what_cannot_be_served_is_told_at_once() {
    let sandbox = Sandbox::with_run();
    sandbox.write("short.txt", "secret\n");
    sandbox.write("damaged.safetensors", b"\x08\0\0\0\0\0\0\0{\"a\":1}");
    sandbox.ae("serve run --bind 0.0.0.0").refuses_with(&["--token-file"]);
    sandbox.ae("serve run --port 65536").refuses_with(&["--port"]);
    sandbox.ae("serve run --bind nowhere").refuses_with(&["--bind"]);
    sandbox.ae("serve run --allow-host lab").refuses_with(&["--token-file"]);
    sandbox.ae("serve run --token-file short.txt").fails_with(&["short.txt", "32 to 512"]);
    sandbox.ae("serve run --token-file nowhere").fails_with(&["nowhere"]);
    sandbox.ae("serve nowhere").fails_with(&["nowhere"]);
    sandbox.ae("serve damaged.safetensors").fails_with(&["damaged.safetensors"]);
    let serving = Serving::begin(&sandbox, "run --examples none");
    let port = serving.port;
    sandbox
        .ae(&format!("serve run --port {port}"))
        .fails_with(&[&port.to_string(), "another port"]);
    let (_, examples) = serving.ask("GET /v1/examples", "");
    assert!(examples.contains("--examples none"), "{examples}");
}

/// The page has the colours of the figures, whose tests measure that they stay apart.
#[test]
fn the_map_of_the_page_has_the_colours_of_the_figures() {
    let page = include_str!("../crates/ae-serve/page/marks.js");
    let figures = include_str!("../crates/ae-report/src/class_marks.rs");
    let colours = page.split("\"#").skip(1).map(|text| text.split('"').next().unwrap().to_owned());
    let rows = figures.split("const COLOURS").nth(1).unwrap().split("];").next().unwrap();
    let row = |line: &str| line.split("0x").skip(1).map(|text| text[..2].to_owned()).collect();
    let rows: Vec<String> = rows.lines().map(row).filter(|row: &String| !row.is_empty()).collect();
    assert_eq!(colours.collect::<Vec<_>>(), rows);
    assert_eq!(rows.len(), 10);
}
