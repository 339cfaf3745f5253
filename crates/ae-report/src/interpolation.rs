//! What a decoder draws between the codes of two images.

use crate::image_grid::{NoteRow, image_grid};
use crate::{Figure, GridRow, Picture, ReportError};

/// An interpolation from one image to another, from left to right: the first image, each step with its
/// fraction of the way, the last image.
///
/// # Errors
/// None of its own: there are always two images.
pub fn interpolation(
    [from, to]: [Picture; 2],
    steps: Vec<(f64, Picture)>,
    title: &str,
    caption: &str,
) -> Result<Figure, ReportError> {
    let ends = || "original".to_owned();
    let fractions = steps.iter().map(|(fraction, _)| format!("{fraction:.2}"));
    let notes = std::iter::once(ends()).chain(fractions).chain([ends()]).collect();
    let between = steps.into_iter().map(|(_, picture)| picture);
    let images = std::iter::once(from).chain(between).chain([to]).collect();
    image_grid(&[GridRow { label: "", images }], &[NoteRow { label: "", notes }], title, caption)
}
