//! Our side: `ae` as a person runs it, and the example `throughput` for inference within a process.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::measurements::Sample;
use super::{Setting, Work, name, process};
use crate::workspace;

/// Our programs, and where they may leave files.
#[derive(Debug, Clone)]
pub(super) struct Ours {
    pub(super) ae: PathBuf,
    pub(super) throughput: PathBuf,
    pub(super) scratch: PathBuf,
}

impl Ours {
    /// Builds the programs and makes an empty folder for what they leave.
    pub(super) fn build(root: &Path) -> Result<Self> {
        let throughput = ["--package", "ae-experiment", "--example", "throughput"];
        let ours = Self {
            ae: workspace::build(root, &["--package", "ae-cli"])?.join("ae"),
            throughput: workspace::build(root, &throughput)?.join("examples/throughput"),
            scratch: root.join("target/bench/runs"),
        };
        ours.clean()?;
        std::fs::create_dir_all(&ours.scratch)
            .with_context(|| format!("cannot make {}", ours.scratch.display()))?;
        Ok(ours)
    }

    /// Removes what the programs have left.
    pub(super) fn clean(&self) -> Result<()> {
        if self.scratch.exists() {
            std::fs::remove_dir_all(&self.scratch)
                .with_context(|| format!("cannot remove {}", self.scratch.display()))?;
        }
        Ok(())
    }

    /// Does the work once.
    pub(super) fn run(&self, work: Work, setting: &Setting) -> Result<Sample> {
        if work == Work::Inference {
            return self.infer(setting);
        }
        Sample::of_training(&process::run(&mut self.train(work, setting))?)
    }

    fn train(&self, work: Work, setting: &Setting) -> Command {
        let mut command = Command::new(&self.ae);
        command.args([
            "train",
            "--progress",
            "plain",
            "--json",
            "--offline",
            "--force",
            "--threads",
        ]);
        command.arg(setting.threads.to_string()).args(["--epochs", &setting.epochs(work)]);
        command.arg("--data").arg(&setting.data).arg("--out").arg(self.folder(work));
        command.args(match work {
            Work::Deep => ["--widths", "128,64,32"],
            Work::Wide => ["--widths", "1000,500,250,30"],
            _ => ["--widths", "32"],
        });
        if work == Work::DenoisingFresh {
            command.args(["--noise", "gaussian:0.5", "--drawn", "every-epoch"]);
        }
        command
    }

    /// The model is trained for an epoch first: what it has learned does not change its speed.
    fn infer(&self, setting: &Setting) -> Result<Sample> {
        let run = self.folder(Work::Inference);
        if !run.exists() {
            let setting = Setting { epochs: Some(1), ..setting.clone() };
            process::run(&mut self.train(Work::Inference, &setting))?;
        }
        let mut command = Command::new(&self.throughput);
        command.arg(run).arg(&setting.data).arg(setting.threads.to_string());
        Sample::of_peer(&process::run(&mut command)?, Work::Inference)
    }

    fn folder(&self, work: Work) -> PathBuf {
        self.scratch.join(name(work))
    }
}
