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
    /// The folder of the examples `throughput` and `patches`.
    pub(super) examples: PathBuf,
    pub(super) scratch: PathBuf,
}

impl Ours {
    /// Builds the programs and makes an empty folder for what they leave.
    pub(super) fn build(root: &Path) -> Result<Self> {
        let chosen = "-p ae-cli -p ae-experiment --bin ae --example throughput --example patches";
        let built = workspace::build(root, &chosen.split(' ').collect::<Vec<_>>())?;
        let (ae, examples) = (built.join("ae"), built.join("examples"));
        let ours = Self { ae, examples, scratch: root.join("target/bench/runs") };
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

    /// Writes the patches that a work is done with.
    pub(super) fn cut_patches(&self, setting: &Setting) -> Result<()> {
        let mut cut = Command::new(self.examples.join("patches"));
        process::run(cut.arg(&setting.images).arg(&setting.patches)).context("patches")?;
        Ok(())
    }

    /// Does the work once.
    pub(super) fn run(&self, work: Work, setting: &Setting) -> Result<Sample> {
        match setting.recipes[&work].images {
            Some(images) => self.infer(work, images, setting),
            None => Sample::of_training(&process::run(&mut self.train(work, setting))?),
        }
    }

    fn train(&self, work: Work, setting: &Setting) -> Command {
        let mut command = Command::new(&self.ae);
        command.arg("train").args(&setting.recipes[&work].ours).current_dir(workspace::root());
        command.args(["--progress", "plain", "--json", "--offline", "--force", "--threads"]);
        command.arg(setting.threads.to_string()).args(["--epochs", &setting.epochs(work)]);
        command.arg("--data").arg(setting.data(work)).arg("--out").arg(self.folder(work));
        command
    }

    /// The model is trained for an epoch first: what it has learned does not change its speed.
    fn infer(&self, work: Work, images: u32, setting: &Setting) -> Result<Sample> {
        let run = self.folder(work);
        if !run.exists() {
            let setting = Setting { epochs: Some(1), ..setting.clone() };
            process::run(&mut self.train(work, &setting))?;
        }
        let mut command = Command::new(self.examples.join("throughput"));
        command.arg(run).arg(setting.data(work));
        command.args([setting.threads, images].map(|number| number.to_string()));
        Sample::of_peer(&process::run(&mut command)?)
    }

    fn folder(&self, work: Work) -> PathBuf {
        self.scratch.join(name(work))
    }
}
