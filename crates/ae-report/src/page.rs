//! One self-contained HTML page about a run, a study or several of them: plain data in, text out.
//!
//! The page needs nothing beside itself: figures, style and script are inside, and its Content-Security-Policy forbids
//! every request. All text is escaped by the templates. The same page gives the same bytes.

mod chart;
mod embedding;
mod error_map;
mod numbers;
mod parts;
mod table;

use askama::Template;

use crate::ReportError;
pub use chart::{CurveChart, CurveLine, CurveReference};
pub use embedding::PageFigure;
use embedding::embed;
pub use error_map::ErrorMap;
pub use numbers::{counted, number, significant};
pub use parts::{PagePart, SCRIPT, STYLE};
pub use table::{Cell, PageTable};

/// The largest number of bytes of a page, if its text alone is smaller.
const PAGE_BYTES: usize = 2_990_000;
/// What stands around the data of a figure, but for its alternative text: at most so many bytes.
const AROUND_FIGURE: usize = 512;

/// A page.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// What it is about, in a word or two above the title: `run`, `study`.
    pub kind: String,
    /// The title.
    pub title: String,
    /// The question that is answered, as a sentence; may be empty.
    pub lead: String,
    /// What came out.
    pub verdict: Finding,
    /// The most important numbers.
    pub facts: Vec<Fact>,
    /// The sections, in order. Each needs an [`id`](Section::id) of its own.
    pub sections: Vec<Section>,
    /// The line at the end: what made the page.
    pub footer: String,
}

/// A sentence with its tone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Finding {
    /// Good or bad.
    pub tone: Tone,
    /// The sentence.
    pub text: String,
}

/// Whether something is good or bad.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tone {
    /// As hoped for.
    Good,
    /// To be doubted.
    Doubtful,
    /// Below what was expected, or failed.
    Bad,
    /// Neither.
    #[default]
    Neutral,
}

/// A number with its name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fact {
    /// The name.
    pub label: String,
    /// The number, as text.
    pub value: String,
    /// What it means or is compared with; may be empty.
    pub note: String,
}

/// A part of the page under a heading.
#[derive(Debug, Clone, Default)]
pub struct Section {
    /// The anchor: letters, digits and hyphens. A section that others link to needs one; it may be empty otherwise.
    pub id: String,
    /// The heading.
    pub title: String,
    /// The content.
    pub blocks: Vec<Block>,
    /// Sections below this one.
    pub parts: Vec<Section>,
}

/// A piece of a section.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Block {
    /// A paragraph.
    Paragraph(String),
    /// Sentences, each a point of a list.
    Findings(Vec<Finding>),
    /// Names and numbers, as in the head of the page.
    Facts(Vec<Fact>),
    /// A table.
    Table(PageTable),
    /// Text in the letters of a terminal, which keeps its lines.
    Code(String),
    /// Curves over epochs.
    Chart(CurveChart),
    /// A figure.
    Figure(PageFigure),
    /// Figures that are compared: beside each other where the page is wide enough.
    Beside(Vec<PageFigure>),
    /// Errors by place.
    ErrorMap(ErrorMap),
    /// Blocks behind a line that opens them.
    Folded {
        /// The line.
        summary: String,
        /// What it opens.
        blocks: Vec<Block>,
    },
}

#[derive(Template)]
#[template(path = "page.html")]
struct PageView<'a> {
    page: &'a Page,
    style: &'static str,
    script: &'static str,
}

#[derive(Template)]
#[template(path = "section.html")]
struct SectionView<'a> {
    section: &'a Section,
    /// The level of its heading.
    level: usize,
}

#[derive(Template)]
#[template(path = "blocks.html")]
struct BlocksView<'a> {
    blocks: &'a [Block],
}

impl Page {
    /// The page as HTML. Figures that would make it larger than 3 MB are shown smaller or left out; a line in their
    /// place says so.
    ///
    /// # Errors
    /// If a picture cannot be encoded.
    pub fn html(mut self) -> Result<String, ReportError> {
        self.embed_figures()?;
        self.render()
    }

    fn render(&self) -> Result<String, ReportError> {
        Ok(PageView { page: self, style: STYLE, script: SCRIPT }.render()?)
    }

    fn embed_figures(&mut self) -> Result<(), ReportError> {
        let text = self.render()?.len();
        let mut figures = Vec::new();
        self.sections.iter_mut().for_each(|section| section.collect_figures(&mut figures));
        let around = |figure: &&mut PageFigure| figure.alternative().len() + AROUND_FIGURE;
        let around: usize = figures.iter().map(around).sum();
        embed(figures, PAGE_BYTES.saturating_sub(text + around))
    }

    /// The title of the browser's window.
    fn window_title(&self) -> String {
        format!("{}: {}", self.title, self.verdict.text)
    }

    /// The sections that the table of contents links to.
    fn contents(&self) -> Vec<&Section> {
        self.sections.iter().filter(|section| !section.id.is_empty()).collect()
    }
}

impl Tone {
    /// The class of the style sheet.
    fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Doubtful => "doubtful",
            Self::Bad => "bad",
            Self::Neutral => "neutral",
        }
    }
}

impl Finding {
    /// A sentence that is neither good nor bad.
    pub fn neutral(text: impl Into<String>) -> Self {
        Self { tone: Tone::Neutral, text: text.into() }
    }

    /// A sentence with a tone.
    pub fn new(tone: Tone, text: impl Into<String>) -> Self {
        Self { tone, text: text.into() }
    }
}

impl Fact {
    /// A name and a number.
    pub fn new(label: impl Into<String>, value: impl Into<String>) -> Self {
        Self { label: label.into(), value: value.into(), note: String::new() }
    }

    /// With what it means.
    #[must_use]
    pub fn with_note(self, note: impl Into<String>) -> Self {
        Self { note: note.into(), ..self }
    }
}

impl Section {
    /// A section without an anchor.
    pub fn new(title: impl Into<String>, blocks: Vec<Block>) -> Self {
        Self { title: title.into(), blocks, ..Self::default() }
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty() && self.parts.is_empty()
    }

    fn collect_figures<'a>(&'a mut self, figures: &mut Vec<&'a mut PageFigure>) {
        collect_figures(&mut self.blocks, figures);
        self.parts.iter_mut().for_each(|part| part.collect_figures(figures));
    }

    fn view(&self, level: usize) -> SectionView<'_> {
        SectionView { section: self, level }
    }

    fn content(&self) -> BlocksView<'_> {
        Block::view(&self.blocks)
    }
}

impl Block {
    fn view(blocks: &[Self]) -> BlocksView<'_> {
        BlocksView { blocks }
    }
}

fn collect_figures<'a>(blocks: &'a mut [Block], figures: &mut Vec<&'a mut PageFigure>) {
    for block in blocks {
        match block {
            Block::Figure(figure) => figures.push(figure),
            Block::Beside(beside) => figures.extend(beside),
            Block::Folded { blocks, .. } => collect_figures(blocks, figures),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
