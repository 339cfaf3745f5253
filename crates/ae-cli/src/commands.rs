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
pub(crate) mod inspect;
pub(crate) mod interpolate;
pub(crate) mod probe;
pub(crate) mod project;
pub(crate) mod reconstruct;
pub(crate) mod resume;
pub(crate) mod study;
pub(crate) mod train;

use std::path::{Path, PathBuf};

use ae_experiment::{
    Cause, Dataset, Doubt, Existing, InputFormat, InputReader, LoadOptions, Network, Outcome,
    Record, RunOptions, Source, Spec, device, input_reader, load,
};
use serde_json::json;

use crate::args::{Common, NewFolder, Reading, Settings};
use crate::{output, progress};

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

/// The images that a person named, in the model's format, chunk by chunk.
fn inputs(
    images: &Path,
    format: &InputFormat,
    reading: &Reading,
    common: &Common,
) -> anyhow::Result<InputReader> {
    let progress = &mut *progress::data(common);
    Ok(input_reader(images, format, &reading.options(), network(common), progress)?)
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
        Cause::Output => "try --loss mean-squared-error with --scaling standard",
        _ => "try other --widths, more --epochs, or --noise none",
    };
    tracing::warn!("{}; probably {}: {advice}", doubt.text, doubt.cause);
}

impl NewFolder {
    /// The folder of an experiment, and what to do if it is taken.
    fn of(&self, spec: &Spec) -> (PathBuf, Existing) {
        let folder = self.out.clone().unwrap_or_else(|| PathBuf::from("runs").join(&spec.name));
        (folder, if self.force { Existing::Replace } else { Existing::Refuse })
    }
}

impl Settings {
    /// Puts what was typed in place of what the spec says.
    fn apply(&self, spec: &mut Spec) {
        if let Some(source) = &self.data.data {
            spec.data.source.clone_from(source);
            spec.data.substituted.clone_from(&self.substituted);
        }
        if let Some(seed) = self.seed {
            spec.seed = seed;
        }
        if let Some(epochs) = self.epochs {
            spec.training.epochs = epochs.get();
        }
    }
}

/// "1 image", "2 images".
pub(crate) fn counted_as(items: usize, noun: &str) -> String {
    if items == 1 { format!("1 {noun}") } else { format!("{items} {noun}s") }
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
