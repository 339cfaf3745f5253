//! Where the errors of the most anomalous items are.

use crate::image_grid::{NoteRow, image_grid};
use crate::text::{shorten_front, significant};
use crate::{Figure, GridRow, Picture, ReportError};

/// Of longer names of items the beginning is cut: files of a folder differ in their ends.
const NAME_COLUMNS: usize = 16;

/// One of the items with the highest anomaly scores.
#[derive(Clone, Debug)]
pub struct HeatMapItem {
    /// The item.
    pub image: Picture,
    /// Its reconstruction.
    pub reconstruction: Picture,
    /// The map of its reconstruction errors.
    pub error: Picture,
    /// Its number or the name of its file. Of a longer name, the last 16 characters are shown.
    pub name: String,
    /// Its anomaly score.
    pub score: f64,
}

/// Items, side by side, over their reconstructions and the maps of their errors, each with its name and its
/// anomaly score.
///
/// # Errors
/// If there is no item.
pub fn heat_map(items: &[HeatMapItem], title: &str, caption: &str) -> Result<Figure, ReportError> {
    let row = |label, picture: fn(&HeatMapItem) -> &Picture| GridRow {
        label,
        images: items.iter().map(|item| picture(item).clone()).collect(),
    };
    let rows = [
        row("original", |item| &item.image),
        row("reconstruction", |item| &item.reconstruction),
        row("error", |item| &item.error),
    ];
    let names = items.iter().map(|item| shorten_front(&item.name, NAME_COLUMNS));
    let scores = items.iter().map(|item| significant(item.score, 4));
    let notes = [
        NoteRow { label: "item", notes: names.collect() },
        NoteRow { label: "score", notes: scores.collect() },
    ];
    image_grid(&rows, &notes, title, caption)
}
