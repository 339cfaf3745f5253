//! What a decoder draws between the codes of two images.

use crate::image_grid::{NoteRow, image_grid};
use crate::{Figure, GridRow, Picture, ReportError};

/// A step of an interpolation.
#[derive(Clone, Debug)]
pub struct InterpolationStep {
    /// The fraction of the way from the first image's code to the second one's, in [0, 1].
    pub fraction: f64,
    /// What the decoder draws there.
    pub picture: Picture,
}

/// An interpolation from one image to another, from left to right: the first image, each step with its
/// fraction of the way, the last image.
///
/// # Errors
/// None of its own: there are always two images.
pub fn interpolation(
    [from, to]: [Picture; 2],
    steps: Vec<InterpolationStep>,
    title: &str,
    caption: &str,
) -> Result<Figure, ReportError> {
    let ends = || "original".to_owned();
    let fractions = steps.iter().map(|step| format!("{:.2}", step.fraction));
    let notes = std::iter::once(ends()).chain(fractions).chain([ends()]).collect();
    let between = steps.into_iter().map(|step| step.picture);
    let images = std::iter::once(from).chain(between).chain([to]).collect();
    image_grid(&[GridRow { label: "", images }], &[NoteRow { label: "", notes }], title, caption)
}
