//! A figure: its title, its content, and below it the caption and notes.

use crate::class_marks::ClassMark;
use crate::drawing::{Drawing, Element, HALO_WIDTH, Halo, INK, MUTED, Magnification, Pen};
use crate::limits::{MAX_AREA, MAX_SIDE};
use crate::picture::{Raster, Rgb};
use crate::text::{Style, cut, font_has, printable, shorten, wrap};
use crate::{ReportError, draw_png, draw_svg};

/// Longer titles and captions end in an ellipsis.
const TITLE_LINES: usize = 3;
const CAPTION_LINES: usize = 12;
/// Lines of notes below the caption; further ones are not drawn.
const NOTE_LINES: usize = 8;

const MARGIN: f32 = 16.0;
const GAP: f32 = 14.0;
const GAP_ABOVE_CAPTION: f32 = 18.0;
/// Narrower figures are widened, so that titles and captions stay readable.
const MIN_CONTENT_WIDTH: f32 = 420.0;

/// A drawing that is ready to be written as PNG or SVG.
#[derive(Debug)]
pub struct Figure {
    drawing: Drawing,
    notes: Vec<String>,
    has_unknown_letters: bool,
}

/// The text above and below the content of a figure.
#[derive(Debug)]
pub(crate) struct Words<'a> {
    pub(crate) title: &'a str,
    pub(crate) caption: &'a str,
    /// One sentence for each change that was made to fit the content.
    pub(crate) notes: Vec<String>,
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
    /// Letters that are not Latin are drawn as `?`, and [`Figure::notes`] says so. The SVG keeps them.
    ///
    /// # Errors
    /// If the encoder fails.
    pub fn png(&self) -> Result<Vec<u8>, ReportError> {
        draw_png::render(&self.drawing)
    }

    /// The figure as one self-contained SVG element; its images are embedded PNGs.
    ///
    /// Browsers show them with sharp pixels (`image-rendering: pixelated`); some other viewers smooth them.
    ///
    /// # Errors
    /// If the encoder of the embedded images fails.
    pub fn svg(&self) -> Result<String, ReportError> {
        draw_svg::render(&self.drawing)
    }

    /// Width in pixels, at the figure's own size.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.drawing.width
    }

    /// Height in pixels, at the figure's own size.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.drawing.height
    }

    /// One sentence for each change that was made to keep the figure within its limits: pictures that are
    /// drawn smaller, items that are left out, texts that are shortened, letters that the PNG's font lacks.
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

    /// Whether content of this size fits onto a page with the longest title and caption.
    pub(crate) fn has_room_for((content_width, content_height): (f32, f32)) -> bool {
        let lines = (TITLE_LINES + CAPTION_LINES + NOTE_LINES) as f32;
        let words = lines * Style::Label.line_height() + 2.0 * GAP + GAP_ABOVE_CAPTION;
        let width = content_width.ceil().max(MIN_CONTENT_WIDTH) + 2.0 * MARGIN;
        let height = content_height.ceil() + words + 2.0 * MARGIN;
        width <= MAX_SIDE && height <= MAX_SIDE && width * height <= MAX_AREA
    }

    /// A page with its text and free space for content of the given size, and the position of this space.
    /// All sizes are checked here, before anything large is allocated.
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
            drawing: Drawing {
                title: shorten(&printable(title), TITLE_LINES * columns),
                width: width as u32,
                height: height as u32,
                elements: Vec::new(),
            },
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
        place: (f32, f32),
        align: Align,
        style: Style,
        colour: Rgb,
        text: &str,
    ) {
        self.text_with((place, Halo::None), align, style, colour, text);
    }

    /// The same with a white rim.
    pub(crate) fn haloed_text(
        &mut self,
        place: (f32, f32),
        align: Align,
        style: Style,
        colour: Rgb,
        text: &str,
    ) {
        self.text_with((place, Halo::White), align, style, colour, text);
    }

    fn text_with(
        &mut self,
        ((x, y), halo): ((f32, f32), Halo),
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
            // Half pixels of the figure are whole pixels of the PNG, where letters stay crisp.
            let x = ((x - before) * 2.0).round() / 2.0;
            let text = printable(text);
            self.has_unknown_letters |= text.chars().any(|letter| !font_has(letter));
            self.drawing.elements.push(Element::Text { x, y, text, style, colour, halo });
        }
    }

    pub(crate) fn rectangle(&mut self, (x, y): (f32, f32), (width, height): (f32, f32), fill: Rgb) {
        self.drawing.elements.push(Element::Rectangle { x, y, width, height, fill });
    }

    pub(crate) fn line(&mut self, points: Vec<(f32, f32)>, pen: Pen) {
        self.drawing.elements.push(Element::Line { points, pen });
    }

    pub(crate) fn marks(
        &mut self,
        centres: Vec<(f32, f32)>,
        radius: f32,
        mark: ClassMark,
        opacity: f32,
    ) {
        if !centres.is_empty() {
            self.drawing.elements.push(Element::Marks { centres, radius, mark, opacity });
        }
    }

    /// One mark with a white rim.
    pub(crate) fn haloed_mark(&mut self, centre: (f32, f32), radius: f32, mark: ClassMark) {
        let white = ClassMark { colour: [u8::MAX; 3], ..mark };
        self.marks(vec![centre], radius + HALO_WIDTH, white, 1.0);
        self.marks(vec![centre], radius, mark, 1.0);
    }

    pub(crate) fn picture(
        &mut self,
        (x, y): (f32, f32),
        magnification: Magnification,
        raster: Raster,
    ) {
        let (x, y) = (x.round(), y.round());
        self.drawing.elements.push(Element::Picture { x, y, magnification, raster });
    }
}
