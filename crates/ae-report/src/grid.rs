//! Images in rows and columns.

use crate::figure::{Align, Figure, INK, MUTED, RIM, Words};
use crate::fit::{Drawn, SIDES, note_of_first};
use crate::text::{Style, shorten, shorten_front, significant};
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

/// One of the items that look strangest to a model.
#[derive(Clone, Debug)]
pub struct HeatMapItem {
    /// The item.
    pub image: Picture,
    /// What the model made of it.
    pub reconstruction: Picture,
    /// Where they differ.
    pub error: Picture,
    /// Its number or the name of its file; of more than 16 characters the last ones are shown.
    pub name: String,
    /// How strange it is.
    pub score: f64,
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
/// Of longer names of items the beginning is cut: files of a folder differ in their ends.
const NAME_COLUMNS: usize = 16;

/// Rows of images under one another: originals over reconstructions, or noisy, denoised, original.
///
/// # Errors
/// If there is no image.
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
/// If there is no image.
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
/// If there is no item.
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

/// Items over their reconstructions and the places of their errors, side by side, each with its name and
/// its score.
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
    grid(&rows, &notes, title, caption)
}

/// The largest side, up to `wanted`, of a square grid of images of `height` x `width` pixels that a figure
/// has room for.
#[must_use]
pub fn square_grid_side(height: usize, width: usize, wanted: usize) -> usize {
    let drawn = Drawn::within(SIDES[SIDES.len() - 1], height, width);
    let (picture_width, picture_height) = drawn.size(height, width);
    let cell_height = picture_height.max(Style::Label.line_height());
    let length = |side: usize, cell: f32| side as f32 * (cell + GAP) - GAP;
    let has_room = |side: &usize| {
        Figure::has_room_for((length(*side, picture_width), length(*side, cell_height)))
    };
    (1..=wanted).rev().find(has_room).unwrap_or(1)
}

/// A way from one image to another, from left to right: the first image, what stands at each part of the
/// way, the last image.
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
    let words = Words { title, caption, notes: layout.changes(rows) };
    let (mut figure, (left, top)) = Figure::page(words, layout.size(notes.len()))?;
    let first_column = left + layout.gutter;
    let column_left = |column: usize| first_column + column as f32 * (layout.cell_width + GAP);
    let label = |figure: &mut Figure, y, label| {
        let label = shorten(label, LABEL_COLUMNS);
        figure.text((first_column - 2.0 * GAP, y), Align::Right, Style::Label, INK, &label);
    };
    let Drawn { factor, magnification } = layout.drawn;
    // Pictures that are thinner than a line of text stand in its middle.
    let above = (layout.cell_height - layout.picture_height) / 2.0;
    for (index, row) in rows.iter().take(layout.rows).enumerate() {
        let y = top + index as f32 * (layout.cell_height + GAP);
        label(&mut figure, y + (layout.cell_height - Style::Label.line_height()) / 2.0, row.label);
        for (column, image) in row.images.iter().take(layout.columns).enumerate() {
            let (width, height) = layout.drawn.size(image.height(), image.width());
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
    Ok(figure)
}

struct Layout {
    drawn: Drawn,
    picture_height: f32,
    cell_width: f32,
    cell_height: f32,
    gutter: f32,
    /// How many columns and rows are drawn.
    columns: usize,
    rows: usize,
}

impl Layout {
    /// The largest layout that a figure has room for; where there is none for all images, one of the
    /// first ones.
    fn of(rows: &[GridRow<'_>], notes: &[NoteRow<'_>]) -> Result<Self, ReportError> {
        let (height, width) = largest(rows);
        if height == 0 {
            return Err(ReportError::Empty { figure: "a grid of images" });
        }
        let layout = |side| Self::with(Drawn::within(side, height, width), rows, notes);
        let has_room = |layout: &Self| Figure::has_room_for(layout.size(notes.len()));
        if let Some(layout) = SIDES.into_iter().map(layout).find(has_room) {
            return Ok(layout);
        }
        let mut layout = layout(SIDES[SIDES.len() - 1]);
        while !has_room(&layout) && (layout.columns > 1 || layout.rows > 1) {
            // The longer direction gives way, a tenth at a time.
            let (width, height) = layout.size(notes.len());
            let fewer = |count: usize| (count - count.div_ceil(10)).max(1);
            match width > height && layout.columns > 1 || layout.rows == 1 {
                true => layout.columns = fewer(layout.columns),
                false => layout.rows = fewer(layout.rows),
            }
        }
        Ok(layout)
    }

    fn with(drawn: Drawn, rows: &[GridRow<'_>], notes: &[NoteRow<'_>]) -> Self {
        let (height, width) = largest(rows);
        let (picture_width, picture_height) = drawn.size(height, width);
        let label_width = |text: &str| text.chars().count().min(LABEL_COLUMNS);
        let label_columns = longest(rows.iter().map(|row| label_width(row.label)))
            .max(longest(notes.iter().map(|row| label_width(row.label))));
        let all_notes = notes.iter().flat_map(|row| &row.notes);
        let note_columns = longest(all_notes.map(|note| note.chars().count()));
        Self {
            drawn,
            picture_height,
            cell_width: picture_width.max(note_columns as f32 * Style::Label.advance()),
            cell_height: picture_height.max(Style::Label.line_height()),
            gutter: match label_columns {
                0 => 0.0,
                columns => columns as f32 * Style::Label.advance() + 2.0 * GAP,
            },
            columns: longest(rows.iter().map(|row| row.images.len()))
                .max(longest(notes.iter().map(|row| row.notes.len()))),
            rows: rows.len(),
        }
    }

    fn size(&self, note_rows: usize) -> (f32, f32) {
        let width = self.gutter + self.columns as f32 * (self.cell_width + GAP) - GAP;
        let notes_height = note_rows as f32 * Style::Label.line_height();
        (width, self.rows as f32 * (self.cell_height + GAP) - GAP + notes_height)
    }

    /// What is drawn otherwise than it is, a sentence each.
    fn changes(&self, rows: &[GridRow<'_>]) -> Vec<String> {
        let (height, width) = largest(rows);
        let images = longest(rows.iter().map(|row| row.images.len()));
        let notes = [
            self.drawn.note(if height == 1 { "rows" } else { "images" }, height, width),
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
