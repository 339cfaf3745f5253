//! Runs a program with a clock: its time, the times of its lines, its peak memory.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// What is kept of what a program writes; the rest is read and thrown away.
const MOST_LINES: usize = 4096;
const MOST_OUTPUT: u64 = 1 << 20;
/// How often its memory is looked at.
const LOOK: Duration = Duration::from_millis(5);

/// A program that has ended.
#[derive(Debug)]
pub(super) struct Finished {
    pub(super) status: ExitStatus,
    pub(super) stdout: String,
    /// The lines of its standard error, with the seconds from its start to their arrival.
    pub(super) stderr: Vec<(f64, String)>,
    /// From its start to the end of its output.
    pub(super) seconds: f64,
    /// The most memory that it has held at once, where the system tells (Linux).
    pub(super) peak_mib: Option<f64>,
}

/// When a program is killed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limit<'a> {
    pub(super) time: Duration,
    /// As soon as a line on its standard error begins so.
    pub(super) line: Option<&'a str>,
}

/// Runs a program to its end. One that takes too long is killed, and that is an error.
pub(super) fn run(command: &mut Command, limit: Limit<'_>) -> Result<Finished> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let start = Instant::now();
    let program = command.get_program().display().to_string();
    let mut child = command.spawn().with_context(|| format!("cannot start {program}"))?;
    let (sender, ended) = channel();
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let (line, line_sender) = (limit.line.map(str::to_owned), sender.clone());
    let output = thread::spawn(move || {
        let text = stdout.map(whole).unwrap_or_default();
        // Whoever listens may be gone; then the program has been killed.
        let _ = sender.send(());
        text
    });
    let lines = thread::spawn(move || {
        stderr.map_or_else(Vec::new, |stream| {
            lines(stream, start, &mut |text| {
                if line.as_ref().is_some_and(|line| text.starts_with(line)) {
                    let _ = line_sender.send(());
                }
            })
        })
    });
    let (in_time, peak_mib) = watch(&child, &ended, start + limit.time);
    let seconds = start.elapsed().as_secs_f64();
    if !in_time || limit.line.is_some() {
        child.kill().with_context(|| format!("cannot kill {program}"))?;
    }
    let status = child.wait().with_context(|| format!("cannot wait for {program}"))?;
    if !in_time {
        bail!("took more than {} s and was stopped", limit.time.as_secs());
    }
    let stdout = output.join().unwrap_or_default();
    let stderr = lines.join().unwrap_or_default();
    Ok(Finished { status, stdout, stderr, seconds, peak_mib })
}

/// Looks at the memory until the output ends; whether that was in time.
fn watch(child: &Child, ended: &Receiver<()>, deadline: Instant) -> (bool, Option<f64>) {
    let mut peak = None;
    loop {
        match ended.recv_timeout(LOOK) {
            Err(RecvTimeoutError::Timeout) if Instant::now() < deadline => {
                peak = peak_memory(child.id()).or(peak);
            }
            Err(RecvTimeoutError::Timeout) => return (false, peak),
            Ok(()) | Err(RecvTimeoutError::Disconnected) => return (true, peak),
        }
    }
}

/// The high-water mark of a process, in MiB.
fn peak_memory(id: u32) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok()? / 1024.0)
}

fn whole(mut stream: impl Read) -> String {
    let mut bytes = Vec::new();
    // A stream that breaks has ended.
    let _ = stream.by_ref().take(MOST_OUTPUT).read_to_end(&mut bytes);
    let _ = std::io::copy(&mut stream, &mut std::io::sink());
    String::from_utf8_lossy(&bytes).into_owned()
}

fn lines(stream: impl Read, start: Instant, seen: &mut dyn FnMut(&str)) -> Vec<(f64, String)> {
    let mut lines = Vec::new();
    let mut reader = BufReader::new(stream);
    let mut line = Vec::new();
    while matches!(reader.by_ref().take(MOST_OUTPUT).read_until(b'\n', &mut line), Ok(1..)) {
        let text = String::from_utf8_lossy(&line).trim_end().to_owned();
        seen(&text);
        if lines.len() == MOST_LINES {
            // The last lines say why a program failed.
            lines.remove(MOST_LINES / 2);
        }
        lines.push((start.elapsed().as_secs_f64(), text));
        line.clear();
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, seconds: u64, line: Option<&str>) -> Result<Finished> {
        let limit = Limit { time: Duration::from_secs(seconds), line };
        run(Command::new("sh").args(["-c", script]), limit)
    }

    #[test]
    fn lines_arrive_with_their_times() {
        let finished =
            shell("echo a >&2; sleep 0.2; echo b >&2; echo out; exit 3", 60, None).unwrap();
        assert_eq!(finished.status.code(), Some(3));
        assert_eq!(finished.stdout, "out\n");
        let [(first, a), (second, b)] = finished.stderr.as_slice() else { panic!("two lines") };
        assert_eq!([a, b], ["a", "b"]);
        assert!(second - first >= 0.19 && finished.seconds >= *second - 0.05, "{finished:?}");
        #[cfg(target_os = "linux")]
        assert!(finished.peak_mib.unwrap() > 0.1);
    }

    #[test]
    fn what_takes_too_long_is_stopped() {
        let start = Instant::now();
        let error = shell("exec sleep 60", 0, None).unwrap_err();
        assert_eq!(error.to_string(), "took more than 0 s and was stopped");
        assert!(start.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn a_line_can_end_a_program() {
        let finished =
            shell("echo 'epoch 1/6: x' >&2; exec sleep 60", 50, Some("epoch 1/")).unwrap();
        assert_eq!(finished.status.code(), None);
        assert!(finished.seconds < 30.0);
    }
}
