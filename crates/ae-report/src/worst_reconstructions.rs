//! The images that a model reconstructs worst, beside their reconstructions.

use crate::image_grid::{NoteRow, image_grid};
use crate::text::{shorten, significant};
use crate::{Figure, GridRow, Picture, ReportError};

/// Longer names of classes are cut.
const CLASS_COLUMNS: usize = 12;

/// One of the images that a model reconstructs worst.
#[derive(Clone, Debug)]
pub struct WorstReconstruction {
    /// The image.
    pub original: Picture,
    /// Its reconstruction.
    pub reconstruction: Picture,
    /// Its index in the data set.
    pub index: usize,
    /// Its class, where the data set has labels.
    pub label: Option<String>,
    /// Sum of the squared differences of its pixels, in units of a pixel's range `[0, 1]`.
    pub squared_error: f64,
}

/// The worst reconstructions, side by side, each with its index, class and squared error.
///
/// # Errors
/// If there is no item.
pub fn worst_reconstructions(
    items: &[WorstReconstruction],
    title: &str,
    caption: &str,
) -> Result<Figure, ReportError> {
    let rows = [
        GridRow { label: "original", images: items.iter().map(|i| i.original.clone()).collect() },
        GridRow {
            label: "reconstruction",
            images: items.iter().map(|i| i.reconstruction.clone()).collect(),
        },
    ];
    let class =
        |item: &WorstReconstruction| shorten(item.label.as_deref().unwrap_or(""), CLASS_COLUMNS);
    let mut notes = vec![
        NoteRow { label: "index", notes: items.iter().map(|i| i.index.to_string()).collect() },
        NoteRow { label: "label", notes: items.iter().map(class).collect() },
        NoteRow {
            label: "squared error",
            notes: items.iter().map(|i| significant(i.squared_error, 4)).collect(),
        },
    ];
    notes.retain(|row| row.notes.iter().any(|note| !note.is_empty()));
    image_grid(&rows, &notes, title, caption)
}
