//! One file a command: arguments to `ae-experiment`, its answer to the output.

pub(crate) mod completions;
pub(crate) mod data;
pub(crate) mod decode;
pub(crate) mod denoise;
pub(crate) mod encode;
pub(crate) mod evaluate;
pub(crate) mod inspect;
pub(crate) mod reconstruct;
pub(crate) mod resume;
pub(crate) mod train;

use std::path::Path;

use ae_experiment::{
    Dataset, InputFormat, InputReader, LoadOptions, Network, Outcome, RunOptions, Source, device,
    input_reader, load,
};
use serde_json::json;

use crate::args::{Common, Reading};
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
    if common.json {
        output::json(&serde_json::to_value(&record)?)?;
    } else {
        output::text(&output::record(&record, &folder.display().to_string()))?;
        if show || (output::is_terminal() && !common.quiet) {
            output::pictures(&grid)?;
        }
    }
    Ok(if record.falls_short() { Status::FellShort } else { Status::Done })
}

/// "1 image", "2 images".
pub(crate) fn counted_as(items: usize, noun: &str) -> String {
    if items == 1 { format!("1 {noun}") } else { format!("{items} {noun}s") }
}

/// Tells of a file that was written, and how many items were left out on the way.
pub(crate) fn written(
    common: &Common,
    path: &Path,
    images: usize,
    skipped: usize,
    what: &str,
) -> anyhow::Result<()> {
    if common.json {
        let output = path.display().to_string();
        output::json(&json!({ "images": images, "skipped": skipped, "output": output }))?;
    } else if !common.quiet {
        let left_out = if skipped > 0 { format!(", {skipped} left out") } else { String::new() };
        output::text(&format!("{what} to {}{left_out}", path.display()))?;
    }
    Ok(())
}
