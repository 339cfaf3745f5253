//! What the name of an output says, and what it does not go with.

use std::path::Path;

use ae_dataset::{ImageShape, InputFormat, ParquetColumn, ParquetKind, ParquetWriter, Scaling};
use ae_report::{PictureFormat, UnwrittenError};
use anyhow::{Context as _, bail};

use super::job::Continuation;
use crate::args::Target;
use crate::exit_status::Usage;

/// Refuses flags of pictures that the name of an output file contradicts.
pub(super) fn check_format(target: &Target) -> Result<(), Usage> {
    let Some(path) = target.out.as_deref().filter(|path| !is_folder(path)) else { return Ok(()) };
    let (named, shown) = (PictureFormat::of_name(path), path.display());
    if let Some(format) = target.format.filter(|format| named != Some(*format)) {
        let format = format.name();
        let sentence = format!(
            "--format {format} is for a folder of pictures, and the name {shown} says another format; give the file \
             the ending of {format}, or leave --format out"
        );
        return Err(Usage(sentence));
    }
    if target.quality != Target::QUALITY && named != Some(PictureFormat::Jpeg) {
        let sentence = format!("--quality is for JPEG files, and {shown} is none; leave it out");
        return Err(Usage(sentence));
    }
    Ok(())
}

/// Refuses to make pictures with so many channels if they are named to be in a format that does not hold them.
pub(super) fn check_colours(target: &Target, channels: usize) -> anyhow::Result<()> {
    let Some(path) = target.out.as_deref() else { return Ok(()) };
    let named = if is_folder(path) { target.format } else { PictureFormat::of_name(path) };
    if named.is_some_and(|format| !format.holds(channels)) {
        return Err(UnwrittenError::Coloured).with_context(|| path.display().to_string());
    }
    Ok(())
}

/// Refuses --continue where nothing can be continued.
pub(super) fn check_continues(continuation: &Continuation) -> anyhow::Result<()> {
    if continuation.continues {
        bail!("--continue is for pictures that go into a folder, such as -o out/");
    }
    Ok(())
}

/// Grey images have two dimensions, coloured ones three, rows of a table one.
pub(super) fn item_shape(format: &InputFormat) -> Vec<usize> {
    let ImageShape { channels, height, width } = format.shape;
    match (&format.scaling, channels) {
        (Some(_), _) => vec![width],
        (None, 1) => vec![height, width],
        (None, _) => vec![channels, height, width],
    }
}

/// A Parquet file of a table's columns, by their names.
pub(super) fn parquet_table(path: &Path, scaling: &Scaling) -> anyhow::Result<ParquetWriter> {
    let name = |place: usize| match scaling.names.as_ref().and_then(|names| names.get(place)) {
        Some(name) => name.clone(),
        None => format!("column_{}", place + 1),
    };
    let column = |place| ParquetColumn { name: name(place), kind: ParquetKind::Double };
    let columns: Vec<ParquetColumn> = (0..scaling.columns()).map(column).collect();
    Ok(ParquetWriter::create(path, &columns)?)
}

/// Whether the arguments mean a folder.
pub(super) fn is_folder(path: &Path) -> bool {
    path.is_dir() || path.as_os_str().to_string_lossy().ends_with(std::path::is_separator)
}

/// Whether the arguments mean a picture that is no figure.
pub(super) fn is_other_picture(path: &Path) -> bool {
    PictureFormat::of_name(path).is_some_and(|format| format != PictureFormat::Png)
}

/// The ending of a file's name, without the dot.
pub(crate) fn ending(path: &Path) -> &str {
    path.extension().and_then(|ending| ending.to_str()).unwrap_or("")
}
