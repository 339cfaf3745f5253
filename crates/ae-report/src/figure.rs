//! A figure: rectangles, lines, dots, texts and pictures on a page.

use crate::image::{Raster, Rgb};
use crate::text::{Style, cut, printable, shorten, wrap};
use crate::{ReportError, bitmap, svg};

/// The longest side of a figure, in pixels at its own size.
pub(crate) const MAX_SIDE: f32 = 16_384.0;
/// The largest area; its PNG has four times as many pixels.
pub(crate) const MAX_AREA: f32 = 8_000_000.0;
/// A longer title ends in an ellipsis after so many lines, and so does a longer caption.
const TITLE_LINES: usize = 3;
const CAPTION_LINES: usize = 12;
/// Lines of notes below the caption; further ones are not drawn.
const NOTE_LINES: usize = 8;

pub(crate) const INK: Rgb = [0x1f, 0x29, 0x33];
pub(crate) const MUTED: Rgb = [0x5b, 0x67, 0x70];
pub(crate) const FAINT: Rgb = [0xdd, 0xe2, 0xe6];
/// Around pictures, which may be as white as the page.
pub(crate) const RIM: Rgb = [0x80, 0x8a, 0x93];

const MARGIN: f32 = 16.0;
const GAP: f32 = 14.0;
const GAP_ABOVE_CAPTION: f32 = 18.0;
/// Narrower figures are widened, so that titles and captions stay readable.
const MIN_CONTENT_WIDTH: f32 = 420.0;

/// A drawing that is ready to be written as PNG or SVG.
#[derive(Debug)]
pub struct Figure {
    title: String,
    width: u32,
    height: u32,
    items: Vec<Item>,
    notes: Vec<String>,
    has_unknown_letters: bool,
}

/// What stands above and below the content of a figure.
#[derive(Debug)]
pub(crate) struct Words<'a> {
    pub(crate) title: &'a str,
    pub(crate) caption: &'a str,
    /// What was changed so that the content fits, a sentence each.
    pub(crate) notes: Vec<String>,
}

/// What a figure is made of. Positions are in pixels from the top left, at the figure's own size.
#[derive(Debug)]
pub(crate) enum Item {
    Rectangle {
        x: f32,
        y: f32,
        width: f32,
        height: f32,
        fill: Rgb,
    },
    Line {
        points: Vec<(f32, f32)>,
        pen: Pen,
    },
    Text {
        x: f32,
        y: f32,
        text: String,
        style: Style,
        colour: Rgb,
    },
    /// Round, each as the others; where they overlap within an item they do not darken.
    Dots {
        centres: Vec<(f32, f32)>,
        radius: f32,
        fill: Rgb,
        opacity: f32,
    },
    Picture {
        x: f32,
        y: f32,
        magnification: Magnification,
        raster: Raster,
    },
}

/// How many pixels of the figure a pixel of a picture is wide and high.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Magnification {
    pub(crate) across: usize,
    pub(crate) down: usize,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Pen {
    pub(crate) colour: Rgb,
    pub(crate) width: f32,
    pub(crate) dash: Dash,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Dash {
    Solid,
    Dashed,
}

impl Dash {
    /// Lengths of a dash and of the gap after it.
    pub(crate) const DASHED: [f32; 2] = [5.0, 4.0];
}

/// Which part of a text stands at its position.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Align {
    Left,
    Middle,
    Right,
}

impl Figure {
    /// The figure as a PNG of twice its size, 8-bit RGB.
    ///
    /// Letters beyond Latin are drawn as `?`, which a note says; the SVG keeps them.
    ///
    /// # Errors
    /// If the encoder fails.
    pub fn png(&self) -> Result<Vec<u8>, ReportError> {
        bitmap::render(self)
    }

    /// The figure as one self-contained SVG element; its images are embedded PNGs.
    ///
    /// They ask to be shown `pixelated`, as browsers do; a viewer that does not know this smooths.
    ///
    /// # Errors
    /// If the encoder of the embedded images fails.
    pub fn svg(&self) -> Result<String, ReportError> {
        svg::render(self)
    }

    /// Width in pixels, at the figure's own size.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Height in pixels, at the figure's own size.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.height
    }

    pub(crate) fn title(&self) -> &str {
        &self.title
    }

    pub(crate) fn items(&self) -> &[Item] {
        &self.items
    }

    /// What was changed so that everything could be drawn, a sentence each: pictures that are drawn
    /// smaller, items that are left out, texts that are shortened, letters that the PNG's font lacks.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let mut notes = self.notes.clone();
        if self.has_unknown_letters {
            notes.push(
                "the PNG's font has Latin letters only: others are `?` in it; the SVG has all letters".to_owned(),
            );
        }
        notes
    }

    /// Whether a page has room for content of this size, whatever its title and caption.
    pub(crate) fn has_room_for((content_width, content_height): (f32, f32)) -> bool {
        let lines = (TITLE_LINES + CAPTION_LINES + NOTE_LINES) as f32;
        let words = lines * Style::Label.line_height() + 2.0 * GAP + GAP_ABOVE_CAPTION;
        let width = content_width.ceil().max(MIN_CONTENT_WIDTH) + 2.0 * MARGIN;
        let height = content_height.ceil() + words + 2.0 * MARGIN;
        width <= MAX_SIDE && height <= MAX_SIDE && width * height <= MAX_AREA
    }

    /// A page with its words and free space of the given size; also gives the place of the free space.
    /// All sizes are checked here, before anything large is made.
    pub(crate) fn page(
        words: Words<'_>,
        (content_width, content_height): (f32, f32),
    ) -> Result<(Self, (f32, f32)), ReportError> {
        let Words { title, caption, mut notes } = words;
        let inner_width = content_width.ceil().max(MIN_CONTENT_WIDTH);
        let columns = (inner_width.min(MAX_SIDE) / Style::Label.advance()) as usize;
        let (mut title_lines, mut caption_lines) = (wrap(title, columns), wrap(caption, columns));
        if cut(&mut title_lines, TITLE_LINES, columns) {
            notes.push("the title is shortened".to_owned());
        }
        if cut(&mut caption_lines, CAPTION_LINES, columns) {
            notes.push("the caption is shortened".to_owned());
        }
        let mut note_lines: Vec<String> =
            notes.iter().flat_map(|note| wrap(&format!("Note: {note}."), columns)).collect();
        cut(&mut note_lines, NOTE_LINES, columns);
        caption_lines.append(&mut note_lines);
        let block = |lines: &[String]| match lines.len() {
            0 => 0.0,
            count => count as f32 * Style::Label.line_height() + GAP,
        };
        let content_top = MARGIN + block(&title_lines);
        let caption_top = content_top + content_height.ceil() + GAP_ABOVE_CAPTION;
        let width = inner_width + 2.0 * MARGIN;
        let height = caption_top + block(&caption_lines) - GAP + MARGIN;
        if width > MAX_SIDE || height > MAX_SIDE || width * height > MAX_AREA {
            return Err(ReportError::TooLarge { width, height });
        }

        let mut figure = Self {
            title: shorten(&printable(title), TITLE_LINES * columns),
            width: width as u32,
            height: height as u32,
            items: Vec::new(),
            notes,
            has_unknown_letters: false,
        };
        figure.paragraph(MARGIN, &title_lines, Style::Title, INK);
        figure.paragraph(caption_top, &caption_lines, Style::Label, MUTED);
        Ok((figure, (MARGIN, content_top)))
    }

    fn paragraph(&mut self, top: f32, lines: &[String], style: Style, colour: Rgb) {
        for (line, text) in lines.iter().enumerate() {
            let y = top + line as f32 * style.line_height();
            self.text((MARGIN, y), Align::Left, style, colour, text);
        }
    }

    /// Adds a line of text; `y` is the top of the line.
    pub(crate) fn text(
        &mut self,
        (x, y): (f32, f32),
        align: Align,
        style: Style,
        colour: Rgb,
        text: &str,
    ) {
        let before = match align {
            Align::Left => 0.0,
            Align::Middle => style.width(text) / 2.0,
            Align::Right => style.width(text),
        };
        if !text.is_empty() {
            // Half pixels are whole ones in the PNG: letters stay crisp.
            let x = ((x - before) * 2.0).round() / 2.0;
            let text = printable(text);
            self.has_unknown_letters |= text.chars().any(|letter| !bitmap::has(letter));
            self.items.push(Item::Text { x, y, text, style, colour });
        }
    }

    pub(crate) fn rectangle(&mut self, (x, y): (f32, f32), (width, height): (f32, f32), fill: Rgb) {
        self.items.push(Item::Rectangle { x, y, width, height, fill });
    }

    pub(crate) fn line(&mut self, points: Vec<(f32, f32)>, pen: Pen) {
        self.items.push(Item::Line { points, pen });
    }

    pub(crate) fn dots(&mut self, centres: Vec<(f32, f32)>, radius: f32, fill: Rgb, opacity: f32) {
        if !centres.is_empty() {
            self.items.push(Item::Dots { centres, radius, fill, opacity });
        }
    }

    pub(crate) fn picture(
        &mut self,
        (x, y): (f32, f32),
        magnification: Magnification,
        raster: Raster,
    ) {
        let (x, y) = (x.round(), y.round());
        self.items.push(Item::Picture { x, y, magnification, raster });
    }
}
