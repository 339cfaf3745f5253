//! The 2 x n figure of originals over reconstructions, and the 3 x n figure of a denoising model: noisy, denoised, original.

use crate::image_grid::{LABEL_COLUMNS, NoteRow, image_grid};
use crate::text::shorten;
use crate::{Figure, GridRow, ReportError};

/// Rows of images, one below the other, in columns of one item each: originals over reconstructions, or noisy
/// over denoised over original.
///
/// # Errors
/// If there is no image.
pub fn reconstruction_grid(
    rows: &[GridRow<'_>],
    title: &str,
    caption: &str,
) -> Result<Figure, ReportError> {
    image_grid(rows, &[], title, caption)
}

/// Rows of images with a name below each column, for instance one image a row and one method a column.
///
/// # Errors
/// If there is no image.
pub fn comparison_grid(
    rows: &[GridRow<'_>],
    columns: &[&str],
    title: &str,
    caption: &str,
) -> Result<Figure, ReportError> {
    let notes = columns.iter().map(|name| shorten(name, LABEL_COLUMNS)).collect();
    image_grid(rows, &[NoteRow { label: "", notes }], title, caption)
}
