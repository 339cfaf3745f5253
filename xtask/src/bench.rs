//! `cargo xtask bench`: our training, inference and memory beside those of others, in one run.
//!
//! ```text
//! build ours, install peers -> for each work: { for each side: run } again and again -> medians, verdicts
//! ```

mod goals;
mod machine;
mod measurements;
mod ours;
mod peer;
mod process;
mod report;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use clap::ValueEnum;
use serde::Deserialize;

use crate::value_name::name;
use crate::{Outcome, print, workspace};
use goals::{Goal, Verdict};
use machine::Machine;
use measurements::{EPOCH, Entry, Measurements, PROCESS, Sample, Side};
use ours::Ours;
use peer::{Peer, Program};
use report::Report;

/// The options of `bench`.
#[derive(Debug, Clone, PartialEq, clap::Args)]
#[command(after_help = "\
The peers are installed below target/peers on first use: several GB and some minutes. A peer that
cannot be installed or fails is reported as missing.

Exit status: 0 every bound was held, 1 our side failed, 2 usage, 3 a bound was missed.

Example:
  cargo xtask bench --data mnist
  cargo xtask bench --no-peers --repeats 1 --epochs 2
")]
pub(crate) struct Bench {
    /// auto, mnist, digits or a folder with the four IDX files
    #[arg(long, value_name = "SOURCE", default_value = "auto")]
    data: OsString,
    /// This peer; may be given several times [default: all]
    #[arg(long, value_name = "NAME")]
    peers: Vec<Peer>,
    /// Measures our side alone
    #[arg(long, conflicts_with = "peers")]
    no_peers: bool,
    /// Runs of every side; where they are short, one before them is not counted
    #[arg(long, value_name = "N", default_value = "3")]
    repeats: NonZeroU32,
    /// Epochs of every training; the first of them is not counted
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..))]
    epochs: Option<u32>,
    /// This work; may be given several times [default: all]
    #[arg(long, value_name = "WORK")]
    only: Vec<Work>,
    /// Threads of every side [default: one per core]
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroU32>,
    /// Where the measurements go [default: docs/benchmarks/DATE-CPU, and docs/results.md is brought up to
    /// date; target/bench if anything is left out]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// One kind of work that several sides do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Work {
    /// An epoch of 784-32-784
    Tutorial,
    /// The same with Gaussian noise drawn in every epoch
    DenoisingFresh,
    /// An epoch of 784-128-64-32 and back
    Deep,
    /// An epoch of 784-1000-500-250-30 and back
    Wide,
    /// An epoch of the Keras blog's convolutional autoencoder
    Conv,
    /// An epoch of 2000 patches of 40 x 40, six residual convolutions of 64 channels
    Denoiser,
    /// An epoch of the variational autoencoder 784-400-20 and back
    Vae,
    /// 50 epochs of 784-32-784, from files to a trained model, and their memory
    Process,
    /// 784-32-784: batches of 256 and 10 000, and a single image
    Inference,
    /// The Keras blog's convolutional autoencoder: batches of 256, and a single image
    InferenceConv,
    /// The same of its denoiser of 32 channels
    InferenceConvDenoiser,
}

/// How a work is done: a table of `xtask/peers/works.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Recipe {
    /// What `ae train` is given, in the folder of the workspace.
    ours: Vec<String>,
    epochs: u32,
    /// Takes so long that every run counts, and that peers far behind the best one run only once.
    #[serde(default)]
    is_long: bool,
    /// The test images of an inference; without it, the work is a training.
    images: Option<u32>,
    /// Who does it beside us.
    peers: Vec<Peer>,
    goals: Vec<Goal>,
}

type Recipes = BTreeMap<Work, Recipe>;

/// How all works are done.
fn recipes() -> Result<Recipes> {
    let recipes: Recipes = toml::from_str(include_str!("../peers/works.toml"))?;
    let without = Work::value_variants().iter().find(|work| !recipes.contains_key(work));
    ensure!(without.is_none(), "xtask/peers/works.toml: no table for {without:?}");
    Ok(recipes)
}

impl Bench {
    fn works(&self) -> &[Work] {
        if self.only.is_empty() { Work::value_variants() } else { &self.only }
    }

    fn peers(&self) -> &[Peer] {
        match self.peers.as_slice() {
            [] if self.no_peers => &[],
            [] => Peer::value_variants(),
            some => some,
        }
    }

    /// Whether nothing that the tables compare is left out.
    fn is_complete(&self) -> bool {
        let everything = self.peers.is_empty() && !self.no_peers && self.only.is_empty();
        everything && self.epochs.is_none() && self.repeats.get() >= 3
    }
}

/// What every side is given.
#[derive(Debug, Clone)]
struct Setting {
    /// A folder with the four IDX files.
    images: PathBuf,
    /// Another one, of patches, where a work needs it.
    patches: PathBuf,
    threads: u32,
    /// Instead of the usual number.
    epochs: Option<u32>,
    recipes: Recipes,
}

impl Setting {
    fn epochs(&self, work: Work) -> String {
        self.epochs.unwrap_or_else(|| self.recipes[&work].epochs).to_string()
    }

    fn data(&self, work: Work) -> &Path {
        if work == Work::Denoiser { &self.patches } else { &self.images }
    }
}

/// Measures and compares.
pub(crate) fn bench(options: &Bench) -> Result<Outcome> {
    let root = workspace::root();
    let machine = Machine::here(&root);
    if let Some(load) = machine.load.filter(|&load| load > 0.5) {
        eprintln!("the machine is busy (load {load}): figures will be noisy");
    }
    let ours = Ours::build(&root)?;
    let setting = Setting {
        images: data_folder(options, &ours)?,
        patches: ours.scratch.join("patches"),
        threads: options.threads.map_or(machine.cores as u32, NonZeroU32::get),
        epochs: options.epochs,
        recipes: recipes()?,
    };
    let data = describe_data(&ours, &setting)?;
    if options.works().contains(&Work::Denoiser) {
        ours.cut_patches(&setting)?;
    }
    let mut plan = Plan { options, ours, setting, programs: BTreeMap::new() };
    let mut measurements = Measurements::default();
    plan.install(&root, &mut measurements);
    plan.measure(&mut measurements);
    plan.ours.clean()?;
    let rows = goals::rows(&measurements, options, &plan.setting.recipes);
    let report = Report {
        machine: &machine,
        command: std::env::args()
            .skip(1)
            .fold("cargo xtask".to_owned(), |line, word| line + " " + &word),
        threads: plan.setting.threads,
        data,
        measurements: &measurements,
        rows: &rows,
    };
    let written = write(&report, options, &root);
    // A full disk must not hide the tables.
    print(&report.markdown())?;
    print(&written?)?;
    Ok(outcome(&measurements, &rows))
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
    fn install(&mut self, root: &Path, measurements: &mut Measurements) {
        let (works, recipes) = (self.options.works(), &self.setting.recipes);
        let takes_part = |peer: &&Peer| works.iter().any(|work| recipes[work].peers.contains(peer));
        for &peer in self.options.peers().iter().filter(takes_part) {
            match peer.install(root) {
                Ok(program) => drop(self.programs.insert(peer, program)),
                Err(error) => measurements.miss(None, Side::Peer(peer), &error),
            }
        }
    }

    /// Runs every side of every work, alternating; a side that fails is not run again.
    fn measure(&self, measurements: &mut Measurements) {
        for &work in self.options.works() {
            let recipe = &self.setting.recipes[&work];
            let peers = recipe.peers.iter().filter(|peer| self.programs.contains_key(peer));
            let mut sides: Vec<Side> =
                std::iter::once(Side::Ours).chain(peers.map(|&peer| Side::Peer(peer))).collect();
            // Run 0 warms up and is not counted.
            for run in u32::from(recipe.is_long)..=self.options.repeats.get() {
                sides.retain(|&side| self.measure_once(work, side, run, measurements));
                let seconds = |side| Some(measurements.summary(work, side, EPOCH)?.median);
                let peers = sides.iter().filter(|&&side| recipe.is_long && side != Side::Ours);
                let best = peers.filter_map(|&side| seconds(side)).fold(f64::INFINITY, f64::min);
                sides.retain(|&side| side == Side::Ours || seconds(side) < Some(1.5 * best));
            }
        }
    }

    fn measure_once(
        &self,
        work: Work,
        side: Side,
        run: u32,
        measurements: &mut Measurements,
    ) -> bool {
        let label = format!("{:<15} run {run}  {:<16}", name(work), side.name());
        match self.run(work, side) {
            Ok(sample) => {
                let seconds = sample.values.get(EPOCH).or(sample.values.get(PROCESS));
                eprintln!("{label} {}", seconds.map(|s| format!("{s:.3} s")).unwrap_or_default());
                if run > 0 {
                    measurements.entries.push(Entry { work, side, run, sample });
                }
                true
            }
            Err(error) => {
                eprintln!("{label} failed: {error:#}");
                measurements.miss(Some(work), side, &error);
                false
            }
        }
    }

    fn run(&self, work: Work, side: Side) -> Result<Sample> {
        let Side::Peer(peer) = side else { return self.ours.run(work, &self.setting) };
        let program = self.programs.get(&peer).context("is not installed")?;
        let threads = self.setting.threads.to_string();
        let mut command = Command::new(&program.executable);
        command.args(&program.arguments).arg(name(work)).arg(self.setting.data(work));
        command.arg(self.setting.epochs(work)).arg(&threads).env("RAYON_NUM_THREADS", &threads);
        Sample::of_peer(&process::run(&mut command)?)
    }
}

/// A folder with the four files that every side reads: the one that was named, or one that `ae` writes.
fn data_folder(options: &Bench, ours: &Ours) -> Result<PathBuf> {
    if Path::new(&options.data).is_dir() {
        return std::path::absolute(&options.data).context("cannot find the data folder");
    }
    let folder = ours.scratch.join("data");
    let mut export = Command::new(&ours.ae);
    export.args(["data", "export", "--data"]).arg(&options.data).arg("--out").arg(&folder);
    for (_, line) in process::run(&mut export).context("ae data export")?.stderr {
        eprintln!("{line}");
    }
    Ok(folder)
}

/// What the data is, in a line.
fn describe_data(ours: &Ours, setting: &Setting) -> Result<String> {
    let mut info = Command::new(&ours.ae);
    let info = process::run(info.args(["data", "info", "--data"]).arg(&setting.images));
    let info = info.context("ae data info")?.stdout;
    Ok(info.lines().next().unwrap_or_default().to_owned())
}

/// Writes the files, and says where they are.
fn write(report: &Report<'_>, options: &Bench, root: &Path) -> Result<String> {
    let kept = options.out.is_none() && options.is_complete();
    let out = match &options.out {
        Some(out) => out.clone(),
        None if kept => root.join("docs/benchmarks").join(report.machine.folder()),
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

fn outcome(measurements: &Measurements, rows: &[goals::Row]) -> Outcome {
    if measurements.missing.iter().any(|missing| missing.side == Side::Ours) {
        Outcome::Failed
    } else if rows.iter().any(|row| row.verdict == Verdict::Short) {
        Outcome::Short
    } else {
        Outcome::Held
    }
}

#[cfg(test)]
mod tests;
