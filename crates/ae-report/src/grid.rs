//! Images in rows and columns.

use crate::figure::{Align, Figure, INK, MUTED};
use crate::text::{Style, shorten, significant};
use crate::{Picture, ReportError};

/// A labelled row of images.
#[derive(Clone, Debug)]
pub struct GridRow<'a> {
    /// Stands left of the row; what goes beyond 24 characters is cut.
    pub label: &'a str,
    /// The images, from left to right.
    pub images: Vec<Picture>,
}

/// One of the images that a model reconstructs worst.
#[derive(Clone, Debug)]
pub struct WorstItem {
    /// The image.
    pub original: Picture,
    /// What the model made of it.
    pub reconstruction: Picture,
    /// Its place in the data set.
    pub index: usize,
    /// Its class, where the data set has labels.
    pub label: Option<String>,
    /// Sum of the squared differences of its pixels, in units of a pixel's range `[0, 1]`.
    pub squared_error: f64,
}

/// A labelled row of short texts under the images.
struct NoteRow<'a> {
    label: &'a str,
    notes: Vec<String>,
}

const GAP: f32 = 6.0;
const LABEL_COLUMNS: usize = 24;
/// Longer names of classes are cut.
const CLASS_COLUMNS: usize = 12;
/// Images are magnified to about this many pixels.
const IMAGE_SIDE: usize = 64;

/// Rows of images under one another: originals over reconstructions, or noisy, denoised, original.
///
/// # Errors
/// If there is no image, or the figure would be too large.
pub fn reconstruction_grid(
    rows: &[GridRow<'_>],
    title: &str,
    caption: &str,
) -> Result<Figure, ReportError> {
    grid(rows, &[], title, caption)
}

/// Rows of images whose columns are named below them: each row one image by several methods.
///
/// # Errors
/// If there is no image, or the figure would be too large.
pub fn comparison_grid(
    rows: &[GridRow<'_>],
    columns: &[&str],
    title: &str,
    caption: &str,
) -> Result<Figure, ReportError> {
    let notes = columns.iter().map(|name| shorten(name, LABEL_COLUMNS)).collect();
    grid(rows, &[NoteRow { label: "", notes }], title, caption)
}

/// The worst reconstructions, side by side, each with its place, class and squared error.
///
/// # Errors
/// If there is no item, or the figure would be too large.
pub fn worst(items: &[WorstItem], title: &str, caption: &str) -> Result<Figure, ReportError> {
    let rows = [
        GridRow { label: "original", images: items.iter().map(|i| i.original.clone()).collect() },
        GridRow {
            label: "reconstruction",
            images: items.iter().map(|i| i.reconstruction.clone()).collect(),
        },
    ];
    let class = |item: &WorstItem| shorten(item.label.as_deref().unwrap_or(""), CLASS_COLUMNS);
    let mut notes = vec![
        NoteRow { label: "index", notes: items.iter().map(|i| i.index.to_string()).collect() },
        NoteRow { label: "label", notes: items.iter().map(class).collect() },
        NoteRow {
            label: "squared error",
            notes: items.iter().map(|i| significant(i.squared_error, 4)).collect(),
        },
    ];
    notes.retain(|row| row.notes.iter().any(|note| !note.is_empty()));
    grid(&rows, &notes, title, caption)
}

/// A way from one image to another, from left to right: the first image, what stands at each part of the
/// way, the last image.
///
/// # Errors
/// If the figure would be too large.
pub fn interpolation(
    [from, to]: [Picture; 2],
    steps: Vec<(f64, Picture)>,
    title: &str,
    caption: &str,
) -> Result<Figure, ReportError> {
    let ends = || "original".to_owned();
    let parts = steps.iter().map(|(part, _)| format!("{part:.2}"));
    let notes = std::iter::once(ends()).chain(parts).chain([ends()]).collect();
    let between = steps.into_iter().map(|(_, picture)| picture);
    let images = std::iter::once(from).chain(between).chain([to]).collect();
    grid(&[GridRow { label: "", images }], &[NoteRow { label: "", notes }], title, caption)
}

fn grid(
    rows: &[GridRow<'_>],
    notes: &[NoteRow<'_>],
    title: &str,
    caption: &str,
) -> Result<Figure, ReportError> {
    let layout = Layout::of(rows, notes)?;
    let (mut figure, (left, top)) = Figure::page(title, caption, layout.size(rows, notes))?;
    let first_column = left + layout.gutter;
    let column_left = |column: usize| first_column + column as f32 * (layout.cell_width + GAP);
    let label = |figure: &mut Figure, y, label| {
        let label = shorten(label, LABEL_COLUMNS);
        figure.text((first_column - 2.0 * GAP, y), Align::Right, Style::Label, INK, &label);
    };
    for (index, row) in rows.iter().enumerate() {
        let y = top + index as f32 * (layout.cell_height + GAP);
        label(&mut figure, y + (layout.cell_height - Style::Label.line_height()) / 2.0, row.label);
        for (column, image) in row.images.iter().enumerate() {
            let free = layout.cell_width - (image.width() * layout.magnification) as f32;
            let place = (column_left(column) + free / 2.0, y);
            figure.picture(place, layout.magnification, image.raster());
        }
    }
    let notes_top = top + rows.len() as f32 * (layout.cell_height + GAP);
    for (index, row) in notes.iter().enumerate() {
        let y = notes_top + index as f32 * Style::Label.line_height();
        label(&mut figure, y, row.label);
        for (column, note) in row.notes.iter().enumerate() {
            let place = (column_left(column) + layout.cell_width / 2.0, y);
            figure.text(place, Align::Middle, Style::Label, MUTED, note);
        }
    }
    Ok(figure)
}

struct Layout {
    magnification: usize,
    cell_width: f32,
    cell_height: f32,
    gutter: f32,
    columns: usize,
}

impl Layout {
    fn of(rows: &[GridRow<'_>], notes: &[NoteRow<'_>]) -> Result<Self, ReportError> {
        let images = || rows.iter().flat_map(|row| &row.images);
        let height = longest(images().map(Picture::height));
        let width = longest(images().map(Picture::width));
        if height == 0 {
            return Err(ReportError::Empty { figure: "a grid of images" });
        }
        let magnification = magnification(height, width);
        let side = |pixels: usize| pixels as f32 * magnification as f32;
        let label_width = |text: &str| text.chars().count().min(LABEL_COLUMNS);
        let label_columns = longest(rows.iter().map(|row| label_width(row.label)))
            .max(longest(notes.iter().map(|row| label_width(row.label))));
        let all_notes = notes.iter().flat_map(|row| &row.notes);
        let note_columns = longest(all_notes.map(|note| note.chars().count()));
        Ok(Self {
            magnification,
            cell_width: side(width).max(note_columns as f32 * Style::Label.advance()),
            cell_height: side(height).max(Style::Label.line_height()),
            gutter: match label_columns {
                0 => 0.0,
                columns => columns as f32 * Style::Label.advance() + 2.0 * GAP,
            },
            columns: longest(rows.iter().map(|row| row.images.len()))
                .max(longest(notes.iter().map(|row| row.notes.len()))),
        })
    }

    fn size(&self, rows: &[GridRow<'_>], notes: &[NoteRow<'_>]) -> (f32, f32) {
        let width = self.gutter + self.columns as f32 * (self.cell_width + GAP) - GAP;
        let notes_height = notes.len() as f32 * Style::Label.line_height();
        (width, rows.len() as f32 * (self.cell_height + GAP) - GAP + notes_height)
    }
}

fn longest(sides: impl Iterator<Item = usize>) -> usize {
    sides.max().unwrap_or(0)
}

/// The whole factor that brings the longer side of an image near a readable size.
pub(crate) fn magnification(height: usize, width: usize) -> usize {
    (IMAGE_SIDE / height.max(width).max(1)).max(1)
}
