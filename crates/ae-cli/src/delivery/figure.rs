//! The figure of the first images.

use std::path::Path;

use ae_files::{counted_as, write_atomic};
use ae_report::Figure;

use super::ending;
use crate::args::Target;

/// Numbers of the images in a row of a figure, 256 MiB; of larger images a figure shows fewer.
const DRAWN_VALUES: usize = 1 << 26;

/// What a figure shows: all items, or the first of them.
pub(crate) fn first_of(shown: usize, all: usize, noun: &str) -> String {
    if shown == all {
        return counted_as(all, noun);
    }
    format!("the first {shown} of {}", counted_as(all, noun))
}

/// How many images of so many numbers a figure shows: as many as were asked for and can be held in
/// memory.
pub(super) fn drawn_at_most(target: &Target, size: usize) -> usize {
    target.count.min((DRAWN_VALUES / size.max(1)).max(1))
}

/// Writes a figure as PNG or SVG, the two endings that the arguments accept, and says what had to be
/// changed so that it could be drawn.
pub(crate) fn write_figure(path: &Path, figure: &Figure) -> anyhow::Result<()> {
    for note in figure.notes() {
        tracing::warn!("{}: {note}", path.display());
    }
    let bytes = if ending(path) == "png" { figure.png()? } else { figure.svg()?.into_bytes() };
    Ok(write_atomic(path, &bytes)?)
}
