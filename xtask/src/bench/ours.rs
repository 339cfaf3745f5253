//! Our side: `ae` as a person runs it, and the example `throughput` for what is measured within a process.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::process::{self, Finished, Limit};
use super::sample::{PROCESS, Sample, ensure_success};
use super::work::Work;
use crate::json::Node;
use crate::workspace::cargo;

/// Megabytes of the program `ae`, as files are counted (MiB).
pub(super) const BINARY: &str = "binary_mib";
/// 1 if the weights were the same for every number of threads and after a kill, else 0.
pub(super) const EXACT: &str = "same_weights";
/// Seconds of clean release builds.
pub(super) const BUILD_AE: &str = "build_ae_seconds";
pub(super) const BUILD_XTASK: &str = "build_xtask_seconds";

/// Threads whose weights are compared, and the epochs of that.
const THREADS: [u32; 5] = [1, 2, 3, 4, 8];
const EXACT_EPOCHS: u32 = 4;

/// The exit status with which a program of ours says that an expectation fell short.
const SHORT_STATUS: i32 = 3;

/// What every side is given.
#[derive(Debug, Clone)]
pub(super) struct Setting {
    /// A folder with the four IDX files.
    pub(super) data: PathBuf,
    pub(super) threads: u32,
    /// Instead of the usual number.
    pub(super) epochs: Option<u32>,
    /// The longest that one run may take.
    pub(super) limit: Duration,
}

impl Setting {
    /// The epochs of a training of this work.
    pub(super) fn epochs(&self, work: Work) -> u32 {
        self.epochs.unwrap_or_else(|| work.usual_epochs())
    }

    fn limit(&self) -> Limit<'static> {
        Limit { time: self.limit, line: None }
    }

    /// Runs a program to its end.
    pub(super) fn run(&self, command: &mut Command) -> Result<Finished> {
        process::run(command, self.limit())
    }
}

/// Our programs, and where they may leave files.
#[derive(Debug, Clone)]
pub(super) struct Ours {
    pub(super) root: PathBuf,
    pub(super) ae: PathBuf,
    pub(super) throughput: PathBuf,
    pub(super) scratch: PathBuf,
}

impl Ours {
    /// Does the work once.
    pub(super) fn run(&self, work: Work, setting: &Setting) -> Result<Sample> {
        match work {
            Work::Tutorial | Work::DenoisingFresh | Work::Deep | Work::Wide | Work::Process => {
                Sample::of_training(&setting.run(&mut self.train(work, setting))?)
            }
            Work::Inference => self.infer(setting),
            Work::Noise => self.throughput(&["noise".into()], setting),
            Work::Loading => self.load(setting),
            Work::Reproduce => self.reproduce(setting),
            Work::Exact => self.compare_weights(setting),
            Work::Build => self.build(setting),
        }
    }

    fn ae(&self, arguments: &[&str], threads: u32) -> Command {
        let mut command = Command::new(&self.ae);
        command.args(arguments).args(["--offline", "--threads", &threads.to_string()]);
        command
    }

    fn train(&self, work: Work, setting: &Setting) -> Command {
        let epochs = setting.epochs(work).to_string();
        let mut command = self.ae(&["train", "--progress", "plain", "--json"], setting.threads);
        command.args(["--force", "--epochs", &epochs, "--out"]).arg(self.folder(work));
        command.arg("--data").arg(&setting.data);
        match work {
            Work::DenoisingFresh => {
                command.args(["--noise", "gaussian:0.5", "--drawn", "every-epoch"])
            }
            Work::Deep => command.args(["--widths", "128,64,32"]),
            Work::Wide => command.args(["--widths", "1000,500,250,30"]),
            _ => command.args(["--widths", "32"]),
        };
        command
    }

    fn folder(&self, work: Work) -> PathBuf {
        self.scratch.join(work.name())
    }

    /// The model is trained for an epoch first: what it has learned does not change its speed.
    fn infer(&self, setting: &Setting) -> Result<Sample> {
        let run = self.folder(Work::Inference);
        if !run.exists() {
            let setting = Setting { epochs: Some(1), ..setting.clone() };
            ensure_success(&setting.run(&mut self.train(Work::Inference, &setting))?)?;
        }
        self.throughput(&["inference".into(), run.into()], setting)
    }

    fn throughput(&self, what: &[OsString], setting: &Setting) -> Result<Sample> {
        let mut command = Command::new(&self.throughput);
        command.args(what).arg(&setting.data).arg(setting.threads.to_string());
        Sample::of_peer(&setting.run(&mut command)?)
    }

    fn load(&self, setting: &Setting) -> Result<Sample> {
        let mut command = self.ae(&["data", "info"], setting.threads);
        let finished = setting.run(command.arg("--data").arg(&setting.data))?;
        ensure_success(&finished)?;
        let mut sample = Sample::of_process(&finished);
        let file = std::fs::metadata(&self.ae)
            .with_context(|| format!("cannot read {}", self.ae.display()))?;
        sample.values.insert(BINARY.to_owned(), file.len() as f64 / f64::from(1 << 20));
        Ok(sample)
    }

    fn reproduce(&self, setting: &Setting) -> Result<Sample> {
        let xtask = std::env::current_exe().context("cannot find xtask")?;
        let mut command = Command::new(xtask);
        command.args(["reproduce", "--offline", "--threads", &setting.threads.to_string()]);
        command.arg("--data").arg(&setting.data).arg("--out").arg(self.folder(Work::Reproduce));
        if let Some(epochs) = setting.epochs {
            command.args(["--epochs", &epochs.to_string()]);
        }
        let finished = setting.run(&mut command)?;
        if finished.status.code() != Some(SHORT_STATUS) {
            ensure_success(&finished)?;
        }
        let values = [(PROCESS.to_owned(), finished.seconds)].into();
        Ok(Sample { values, ..Sample::default() })
    }

    /// Trains with several numbers of threads, and once more with a kill and a resume.
    fn compare_weights(&self, setting: &Setting) -> Result<Sample> {
        let folder = self.folder(Work::Exact);
        let setting = Setting { epochs: Some(EXACT_EPOCHS), ..setting.clone() };
        let mut weights = Vec::new();
        for threads in THREADS {
            let setting = Setting { threads, ..setting.clone() };
            weights.push(weights_of(&setting.run(&mut self.train(Work::Exact, &setting))?)?);
        }
        let limit = Limit { line: Some("epoch 1/"), ..setting.limit() };
        process::run(&mut self.train(Work::Exact, &setting), limit)?;
        let mut resume = self.ae(&["resume", "--json"], setting.threads);
        weights.push(weights_of(&setting.run(resume.arg(&folder))?)?);
        let same = weights.iter().all(|of_run| *of_run == weights[0]);
        Ok(Sample {
            values: [(EXACT.to_owned(), f64::from(u8::from(same)))].into(),
            ..Sample::default()
        })
    }

    fn build(&self, setting: &Setting) -> Result<Sample> {
        let folder = self.folder(Work::Build);
        let mut sample = Sample::default();
        for (metric, package) in [(BUILD_AE, "ae-cli"), (BUILD_XTASK, "xtask")] {
            remove(&folder)?;
            let mut command = cargo();
            command.args(["build", "--release", "--locked", "--package", package]);
            command.arg("--manifest-path").arg(self.root.join("Cargo.toml"));
            command.arg("--target-dir").arg(&folder);
            let start = Instant::now();
            ensure_success(&setting.run(&mut command)?)?;
            sample.values.insert(metric.to_owned(), start.elapsed().as_secs_f64());
        }
        remove(&folder)?;
        Ok(sample)
    }
}

/// Removes a folder, if it is there.
pub(super) fn remove(folder: &Path) -> Result<()> {
    if folder.exists() {
        std::fs::remove_dir_all(folder)
            .with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    Ok(())
}

fn weights_of(finished: &Finished) -> Result<String> {
    ensure_success(finished)?;
    let record: Value = serde_json::from_str(finished.stdout.trim()).context("ae's record")?;
    let weights = Node::root(&record).field("weights_sha256")?.text()?;
    ensure!(!weights.is_empty(), "the record names no weights");
    Ok(weights)
}
