//! Attachments that stay in a weights file when its run is finished again, such as an anomaly detector.

use std::path::Path;

use ae_models::{Attachments, Parameters, SavedEncoder, SavedModel};

/// Takes over the attachments of the file that is to be replaced, if its weights are the same: an anomaly detector, or
/// the codec by which images were compressed. If the weights differ, a warning names the attachments that are dropped.
pub(crate) fn keep_attachments(saved: &mut SavedModel, path: &Path) {
    let Some(old) = existing(path, SavedModel::load) else { return };
    let is_same = old.spec == saved.spec && same_bits(&old.parameters, &saved.parameters);
    keep(&mut saved.attachments, &old.attachments, is_same, path);
}

/// As [`keep_attachments`], for an encoder alone.
pub(crate) fn keep_encoder_attachments(saved: &mut SavedEncoder, path: &Path) {
    let Some(old) = existing(path, SavedEncoder::load) else { return };
    let is_same = old.spec == saved.spec && same_bits(&old.parameters, &saved.parameters);
    keep(&mut saved.attachments, &old.attachments, is_same, path);
}

fn existing<T, E: std::fmt::Display>(
    path: &Path,
    load: impl Fn(&Path) -> Result<T, E>,
) -> Option<T> {
    if !path.is_file() {
        return None;
    }
    load(path).inspect_err(|error| tracing::warn!("{error}; it is written again")).ok()
}

fn keep(new: &mut Attachments, old: &Attachments, is_same: bool, path: &Path) {
    if is_same {
        new.take_over(old);
        return;
    }
    if old.names().any(|name| name == ae_apply::CODEC) {
        tracing::warn!(
            "{} gets other weights: archives that were compressed with the earlier ones can only be decompressed with a \
             copy of the earlier file",
            path.display()
        );
    }
    let known: Vec<&str> = new.names().chain([ae_apply::CODEC]).collect();
    let dropped: Vec<&str> = old.names().filter(|name| !known.contains(name)).collect();
    if !dropped.is_empty() {
        tracing::warn!(
            "what was fitted to the earlier weights in {} ({}) does not suit the new ones and is dropped: fit it again",
            path.display(),
            dropped.join(", ")
        );
    }
}

fn same_bits(a: &Parameters, b: &Parameters) -> bool {
    a.sha256() == b.sha256()
}
