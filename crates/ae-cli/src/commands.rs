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
    Dataset, ImageShape, Inputs, Network, Outcome, RunOptions, Source, device, input_images, load,
};
use serde_json::json;

use crate::args::{Common, Data};
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
fn dataset(data: &Data, common: &Common) -> anyhow::Result<Dataset> {
    let Ok(source) = data.data.as_deref().unwrap_or("auto").parse::<Source>();
    let dataset = load(&source, network(common), progress::transfer(common).as_mut())?;
    if let Some(sentence) = &dataset.origin.substituted {
        tracing::warn!("{sentence}");
    }
    Ok(dataset)
}

/// The images that a person named, of the model's shape.
fn inputs(images: &Path, shape: ImageShape, common: &Common) -> anyhow::Result<Inputs> {
    let transfer = &mut *progress::transfer(common);
    Ok(input_images(images, shape, network(common), transfer)?)
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
        progress: &mut *progress::transfer(common),
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
fn counted(images: usize) -> String {
    if images == 1 { "1 image".to_owned() } else { format!("{images} images") }
}

/// Tells of a file that was written.
fn written(common: &Common, path: &Path, images: usize, what: &str) -> anyhow::Result<()> {
    if common.json {
        output::json(&json!({ "images": images, "output": path.display().to_string() }))?;
    } else if !common.quiet {
        output::text(&format!("{what} to {}", path.display()))?;
    }
    Ok(())
}
