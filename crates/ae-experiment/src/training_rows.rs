//! Whether items are those that a model was trained on.

use std::path::{Path, PathBuf};

use ae_dataset::Source;

use crate::{ExperimentError, Spec};

/// How many of the `items` of some data a model was trained on, if the data is that of its run, of which
/// the run has held out a part; `None` if the data is other data, says itself what is for testing, or
/// nothing is known of the training.
///
/// # Errors
/// If the run's spec cannot be read.
pub fn training_rows(
    model: &Path,
    data: &Path,
    items: usize,
) -> Result<Option<usize>, ExperimentError> {
    let Some(spec) = spec_beside(model) else { return Ok(None) };
    let spec = Spec::read(&spec)?;
    let Ok(source) = spec.data.source.parse::<Source>();
    let Source::Path(source) = source else { return Ok(None) };
    let is_same = match (source.canonicalize(), data.canonicalize()) {
        (Ok(source), Ok(data)) => source == data,
        _ => false,
    };
    let held_out = spec.data.test_fraction.filter(|_| is_same && spec.study.is_none());
    Ok(held_out.map(|part| {
        let held_out = (items as f64 * part).round() as usize;
        items - held_out.clamp(1, items.max(1)).min(items)
    }))
}

/// The spec of the run that a path is, or in whose folder it lies.
fn spec_beside(model: &Path) -> Option<PathBuf> {
    let file = model.canonicalize().ok()?;
    let folder = if file.is_dir() { file.as_path() } else { file.parent()? };
    Some(folder.join("spec.toml")).filter(|spec| spec.is_file())
}
