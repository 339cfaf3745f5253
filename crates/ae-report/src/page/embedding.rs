//! Figures within a page: the smaller of a figure's files is embedded, and all of them share a budget.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use png::{BitDepth, ColorType};

use crate::ReportError;
use crate::png_encoding::encode_png;

/// Most pixels of a picture that is scaled down.
const MOST_PIXELS: usize = 1 << 25;
/// The PNG of a figure has twice its pixels a side.
const DENSITY: u32 = 2;

/// A figure of a page, as its files hold it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PageFigure {
    /// The title.
    pub title: String,
    /// The caption.
    pub caption: String,
    /// Where it lies, beside the page; said if it is left out.
    pub file: String,
    /// The PNG, or nothing if there is none.
    pub png: Vec<u8>,
    /// The SVG, or nothing if there is none.
    pub svg: String,
    shown: Shown,
}

/// What the page shows of a figure.
#[derive(Debug, Clone, Default, PartialEq)]
struct Shown {
    uri: String,
    width: u32,
    height: u32,
    note: String,
}

impl PageFigure {
    /// A figure by the contents of its files; one of them may be empty.
    pub fn new(
        title: impl Into<String>,
        caption: impl Into<String>,
        file: impl Into<String>,
        png: Vec<u8>,
        svg: String,
    ) -> Self {
        let (title, caption, file) = (title.into(), caption.into(), file.into());
        Self { title, caption, file, png, svg, shown: Shown::default() }
    }

    /// The address of its data; empty if it is left out.
    pub(super) fn uri(&self) -> &str {
        &self.shown.uri
    }

    pub(super) fn width(&self) -> u32 {
        self.shown.width
    }

    pub(super) fn height(&self) -> u32 {
        self.shown.height
    }

    /// What was changed or left out; empty if nothing.
    pub(super) fn note(&self) -> &str {
        &self.shown.note
    }

    /// Title and caption, for those who do not see it.
    pub(super) fn alternative(&self) -> String {
        if self.caption.is_empty() {
            return self.title.clone();
        }
        format!("{}. {}", self.title, self.caption)
    }

    /// Takes the smaller of the two files.
    fn choose(&mut self) {
        let (width, height) = self.size();
        let uris = [
            (!self.png.is_empty()).then(|| png_uri(&self.png)),
            (!self.svg.is_empty()).then(|| svg_uri(&self.svg)),
        ];
        let smallest = uris.into_iter().flatten().min_by_key(String::len);
        self.shown = match smallest {
            Some(uri) => Shown { uri, width, height, note: String::new() },
            None => Shown {
                note: "The files of this figure are missing.".to_owned(),
                ..Shown::default()
            },
        };
    }

    /// Shows the PNG with half of its pixels a side if that is smaller; otherwise leaves the figure out.
    fn shrink(&mut self) {
        let halved = halved(&self.png).map(|png| png_uri(&png));
        let is_first = self.shown.note.is_empty();
        match halved.filter(|uri| is_first && uri.len() < self.shown.uri.len() * 3 / 4) {
            Some(uri) => {
                self.shown.uri = uri;
                self.shown.note = format!(
                    "Shown with fewer pixels, so that the page stays small; sharp in {}.",
                    self.file
                );
            }
            None => {
                self.shown.uri = String::new();
                self.shown.note =
                    format!("Left out, so that the page stays small; it is in {}.", self.file);
            }
        }
    }

    /// Width and height in the figure's own pixels; zeros if the files do not say.
    fn size(&self) -> (u32, u32) {
        png_size(&self.png)
            .map(|(width, height)| (width.div_ceil(DENSITY), height.div_ceil(DENSITY)))
            .or_else(|| svg_size(&self.svg))
            .unwrap_or_default()
    }
}

/// Chooses what is shown of each figure, at most `budget` bytes in all: while there are more, the largest one is
/// shown with fewer pixels, and then left out.
pub(super) fn embed(mut figures: Vec<&mut PageFigure>, budget: usize) -> Result<(), ReportError> {
    figures.iter_mut().for_each(|figure| figure.choose());
    let mut total: usize = figures.iter().map(|figure| figure.shown.uri.len()).sum();
    while total > budget {
        // Of equal ones, the last.
        let largest = figures.iter_mut().max_by_key(|figure| figure.shown.uri.len());
        let Some(figure) = largest.filter(|figure| !figure.shown.uri.is_empty()) else { break };
        total -= figure.shown.uri.len();
        figure.shrink();
        total += figure.shown.uri.len();
    }
    Ok(())
}

fn png_uri(png: &[u8]) -> String {
    format!("data:image/png;base64,{}", STANDARD.encode(png))
}

/// An SVG as an address: escaped, because that is shorter than base64 of text with base64 in it.
fn svg_uri(svg: &str) -> String {
    let mut uri = String::with_capacity(svg.len() + svg.len() / 8);
    uri.push_str("data:image/svg+xml,");
    for letter in svg.chars() {
        match letter {
            '%' | '#' | '<' | '>' | '"' | '\'' | '&' | '\\' | '^' | '`' | '{' | '|' | '}' => {
                // Writing to a string does not fail.
                let _ = write!(uri, "%{:02X}", u32::from(letter));
            }
            letter if letter.is_control() => uri.push_str("%0A"),
            letter => uri.push(letter),
        }
    }
    uri
}

/// Width and height of a PNG: the first two numbers of its header.
fn png_size(png: &[u8]) -> Option<(u32, u32)> {
    let header = png.get(16..24).filter(|_| png.starts_with(b"\x89PNG\r\n\x1a\n"))?;
    let number = |bytes: &[u8]| Some(u32::from_be_bytes(bytes.try_into().ok()?));
    Some((number(&header[..4])?, number(&header[4..])?))
}

/// Width and height that the first tag of an SVG says.
fn svg_size(svg: &str) -> Option<(u32, u32)> {
    let tag = svg.split_once('>')?.0;
    let number = |name: &str| {
        let value = tag.split_once(&format!(" {name}=\""))?.1.split('"').next()?;
        value.parse::<f64>().ok().filter(|value| (1.0..1e5).contains(value)).map(|it| it as u32)
    };
    Some((number("width")?, number("height")?))
}

/// A PNG of 8-bit RGB with half of its pixels a side, each the mean of four.
fn halved(png: &[u8]) -> Option<Vec<u8>> {
    let (width, height) = png_size(png)?;
    let pixels = (width as usize).checked_mul(height as usize)?;
    if pixels > MOST_PIXELS || width < 2 || height < 2 {
        return None;
    }
    let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().ok()?;
    if reader.output_color_type() != (ColorType::Rgb, BitDepth::Eight) {
        return None;
    }
    let mut rows = vec![0; reader.output_buffer_size()?];
    reader.next_frame(&mut rows).ok()?;
    let (width, height) = (width as usize, height as usize);
    let at = |x: usize, y: usize, channel: usize| u16::from(rows[(y * width + x) * 3 + channel]);
    let mut half = Vec::with_capacity((width / 2) * (height / 2) * 3);
    for y in (0..height - 1).step_by(2) {
        for x in (0..width - 1).step_by(2) {
            half.extend((0..3).map(|channel| {
                let [a, b] = [y, y + 1].map(|y| at(x, y, channel) + at(x + 1, y, channel));
                ((a + b + 2) / 4) as u8
            }));
        }
    }
    encode_png(height / 2, width / 2, ColorType::Rgb, BitDepth::Eight, &half).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A figure of noise, which no encoder makes smaller.
    fn noisy(side: usize, seed: u32) -> PageFigure {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        let pixels: Vec<u8> = (0..side * side * 3).map(|_| next()).collect();
        let png = encode_png(side, side, ColorType::Rgb, BitDepth::Eight, &pixels).unwrap();
        PageFigure::new("Noise", "", format!("noise{seed}.png"), png, String::new())
    }

    #[test]
    fn the_smaller_file_is_taken() {
        let png = noisy(40, 1).png;
        let svg = "<svg xmlns=\"a\" width=\"20\" height=\"30\"><title>50%</title></svg>";
        let mut figure = PageFigure::new("a", "b", "a.png", png.clone(), svg.to_owned());
        embed(vec![&mut figure], 1 << 20).unwrap();
        assert!(figure.uri().starts_with("data:image/svg+xml,%3Csvg xmlns=%22a%22"), "{figure:?}");
        assert!(figure.uri().contains("50%25"));
        assert_eq!((figure.width(), figure.height()), (20, 20));
        figure.png.clear();
        embed(vec![&mut figure], 1 << 20).unwrap();
        assert_eq!((figure.width(), figure.height()), (20, 30));
        figure.png = png;
        figure.svg = format!("{svg}{}", " ".repeat(1 << 14));
        embed(vec![&mut figure], 1 << 20).unwrap();
        assert!(figure.uri().starts_with("data:image/png;base64,"));
        assert_eq!((figure.note(), figure.alternative().as_str()), ("", "a. b"));
    }

    #[test]
    fn a_figure_without_files_says_so() {
        let mut figure = PageFigure::new("a", "", "a.png", Vec::new(), String::new());
        embed(vec![&mut figure], 1 << 20).unwrap();
        assert_eq!((figure.uri(), figure.note()), ("", "The files of this figure are missing."));
    }

    #[test]
    fn beyond_the_budget_the_largest_figures_lose_pixels_and_then_go() {
        let mut figures = [noisy(64, 1), noisy(128, 2), noisy(32, 3)];
        let full: usize = figures.iter().map(|figure| png_uri(&figure.png).len()).sum();
        let mut embedded = |budget: usize| {
            embed(figures.iter_mut().collect(), budget).unwrap();
            let total: usize = figures.iter().map(|figure| figure.uri().len()).sum();
            assert!(total <= budget, "{total} {budget}");
            figures.each_ref().map(|figure| figure.note().split(',').next().unwrap().to_owned())
        };
        assert_eq!(embedded(full), ["", "", ""]);
        let (fewer, left_out) = ("Shown with fewer pixels", "Left out");
        assert_eq!(embedded(full - 1), ["", fewer, ""]);
        assert_eq!(embedded(16_000), [fewer, left_out, ""]);
        assert_eq!(embedded(0), [left_out; 3]);
    }

    #[test]
    fn damaged_pictures_are_left_out_and_do_no_harm() {
        let mut png = noisy(64, 1).png;
        png.truncate(100);
        assert!(halved(&png).is_none() && halved(b"nothing").is_none());
        // A header that claims more than there is.
        png[16..24].copy_from_slice(&[0xff; 8]);
        assert!(halved(&png).is_none());
        let mut figure = PageFigure::new("a", "", "a.png", png, String::new());
        embed(vec![&mut figure], 10).unwrap();
        assert_eq!(figure.uri(), "");
    }
}
