//! The layout of all figures that show images in rows and columns.

use crate::colour_scale::ScaleBar;
use crate::drawing::{INK, MUTED, RIM};
use crate::figure::{Align, Figure, Words};
use crate::picture_scale::{PictureScale, SIDES, note_of_first};
use crate::text::{Style, shorten};
use crate::{Picture, ReportError};

/// A labelled row of images.
#[derive(Clone, Debug)]
pub struct GridRow<'a> {
    /// Stands left of the row. A label of more than 24 characters is cut.
    pub label: &'a str,
    /// The images, from left to right.
    pub images: Vec<Picture>,
}

/// A labelled row of short texts under the images.
pub(crate) struct NoteRow<'a> {
    pub(crate) label: &'a str,
    pub(crate) notes: Vec<String>,
}

const GAP: f32 = 6.0;
pub(crate) const LABEL_COLUMNS: usize = 24;
/// The number of rows and columns of the largest square grid of images of `height` x `width` pixels that fits
/// into a figure, at most `wanted`.
#[must_use]
pub fn square_grid_side(height: usize, width: usize, wanted: usize) -> usize {
    let scale = PictureScale::within(SIDES[SIDES.len() - 1], height, width);
    let (picture_width, picture_height) = scale.size(height, width);
    let cell_height = picture_height.max(Style::Label.line_height());
    let length = |side: usize, cell: f32| side as f32 * (cell + GAP) - GAP;
    let has_room = |side: &usize| {
        Figure::has_room_for((length(*side, picture_width), length(*side, cell_height)))
    };
    (1..=wanted).rev().find(has_room).unwrap_or(1)
}

/// Rows of images, and below them rows of short texts, one for each column.
pub(crate) fn image_grid(
    rows: &[GridRow<'_>],
    notes: &[NoteRow<'_>],
    title: &str,
    caption: &str,
) -> Result<Figure, ReportError> {
    image_grid_with_scale((rows, notes), None, title, caption)
}

/// The same, with a scale of colours below.
pub(crate) fn image_grid_with_scale(
    (rows, notes): (&[GridRow<'_>], &[NoteRow<'_>]),
    scale: Option<&ScaleBar<'_>>,
    title: &str,
    caption: &str,
) -> Result<Figure, ReportError> {
    let layout = Layout::of(rows, notes, scale)?;
    let words = Words { title, caption, notes: layout.changes(rows) };
    let content = layout.size(notes.len());
    let (mut figure, (left, top)) = Figure::page(words, content)?;
    let first_column = left + layout.gutter;
    let column_left = |column: usize| first_column + column as f32 * (layout.cell_width + GAP);
    let label = |figure: &mut Figure, y, label| {
        let label = shorten(label, LABEL_COLUMNS);
        figure.text((first_column - 2.0 * GAP, y), Align::Right, Style::Label, INK, &label);
    };
    let PictureScale { factor, magnification } = layout.scale;
    // Pictures that are lower than a line of text are centred on it.
    let above = (layout.cell_height - layout.picture_height) / 2.0;
    for (index, row) in rows.iter().take(layout.rows).enumerate() {
        let y = top + index as f32 * (layout.cell_height + GAP);
        label(&mut figure, y + (layout.cell_height - Style::Label.line_height()) / 2.0, row.label);
        for (column, image) in row.images.iter().take(layout.columns).enumerate() {
            let (width, height) = layout.scale.size(image.height(), image.width());
            let free = layout.cell_width - width;
            let (x, y) = ((column_left(column) + free / 2.0).round(), (y + above).round());
            // A rim shows where a white picture ends.
            figure.rectangle((x - 1.0, y - 1.0), (width + 2.0, height + 2.0), RIM);
            figure.picture((x, y), magnification, image.shrunk(factor));
        }
    }
    let notes_top = top + layout.rows as f32 * (layout.cell_height + GAP);
    for (index, row) in notes.iter().enumerate() {
        let y = notes_top + index as f32 * Style::Label.line_height();
        label(&mut figure, y, row.label);
        for (column, note) in row.notes.iter().take(layout.columns).enumerate() {
            let place = (column_left(column) + layout.cell_width / 2.0, y);
            figure.text(place, Align::Middle, Style::Label, MUTED, note);
        }
    }
    if let Some(scale) = scale {
        let height = ScaleBar::HEIGHT;
        scale.draw(&mut figure, (left + layout.gutter, top + content.1 - height));
    }
    Ok(figure)
}

struct Layout {
    scale: PictureScale,
    picture_height: f32,
    cell_width: f32,
    cell_height: f32,
    gutter: f32,
    /// The height of what stands below all rows.
    footer: f32,
    /// How many columns and rows are drawn.
    columns: usize,
    rows: usize,
}

impl Layout {
    /// The layout with the largest pictures that fits into a figure. If not even the smallest pictures fit,
    /// only the first ones are drawn.
    fn of(
        rows: &[GridRow<'_>],
        notes: &[NoteRow<'_>],
        bar: Option<&ScaleBar<'_>>,
    ) -> Result<Self, ReportError> {
        let (height, width) = largest(rows);
        if height == 0 {
            return Err(ReportError::Empty { figure: "a grid of images" });
        }
        let layout = |side| {
            let scale = PictureScale::within(side, height, width);
            let footer = bar.map_or(0.0, |_| 3.0 * GAP + ScaleBar::HEIGHT);
            Self { footer, ..Self::with(scale, rows, notes) }
        };
        let has_room = |layout: &Self| Figure::has_room_for(layout.size(notes.len()));
        if let Some(layout) = SIDES.into_iter().map(layout).find(has_room) {
            return Ok(layout);
        }
        let mut layout = layout(SIDES[SIDES.len() - 1]);
        while !has_room(&layout) && (layout.columns > 1 || layout.rows > 1) {
            // The longer direction loses a tenth at a time.
            let (width, height) = layout.size(notes.len());
            let fewer = |count: usize| (count - count.div_ceil(10)).max(1);
            if width > height && layout.columns > 1 || layout.rows == 1 {
                layout.columns = fewer(layout.columns);
            } else {
                layout.rows = fewer(layout.rows);
            }
        }
        Ok(layout)
    }

    fn with(scale: PictureScale, rows: &[GridRow<'_>], notes: &[NoteRow<'_>]) -> Self {
        let (height, width) = largest(rows);
        let (picture_width, picture_height) = scale.size(height, width);
        let label_width = |text: &str| text.chars().count().min(LABEL_COLUMNS);
        let label_columns = longest(rows.iter().map(|row| label_width(row.label)))
            .max(longest(notes.iter().map(|row| label_width(row.label))));
        let all_notes = notes.iter().flat_map(|row| &row.notes);
        let note_columns = longest(all_notes.map(|note| note.chars().count()));
        Self {
            scale,
            picture_height,
            cell_width: picture_width.max(note_columns as f32 * Style::Label.advance()),
            cell_height: picture_height.max(Style::Label.line_height()),
            gutter: match label_columns {
                0 => 0.0,
                columns => columns as f32 * Style::Label.advance() + 2.0 * GAP,
            },
            footer: 0.0,
            columns: longest(rows.iter().map(|row| row.images.len()))
                .max(longest(notes.iter().map(|row| row.notes.len()))),
            rows: rows.len(),
        }
    }

    fn size(&self, note_rows: usize) -> (f32, f32) {
        let width = self.gutter + self.columns as f32 * (self.cell_width + GAP) - GAP;
        let notes_height = note_rows as f32 * Style::Label.line_height();
        (width, self.rows as f32 * (self.cell_height + GAP) - GAP + notes_height + self.footer)
    }

    /// One sentence for each change that was made to fit the images.
    fn changes(&self, rows: &[GridRow<'_>]) -> Vec<String> {
        let (height, width) = largest(rows);
        let images = longest(rows.iter().map(|row| row.images.len()));
        let notes = [
            self.scale.note(if height == 1 { "rows" } else { "images" }, height, width),
            note_of_first(self.columns, images, "images of a row"),
            note_of_first(self.rows, rows.len(), "rows"),
        ];
        notes.into_iter().flatten().collect()
    }
}

/// The largest height and width of all images.
fn largest(rows: &[GridRow<'_>]) -> (usize, usize) {
    let images = || rows.iter().flat_map(|row| &row.images);
    (longest(images().map(Picture::height)), longest(images().map(Picture::width)))
}

fn longest(sides: impl Iterator<Item = usize>) -> usize {
    sides.max().unwrap_or(0)
}
