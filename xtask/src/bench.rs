//! `cargo xtask bench`: our speed beside that of others, in one run.
//!
//! ```text
//! build ours, install peers -> for each work: { for each side: run } again and again -> medians, verdicts
//! ```

mod goals;
mod machine;
mod ours;
mod peer;
mod process;
mod report;
mod results;
mod sample;
mod table;
mod work;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

pub(crate) use peer::Peer;
pub(crate) use work::Work;

use crate::arguments::Bench;
use crate::json::Node;
use crate::{Outcome, print, workspace};
use goals::Verdict;
use machine::Machine;
use ours::{Ours, Setting};
use peer::Program;
use report::Report;
use results::{Entry, Key, Missing, Results, Side};
use sample::Sample;

/// The longest that one run of one side may take.
const LIMIT: Duration = Duration::from_secs(15 * 60);

/// Measures and compares.
pub(crate) fn bench(options: &Bench) -> Result<Outcome> {
    let root = workspace::root();
    let machine = Machine::here(&root);
    if let Some(load) = machine.load.filter(|&load| load > 0.5) {
        eprintln!("the machine is busy (load {load}): figures will be noisy");
    }
    let ours = build(&root)?;
    let setting = Setting {
        data: data_folder(options, &ours)?,
        threads: options.threads.map_or(machine::cores() as u32, |threads| threads.get()),
        epochs: options.epochs.map(|epochs| epochs.get()),
        limit: LIMIT,
    };
    let data = describe_data(options, &ours, &setting)?;
    let mut plan = Plan { options, ours, setting, programs: BTreeMap::new() };
    let mut results = Results { epochs: plan.setting.epochs, ..Results::default() };
    plan.install(&root, &mut results);
    plan.measure(&mut results);
    ours::remove(&plan.ours.scratch)?;
    let rows = goals::rows(&results, &options.works);
    let report = Report {
        machine: &machine,
        command: command_line(),
        threads: plan.setting.threads,
        data,
        results: &results,
        rows: &rows,
    };
    let written = write(&report, options, &root, &machine);
    // A full disk must not hide the tables.
    print(&report.text())?;
    print(&written?)?;
    Ok(outcome(&results, &rows))
}

/// What is run.
struct Plan<'a> {
    options: &'a Bench,
    ours: Ours,
    setting: Setting,
    programs: BTreeMap<Peer, Program>,
}

impl Plan<'_> {
    /// Installs the peers that take part in the work.
    fn install(&mut self, root: &Path, results: &mut Results) {
        for &peer in &self.options.peers {
            if !self.options.works.iter().any(|work| work.peers().contains(&peer)) {
                continue;
            }
            match peer.install(root) {
                Ok(program) => {
                    self.programs.insert(peer, program);
                }
                Err(error) => results.miss(None, Side::Peer(peer), &error),
            }
        }
    }

    /// Runs every side of every work, alternating; a side that fails is not run again.
    fn measure(&self, results: &mut Results) {
        for &work in &self.options.works {
            let peers = work.peers().iter().filter(|peer| self.programs.contains_key(peer));
            let mut sides: Vec<Side> =
                std::iter::once(Side::Ours).chain(peers.map(|&peer| Side::Peer(peer))).collect();
            // Run 0 warms up and is not counted.
            let first = u32::from(!work.warms_up());
            for run in first..=work.repeats(self.options.repeats.get()) {
                sides.retain(|&side| self.measure_once(work, side, run, results));
            }
        }
    }

    fn measure_once(&self, work: Work, side: Side, run: u32, results: &mut Results) -> bool {
        let name = side.name();
        match self.run(work, side) {
            Ok(mut sample) => {
                if work.is_timed_inside() {
                    sample.forget_process();
                }
                let seconds = sample.values.get(sample::EPOCH);
                let seconds = seconds.or(sample.values.get(sample::PROCESS));
                let seconds = seconds.map(|s| format!("{s:.3} s")).unwrap_or_default();
                eprintln!("{:<15} run {run}  {name:<16} {seconds}", work.name());
                if run > 0 {
                    results.entries.push(Entry { work, side, run, sample });
                }
                true
            }
            Err(error) => {
                eprintln!("{:<15} run {run}  {name:<16} failed: {error:#}", work.name());
                results.miss(Some(work), side, &error);
                false
            }
        }
    }

    fn run(&self, work: Work, side: Side) -> Result<Sample> {
        let Side::Peer(peer) = side else { return self.ours.run(work, &self.setting) };
        let program = self.programs.get(&peer).context("is not installed")?;
        let mut command = Command::new(&program.executable);
        command.args(&program.arguments).arg(work.name()).arg(&self.setting.data);
        command.arg(self.setting.epochs(work).to_string());
        command.arg(self.setting.threads.to_string());
        command.env("RAYON_NUM_THREADS", self.setting.threads.to_string());
        command.envs(program.environment.iter().copied());
        Sample::of_peer(&self.setting.run(&mut command)?)
    }
}

/// Builds our programs, and makes a folder for what they leave.
fn build(root: &Path) -> Result<Ours> {
    let throughput = ["--package", "ae-experiment", "--example", "throughput"];
    let scratch = root.join("target/bench/runs");
    ours::remove(&scratch)?;
    std::fs::create_dir_all(&scratch)
        .with_context(|| format!("cannot make {}", scratch.display()))?;
    Ok(Ours {
        root: root.to_owned(),
        ae: workspace::build_ae(root)?,
        throughput: workspace::build(root, &throughput, "throughput")?,
        scratch,
    })
}

/// A folder with the four files that every side reads: the one that was named, or one that `ae` writes.
fn data_folder(options: &Bench, ours: &Ours) -> Result<PathBuf> {
    let source = options.data.clone().unwrap_or_else(|| "auto".into());
    if Path::new(&source).is_dir() {
        return std::path::absolute(&source).context("cannot find the data folder");
    }
    let folder = ours.scratch.join("data");
    let mut export = Command::new(&ours.ae);
    export.args(["data", "export", "--data"]).arg(&source).arg("--out").arg(&folder);
    let limit = process::Limit { time: LIMIT, line: None };
    let finished = process::run(&mut export, limit)?;
    for (_, line) in &finished.stderr {
        eprintln!("{line}");
    }
    sample::ensure_success(&finished).context("ae data export")?;
    Ok(folder)
}

/// The data set's name and size, the digest of its first file, and what it stands in for.
fn describe_data(options: &Bench, ours: &Ours, setting: &Setting) -> Result<String> {
    let mut info = Command::new(&ours.ae);
    info.args(["data", "info", "--json", "--data"]);
    info.arg(options.data.as_deref().unwrap_or("auto".as_ref()));
    let finished = setting.run(&mut info)?;
    sample::ensure_success(&finished).context("ae data info")?;
    let info = serde_json::from_str(&finished.stdout).context("ae data info")?;
    let info = Node::root(&info);
    let count = |key| info.field(key)?.count();
    let digests = info.field("files")?.list(|file| file.field("sha256")?.text())?;
    let stands_in = info.optional("substituted").map(|reason| reason.text()).transpose()?;
    Ok(format!(
        "{}, {} training and {} test images of {} x {}, SHA-256 of the training images {}{}",
        info.field("name")?.text()?,
        count("train_images")?,
        count("test_images")?,
        count("height")?,
        count("width")?,
        digests.first().map_or("unknown", String::as_str),
        stands_in.map(|reason| format!("; {reason}")).unwrap_or_default(),
    ))
}

/// Writes the files, and says where they are.
fn write(report: &Report<'_>, options: &Bench, root: &Path, machine: &Machine) -> Result<String> {
    let kept = options.out.is_none() && options.is_complete();
    let out = match &options.out {
        Some(out) => out.clone(),
        None if kept => root.join("docs/benchmarks").join(machine.folder()),
        None => root.join("target/bench"),
    };
    report.write(&out)?;
    let mut text = format!("measurements: {}\n", out.join("measurements.json").display());
    if kept {
        let page = root.join("docs/results.md");
        report::write_between_marks(&page, &report.markdown())?;
        text += &format!("tables: {}\n", page.display());
    }
    Ok(text)
}

/// As it was typed.
fn command_line() -> String {
    let typed = std::env::args().skip(1);
    std::iter::once("cargo xtask".to_owned()).chain(typed).collect::<Vec<_>>().join(" ")
}

fn outcome(results: &Results, rows: &[goals::Row]) -> Outcome {
    if results.missing.iter().any(|missing| missing.side == Side::Ours) {
        Outcome::Failed
    } else if rows.iter().any(|row| row.verdict == Verdict::Short) {
        Outcome::Short
    } else {
        Outcome::Held
    }
}

#[cfg(test)]
mod tests;
