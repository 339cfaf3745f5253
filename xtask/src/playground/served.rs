//! What `ae serve` tells of a model: its name and examples, which the page cannot find out without the data.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

/// The pause between questions for examples that are still read.
const PAUSE: Duration = Duration::from_millis(100);

/// `ae serve` in the background; it ends when this is dropped.
struct Server {
    child: Child,
    port: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Name and examples of a model: `{"name": .., "examples": ..}`.
pub(super) fn about(ae: &Path, model: &Path, examples: Option<&str>) -> Result<Value> {
    let server = start(ae, model, examples)?;
    let name = get(server.port, "/v1/model")?["name"].take();
    loop {
        let examples = get(server.port, "/v1/examples")?;
        if examples["state"] != "loading" {
            return Ok(json!({ "name": name, "examples": examples }));
        }
        sleep(PAUSE);
    }
}

fn start(ae: &Path, model: &Path, examples: Option<&str>) -> Result<Server> {
    let mut command = Command::new(ae);
    command.arg("serve").arg(model).args(["--port", "0", "--json", "--quiet", "--offline"]);
    if let Some(examples) = examples {
        command.args(["--examples", examples]);
    }
    let child = command.stdout(Stdio::piped()).spawn();
    let child = child.with_context(|| format!("cannot start {}", ae.display()))?;
    let mut server = Server { child, port: 0 };
    let mut line = String::new();
    let output = server.child.stdout.take().context("ae serve has no output")?;
    BufReader::new(output).read_line(&mut line).context("ae serve")?;
    ensure!(!line.is_empty(), "ae serve could not serve {}; it says why above", model.display());
    let told: Value = serde_json::from_str(&line).context("ae serve --json")?;
    server.port = told["port"].as_u64().and_then(|port| port.try_into().ok()).context("no port")?;
    Ok(server)
}

fn get(port: u16, path: &str) -> Result<Value> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).context("ae serve")?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).with_context(|| format!("ae serve at {path}"))?;
    let (head, body) = answer.split_once("\r\n\r\n").context("ae serve answers no HTTP")?;
    ensure!(head.starts_with("HTTP/1.1 200 "), "ae serve at {path}: {answer}");
    serde_json::from_str(body).with_context(|| format!("ae serve at {path}"))
}
