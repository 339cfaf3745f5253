//! Runs a program with a clock: its time, the times of its lines, its peak memory.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

/// A program that has ended well.
#[derive(Debug)]
pub(super) struct Finished {
    pub(super) stdout: String,
    /// The lines of its standard error, with the seconds from its start to their arrival.
    pub(super) stderr: Vec<(f64, String)>,
    pub(super) seconds: f64,
    /// The most memory that it has held at once, where the system tells (Linux).
    pub(super) peak_mib: Option<f64>,
}

/// Runs a program to its end. An error holds what it said last.
pub(super) fn run(command: &mut Command) -> Result<Finished> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let program = command.get_program().display().to_string();
    let start = Instant::now();
    let mut child = command.spawn().with_context(|| format!("cannot start {program}"))?;
    let stdout = child.stdout.take().map(|stream| thread::spawn(move || lines(stream, start)));
    let stderr = child.stderr.take().map(|stream| thread::spawn(move || lines(stream, start)));
    let mut peak_mib = None;
    let status = loop {
        if let Some(status) =
            child.try_wait().with_context(|| format!("cannot wait for {program}"))?
        {
            break status;
        }
        peak_mib = peak_memory(child.id()).or(peak_mib);
        thread::sleep(Duration::from_millis(2));
    };
    let seconds = start.elapsed().as_secs_f64();
    let [stdout, stderr] = [stdout, stderr]
        .map(|reader| reader.and_then(|reader| reader.join().ok()).unwrap_or_default());
    ensure!(status.success(), "ended with {status}: {}", reason(&stderr));
    let stdout = stdout.into_iter().map(|(_, line)| line + "\n").collect();
    Ok(Finished { stdout, stderr, seconds, peak_mib })
}

/// The high-water mark of a process, in MiB.
fn peak_memory(id: u32) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok()? / 1024.0)
}

/// The lines of a stream; one that breaks has ended.
fn lines(stream: impl Read, start: Instant) -> Vec<(f64, String)> {
    let lines = BufReader::new(stream).split(b'\n').map_while(Result::ok);
    let text = |line: Vec<u8>| String::from_utf8_lossy(&line).trim_end().to_owned();
    lines.map(|line| (start.elapsed().as_secs_f64(), text(line))).collect()
}

/// The last line that speaks of an error, or else the last line.
fn reason(lines: &[(f64, String)]) -> &str {
    let said = || lines.iter().rev().map(|(_, line)| line.trim()).filter(|line| !line.is_empty());
    let of_error = said().find(|line| line.to_ascii_lowercase().contains("error"));
    of_error.or_else(|| said().next()).unwrap_or("it says nothing")
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(script: &str) -> Result<Finished> {
        run(Command::new("sh").args(["-c", script]))
    }

    #[test]
    fn lines_arrive_with_their_times() {
        let finished = shell("echo a >&2; sleep 0.2; echo b >&2; echo out").unwrap();
        assert_eq!(finished.stdout, "out\n");
        let [(first, a), (second, b)] = finished.stderr.as_slice() else { panic!("two lines") };
        assert_eq!([a, b], ["a", "b"]);
        assert!(second - first >= 0.19 && finished.seconds >= *second - 0.05, "{finished:?}");
        #[cfg(target_os = "linux")]
        assert!(finished.peak_mib.unwrap() > 0.1);
    }

    #[test]
    fn a_failure_is_explained_by_the_last_error_or_the_last_line() {
        let error = |script| shell(script).unwrap_err().to_string();
        let raised = "echo Traceback >&2; echo '  NameError: x' >&2; echo try --help >&2; exit 3";
        assert_eq!(error(raised), "ended with exit status: 3: NameError: x");
        assert_eq!(error("echo one >&2; exit 1"), "ended with exit status: 1: one");
        assert_eq!(error("exit 1"), "ended with exit status: 1: it says nothing");
    }
}
