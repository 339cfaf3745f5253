//! The machine, the day and the source that a measurement belongs to.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde::Serialize;

const UNKNOWN: &str = "unknown";

/// Where and when something was measured.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Machine {
    cpu: String,
    pub(super) cores: usize,
    system: String,
    rustc: String,
    /// Coordinated universal time, `YYYY-MM-DD`.
    date: String,
    revision: String,
    /// Programs that wanted to run in the last minute, at the start.
    pub(super) load: Option<f64>,
}

impl Machine {
    /// This one, now.
    pub(super) fn here(root: &Path) -> Self {
        let cpu = field("/proc/cpuinfo", "model name");
        Self {
            cpu: cpu.unwrap_or_else(|| UNKNOWN.to_owned()),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            system: said(Command::new("uname").arg("-sr")),
            rustc: said(Command::new("rustc").arg("--version")),
            date: said(Command::new("date").args(["-u", "+%F"])),
            revision: revision(root),
            load: read("/proc/loadavg").split(' ').next().and_then(|load| load.parse().ok()),
        }
    }

    /// A folder's name: the day and the processor.
    pub(super) fn folder(&self) -> String {
        let name = format!("{} {}", self.date, self.cpu).to_ascii_lowercase();
        let words = name.split(|c: char| !c.is_ascii_alphanumeric());
        words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-")
    }

    /// One sentence.
    pub(super) fn describe(&self, threads: u32) -> String {
        let load = self.load.map(|load| format!(", load {load} at the start")).unwrap_or_default();
        format!(
            "{} ({} cores, {threads} threads used), {}, {}, revision {}, {}{load}",
            self.cpu, self.cores, self.system, self.rustc, self.revision, self.date
        )
    }
}

/// What cannot be read says nothing.
fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

/// The value behind the first `name:` of a file of /proc.
fn field(path: &str, name: &str) -> Option<String> {
    let is_it = |line: &str| {
        Some(line.strip_prefix(name)?.trim_start().strip_prefix(':')?.trim().to_owned())
    };
    read(path).lines().find_map(is_it)
}

fn revision(root: &Path) -> String {
    let git = |arguments: &[&str]| said(Command::new("git").current_dir(root).args(arguments));
    let revision = git(&["rev-parse", "--short=12", "HEAD"]);
    let is_changed = !git(&["status", "--porcelain", "--untracked-files=no"]).is_empty();
    if is_changed && revision != UNKNOWN { format!("{revision} with changes") } else { revision }
}

fn said(command: &mut Command) -> String {
    let output = command.output().ok().filter(|output| output.status.success());
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    text.unwrap_or_else(|| UNKNOWN.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_s_name_has_the_day_and_the_processor() {
        let mut machine = Machine::here(Path::new("."));
        machine.cpu = "AMD EPYC 9V74 (80-Core) @ 2.6GHz".to_owned();
        machine.date = "2026-11-24".to_owned();
        assert_eq!(machine.folder(), "2026-11-24-amd-epyc-9v74-80-core-2-6ghz");
    }
}
