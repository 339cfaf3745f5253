//! The machine, the day and the source that a measurement belongs to.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

const UNKNOWN: &str = "unknown";

/// Where and when something was measured.
#[derive(Debug, Clone)]
pub(super) struct Machine {
    pub(super) cpu: String,
    pub(super) cores: usize,
    memory_mib: Option<u64>,
    pub(super) system: String,
    pub(super) rustc: String,
    /// Coordinated universal time, `YYYY-MM-DD`.
    pub(super) date: String,
    pub(super) revision: String,
    /// Programs that wanted to run in the last minute, at the start.
    pub(super) load: Option<f64>,
}

impl Machine {
    /// This one, now.
    pub(super) fn here(root: &Path) -> Self {
        let cpu_info = read("/proc/cpuinfo");
        let cpu = field(&cpu_info, "model name").unwrap_or(UNKNOWN).to_owned();
        let memory = field(&read("/proc/meminfo"), "MemTotal")
            .and_then(|text| text.strip_suffix("kB")?.trim().parse::<u64>().ok());
        Self {
            cpu,
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory_mib: memory.map(|kilobytes| kilobytes / 1024),
            system: system(),
            rustc: said(Command::new("rustc").arg("--version")),
            date: said(Command::new("date").args(["-u", "+%F"])),
            revision: revision(root),
            load: read("/proc/loadavg").split(' ').next().and_then(|load| load.parse().ok()),
        }
    }

    /// A folder's name: the day and the processor.
    pub(super) fn folder(&self) -> String {
        let words = self.cpu.split(|c: char| !c.is_ascii_alphanumeric());
        let words: Vec<String> =
            words.filter(|word| !word.is_empty()).map(str::to_ascii_lowercase).collect();
        format!("{}-{}", self.date, words.join("-"))
    }

    /// One sentence.
    pub(super) fn describe(&self, threads: u32) -> String {
        let memory =
            self.memory_mib.map(|mib| format!(", {} GiB", (mib + 512) / 1024)).unwrap_or_default();
        let load = self.load.map(|load| format!(", load {load} at the start")).unwrap_or_default();
        format!(
            "{} ({} cores, {threads} threads used){memory}, {}, {}, revision {}, {}{load}",
            self.cpu, self.cores, self.system, self.rustc, self.revision, self.date
        )
    }

    pub(super) fn json(&self) -> Value {
        json!({
            "cpu": self.cpu, "cores": self.cores, "memory_mib": self.memory_mib,
            "system": self.system, "rustc": self.rustc, "date": self.date,
            "revision": self.revision, "load": self.load,
        })
    }
}

/// What cannot be read says nothing.
fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let is_it = |line: &'a str| line.strip_prefix(name)?.trim_start().strip_prefix(':');
    text.lines().find_map(is_it).map(str::trim)
}

fn system() -> String {
    let release = read("/etc/os-release");
    let name = release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="));
    name.map_or(std::env::consts::OS, |name| name.trim_matches('"')).to_owned()
}

fn revision(root: &Path) -> String {
    let git = |arguments: &[&str]| said(Command::new("git").current_dir(root).args(arguments));
    let revision = git(&["rev-parse", "--short=12", "HEAD"]);
    let is_changed = !git(&["status", "--porcelain", "--untracked-files=no"]).is_empty();
    if is_changed && revision != UNKNOWN { format!("{revision} with changes") } else { revision }
}

fn said(command: &mut Command) -> String {
    match command.output() {
        Ok(output) if output.status.success() => {
            String::from_utf8_lossy(&output.stdout).trim().to_owned()
        }
        _ => UNKNOWN.to_owned(),
    }
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

    #[test]
    fn fields_of_proc_files_are_found() {
        let text = "processor\t: 0\nmodel name\t: A B\nMemTotal:   12 kB\n";
        assert_eq!(field(text, "model name"), Some("A B"));
        assert_eq!(field(text, "MemTotal"), Some("12 kB"));
        assert_eq!(field(text, "model"), None);
    }
}
