//! Where the errors of the most anomalous items are.

use crate::colour_scale::{ScaleBar, colour};
use crate::image_grid::{NoteRow, image_grid_with_scale};
use crate::picture::check_finite;
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
    /// The error of each of its numbers, `channels x height x width` as the item. Of several channels the largest
    /// error counts.
    pub errors: Vec<f32>,
    /// The name of its file, or what it is and its number: `row 17`. Of a longer name, the last 16 characters are shown.
    pub name: String,
    /// Its anomaly score.
    pub score: f64,
}

/// The scale of colours of all items of a heat map: from 0 (black) to an error (light yellow).
#[derive(Clone, Copy, Debug)]
pub struct ErrorScale<'a> {
    /// The error at the end of the scale; larger ones have its colour.
    pub end: f32,
    /// What stands beside the drawn scale.
    pub meaning: &'a str,
}

/// Items, side by side, over their reconstructions and the maps of their errors, each with its name and its
/// anomaly score. All maps have one scale of colours, which is drawn below.
///
/// # Errors
/// If there is no item, or if the errors of an item are not finite or not as many as its numbers.
pub fn heat_map(
    items: &[HeatMapItem],
    scale: ErrorScale<'_>,
    title: &str,
    caption: &str,
) -> Result<Figure, ReportError> {
    let row = |label, picture: fn(&HeatMapItem) -> &Picture| GridRow {
        label,
        images: items.iter().map(|item| picture(item).clone()).collect(),
    };
    let errors = items.iter().map(|item| map(item, scale)).collect::<Result<_, _>>()?;
    let rows = [
        row("original", |item| &item.image),
        row("reconstruction", |item| &item.reconstruction),
        GridRow { label: "error", images: errors },
    ];
    let names = items.iter().map(|item| shorten_front(&item.name, NAME_COLUMNS));
    let scores = items.iter().map(|item| significant(item.score, 4));
    let notes = [
        NoteRow { label: "item", notes: names.collect() },
        NoteRow { label: "score", notes: scores.collect() },
    ];
    let bar = ScaleBar { end: f64::from(scale.end), meaning: scale.meaning };
    image_grid_with_scale((&rows, &notes), Some(&bar), title, caption)
}

/// The errors of an item as colours.
fn map(item: &HeatMapItem, scale: ErrorScale<'_>) -> Result<Picture, ReportError> {
    let (height, width) = (item.image.height(), item.image.width());
    let (area, found) = (height * width, item.errors.len());
    let wrong = ReportError::Size { channels: found / area.max(1), height, width, found };
    if found == 0 || !found.is_multiple_of(area) {
        return Err(wrong);
    }
    check_finite("the errors", &item.errors)?;
    let mut largest = vec![0.0_f32; area];
    for plane in item.errors.chunks(area) {
        largest.iter_mut().zip(plane).for_each(|(most, &error)| *most = most.max(error));
    }
    let fraction = |error: f32| if scale.end > 0.0 { error / scale.end } else { 0.0 };
    let pixels = largest.into_iter().map(|error| colour(fraction(error))).collect();
    Picture::of_colours(width, pixels).ok_or(wrong)
}
