//! One file a command: arguments to `ae-experiment`, its answer to the output.

pub(crate) mod anomaly;
pub(crate) mod completions;
pub(crate) mod compress;
pub(crate) mod data;
pub(crate) mod decode;
pub(crate) mod decompress;
pub(crate) mod denoise;
pub(crate) mod encode;
pub(crate) mod evaluate;
pub(crate) mod export;
pub(crate) mod import;
pub(crate) mod inspect;
pub(crate) mod interpolate;
pub(crate) mod probe;
pub(crate) mod project;
mod reading;
pub(crate) mod reconstruct;
pub(crate) mod reproduce;
pub(crate) mod resume;
pub(crate) mod study;
pub(crate) mod train;

use std::path::{Path, PathBuf};

use ae_apply::{ModelInput, device, input_reader};
use ae_dataset::{Dataset, InputFormat, InputReader, LoadOptions, Network, Source, load};
use ae_experiment::{Cause, Doubt, Existing, Outcome, Record, RunOptions, Spec};
use serde_json::json;

use crate::args::{Common, Data, NewFolder, Reading, Settings};
use crate::{guard, output, progress};

pub(crate) use reading::{in_flags, read_as, read_options};

/// How a command ended, if it did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    /// All is well.
    Done,
    /// An expectation of the experiment fell short.
    FellShort,
}

fn network(common: &Common) -> Network {
    if common.offline { Network::Offline } else { Network::Allowed }
}

/// The data set that a person named, or `auto`; says so if other data stands in.
fn dataset(
    source: Option<&str>,
    options: &LoadOptions,
    common: &Common,
) -> anyhow::Result<Dataset> {
    let Ok(source) = source.unwrap_or("auto").parse::<Source>();
    let dataset = load(&source, options, network(common), progress::data(common).as_mut())?;
    if let Some(sentence) = &dataset.origin.substituted {
        tracing::warn!("{sentence}");
    }
    Ok(dataset)
}

/// What was typed does not fit the rest; the exit status is 2.
#[derive(Debug)]
pub(crate) struct Usage(pub(crate) String);

impl std::fmt::Display for Usage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

/// Refuses to replace a file that is there.
fn check_new(output: &Path, force: bool) -> anyhow::Result<()> {
    if output.exists() && !force {
        anyhow::bail!(
            "{} exists already; choose another file, or replace it with --force",
            output.display()
        );
    }
    Ok(())
}

/// Endings of files that hold data.
const DATA_ENDINGS: [&str; 8] = ["csv", "tsv", "npy", "png", "jpg", "jpeg", "gz", "idx"];

/// Refuses data where a spec was to be named.
fn check_spec(command: &str, path: &Path) -> anyhow::Result<()> {
    let name = path.display().to_string();
    if path.join("spec.toml").is_file() {
        let sentence = format!(
            "{name} is a run: `ae resume {name}` goes on with it, and its experiment is {name}/spec.toml"
        );
        return Err(Usage(sentence).into());
    }
    let ending = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    if path.is_dir() || name.ends_with("-ubyte") || DATA_ENDINGS.contains(&ending.as_str()) {
        let sentence = format!(
            "expected an experiment (a TOML file), found {name}; name data with --data: `ae {command} --data {name}`"
        );
        return Err(Usage(sentence).into());
    }
    Ok(())
}

/// The data that a person named, or that of the model's run; never a guess.
fn source_of<'a>(data: &'a Data, input: &'a ModelInput, model: &Path) -> anyhow::Result<&'a str> {
    let own = || input.data.as_ref().map(|data| data.source.as_str());
    data.data.as_deref().or_else(own).ok_or_else(|| {
        let model = model.display();
        let sentence = format!(
            "it is not known which data {model} was trained on, as it lies in no run's folder: name the data \
             with --data"
        );
        Usage(sentence).into()
    })
}

/// Says where the data of a run comes from if it cannot be had.
fn hint_of_run(error: anyhow::Error, data: &Data, source: &str) -> anyhow::Error {
    if data.data.is_some()
        || Path::new(source).exists()
        || !source.contains(std::path::MAIN_SEPARATOR)
    {
        return error;
    }
    error.context("the data of the run has moved or is gone; name the data with --data")
}

/// Says so if a model was trained on some of what is read.
fn tell_of_training_data(images: &Path, input: &ModelInput, common: &Common) {
    if images.to_str().is_some_and(|source| input.contains_training_data(source)) {
        progress::data(common).chose(&format!(
            "{} is the data of the model's run: what the model was trained on is among it",
            images.display()
        ));
    }
}

/// The images that a person named, in the model's format, chunk by chunk; says so if the model was trained
/// on some of them.
fn inputs(
    images: &Path,
    input: &ModelInput,
    reading: &Reading,
    common: &Common,
) -> anyhow::Result<InputReader> {
    tell_of_training_data(images, input, common);
    read_as(input, reading, common, |options, progress| {
        input_reader(images, &input.format, options, network(common), progress)
    })
}

/// Calls `run` with the options of a run and tells what came out.
fn finish(
    common: &Common,
    folder: &Path,
    show: bool,
    run: impl FnOnce(RunOptions) -> anyhow::Result<Outcome>,
) -> anyhow::Result<Status> {
    let Outcome { record, grid } = run(RunOptions {
        device: device(&common.device)?,
        network: network(common),
        progress: &mut *progress::data(common),
        observer: progress::training(common),
    })?;
    let status = conclude(common, &record, folder)?;
    if !common.json && (show || (output::is_terminal() && !common.quiet)) {
        output::pictures(&grid)?;
    }
    Ok(status)
}

/// Tells what an experiment reached.
fn conclude(common: &Common, record: &Record, folder: &Path) -> anyhow::Result<Status> {
    if common.json {
        output::json(&serde_json::to_value(record)?)?;
    } else {
        output::text(&output::record(record, &folder.display().to_string()))?;
    }
    record.diagnosis.iter().flat_map(|diagnosis| &diagnosis.warnings).for_each(warn);
    Ok(if record.falls_short() { Status::FellShort } else { Status::Done })
}

/// Says that a model has probably not learned, and which flags to change.
fn warn(doubt: &Doubt) {
    let advice = match doubt.cause {
        Cause::LearningRate => "try a lower --learning-rate, such as 0.001",
        Cause::FewSteps => "try more --epochs or a smaller --batch-size",
        Cause::FewItems => "give more training data, or try narrower --widths",
        Cause::Output => "try --loss mean-squared-error with --scaling standard",
        _ => "try other --widths, more --epochs, or --noise none",
    };
    tracing::warn!("{}; probably {}: {advice}", doubt.text, doubt.cause);
}

impl NewFolder {
    /// The folder of an experiment, and what to do if it is taken.
    fn of(&self, spec: &Spec) -> anyhow::Result<(PathBuf, Existing)> {
        let named = self.out.as_deref().map(Path::to_path_buf);
        let folder = named.unwrap_or_else(|| PathBuf::from("runs").join(&spec.name));
        guard::check_run_folder(&folder, &spec.data.source)?;
        Ok((folder, if self.force { Existing::Replace } else { Existing::Refuse }))
    }
}

impl Settings {
    /// Puts what was typed in place of what the spec says.
    fn apply(&self, spec: &mut Spec) {
        if let Some(source) = &self.data.data {
            spec.data.source.clone_from(source);
            spec.data.substituted = None;
        }
        if let Some(seed) = self.seed {
            spec.seed = seed;
        }
        if let Some(epochs) = self.epochs {
            spec.training.epochs = epochs.get();
        }
    }
}

/// What a model's data consists of.
pub(crate) fn noun_of(format: &InputFormat) -> &'static str {
    if format.scaling.is_some() { "row" } else { "image" }
}

/// Tells where it stands which item each row is.
pub(crate) fn told_index(index: Option<&Path>) -> String {
    index.map_or_else(String::new, |path| {
        format!("; {} says which item each row is", path.display())
    })
}

/// Tells of a file that was written, how many items were left out on the way, and where it stands which are
/// left.
pub(crate) fn written(
    common: &Common,
    path: &Path,
    images: usize,
    skipped: usize,
    what: &str,
    index: Option<&Path>,
) -> anyhow::Result<()> {
    if common.json {
        let output = path.display().to_string();
        let mut told = json!({ "images": images, "skipped": skipped, "output": output });
        if let Some(index) = index {
            told["index"] = json!(index.display().to_string());
        }
        output::json(&told)?;
    } else if !common.quiet {
        let left_out = if skipped > 0 { format!(", {skipped} left out") } else { String::new() };
        let index = told_index(index);
        output::text(&format!("{what} to {}{left_out}{index}", path.display()))?;
    }
    Ok(())
}
