//! `cargo xtask reproduce`: trains the experiments and compares them with the published numbers.
//!
//! ```text
//! build ae -> for each experiment: ae train or ae study -> record.json -> table, summary.json, report.html
//! ```

mod commands;
mod experiments;
mod folder;
mod record;
mod report;
mod summary;
mod table;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::arguments::Reproduce;
use crate::{Outcome, workspace};
use ae_files::write_atomic;
use experiments::Experiment;
use record::{Dataset, Record};

/// The exit status with which `ae` says that an expectation fell short.
const SHORT_STATUS: i32 = 3;

/// One experiment's run, as it ended.
struct Run {
    name: String,
    /// The command that was run.
    command: String,
    result: Result<Record>,
}

/// Builds `ae`, runs the experiments, and leaves a table, a summary and a report.
pub(crate) fn reproduce(options: &Reproduce) -> Result<Outcome> {
    let root = from_here(&workspace::root());
    let out = options.out.clone().unwrap_or_else(|| root.join("runs"));
    let experiments = experiments::select(&root.join("xtask/experiments"), options)?;
    let plan = Plan { options, out, experiments };
    plan.check_folders()?;
    plan.execute(&workspace::build(&root, &["--package", "ae-cli"], "ae")?, &mut std::io::stdout())
}

/// What to run, and where to leave it.
struct Plan<'a> {
    options: &'a Reproduce,
    out: PathBuf,
    experiments: Vec<Experiment>,
}

impl Plan<'_> {
    /// Finds out before anything is built or run whether something would be overwritten.
    fn check_folders(&self) -> Result<()> {
        folder::check_out(&self.out)?;
        self.experiments
            .iter()
            .try_for_each(|experiment| folder::check_run(&self.out.join(&experiment.name)))
    }

    /// Runs every experiment, also after one that fails, and writes the table to `output`.
    fn execute(&self, ae: &Path, output: &mut impl Write) -> Result<Outcome> {
        folder::claim_out(&self.out)?;
        let mut runs: Vec<Run> = Vec::new();
        for (index, experiment) in self.experiments.iter().enumerate() {
            eprintln!("== {} ({} of {})", experiment.name, index + 1, self.experiments.len());
            let stands_in = datasets(&runs).into_iter().find(|data| data.substituted.is_some());
            runs.push(self.run(ae, experiment, stands_in));
        }
        // A full disk must not hide the table.
        let written = self.write_results(&runs);
        output.write_all(self.conclusion(&runs).as_bytes())?;
        written?;
        Ok(outcome(&runs))
    }

    fn run(&self, ae: &Path, experiment: &Experiment, stands_in: Option<&Dataset>) -> Run {
        let name = &experiment.name;
        let folder = self.out.join(name);
        let arguments = commands::run(self.options, experiment, &folder, stands_in);
        let called = format!("ae {}", experiment.kind.command());
        let carry_out = || {
            folder::claim_run(&folder)?;
            let mut command = Command::new(ae);
            command.args(&arguments).stdin(Stdio::null());
            // What is printed there stands in the record too; standard output is for the table.
            command.stdout(Stdio::null());
            let status =
                command.status().with_context(|| format!("cannot start {}", ae.display()))?;
            match status.code() {
                Some(0 | SHORT_STATUS) => {}
                Some(code) => bail!("{called} ended with exit status {code}; it says why above"),
                None => bail!("{called} was killed ({status})"),
            }
            let record = Record::read(&folder.join("record.json"), name)?;
            ensure!(
                record.held() == (status.code() == Some(0)),
                "{called} ended with {status}, which contradicts the verdicts in its record"
            );
            Ok(record)
        };
        Run { name: name.clone(), command: commands::line("ae", &arguments), result: carry_out() }
    }

    fn write_results(&self, runs: &[Run]) -> Result<()> {
        write_atomic(&self.out.join(folder::SUMMARY), summary::render(runs).as_bytes())?;
        let report = report::render(runs, &commands::reproduce(self.options));
        Ok(write_atomic(&self.out.join(folder::REPORT), report.as_bytes())?)
    }

    fn conclusion(&self, runs: &[Run]) -> String {
        let mut text = table::text(&table::rows(runs)) + "\n";
        for run in runs {
            if let Err(error) = &run.result {
                text += &format!("failed: {}: {error:#}\n", run.name);
            }
        }
        for data in datasets(runs) {
            text += &format!("data: {}\n", table::describe(data));
        }
        text + &format!("report: {}\n", self.out.join(folder::REPORT).display())
    }
}

/// How all of the runs ended together.
fn outcome(runs: &[Run]) -> Outcome {
    if runs.iter().any(|run| run.result.is_err()) {
        Outcome::Failed
    } else if runs.iter().flat_map(|run| &run.result).all(Record::held) {
        Outcome::Held
    } else {
        Outcome::Short
    }
}

/// The data that the runs used, each once.
fn datasets(runs: &[Run]) -> Vec<&Dataset> {
    let mut datasets = Vec::new();
    for record in runs.iter().flat_map(|run| &run.result) {
        if !datasets.contains(&&record.dataset) {
            datasets.push(&record.dataset);
        }
    }
    datasets
}

/// The shorter form of a path below the current folder.
fn from_here(path: &Path) -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(here).unwrap_or(path).to_owned()
}

#[cfg(test)]
mod tests;
