//! A page in parts: for a server that sends those that have changed.

use askama::Template as _;

use super::{Finding, Page};
use crate::ReportError;

/// The style sheet of every page.
pub const STYLE: &str =
    concat!(include_str!("../../templates/base.css"), include_str!("../../templates/page.css"));
/// The script of every page: `readCurve(plot)` and `readMap(cells)` let the pointer and the arrow keys read values.
pub const SCRIPT: &str = include_str!("../../templates/page.js");

/// A section as HTML, for a page whose policy forbids `style` attributes: they are called `data-style`, and a script
/// applies them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PagePart {
    /// The section's [`id`](super::Section::id).
    pub id: String,
    /// The section.
    pub html: String,
}

impl Page {
    /// The sections with an id, each as HTML. Figures are embedded as in [`html`](Self::html).
    ///
    /// # Errors
    /// If a picture cannot be encoded.
    pub fn parts(mut self) -> Result<Vec<PagePart>, ReportError> {
        self.embed_figures()?;
        let part = |section: &super::Section| {
            let html = section.view(2).render()?;
            // Within text and within values of attributes, the templates escape quotation marks.
            let html = html.replace(" style=\"", " data-style=\"");
            Ok(PagePart { id: section.id.clone(), html })
        };
        self.contents().into_iter().map(part).collect()
    }
}

impl Finding {
    /// The class of the style sheet for its tone: `good`, `doubtful`, `bad` or `neutral`.
    pub fn class(&self) -> &'static str {
        self.tone.class()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Block, CurveChart, CurveLine, Section};
    use super::*;

    #[test]
    fn parts_have_no_style_attributes_and_keep_their_text() {
        let chart = CurveChart {
            title: " style=\"a\"".to_owned(),
            epochs: vec![1, 2],
            lines: vec![CurveLine { label: "x".to_owned(), values: vec![Some(1.0), Some(2.0)] }],
            ..CurveChart::default()
        };
        let blocks = vec![Block::Chart(chart)];
        let curves = Section { id: "curves".to_owned(), ..Section::new("Curves", blocks) };
        let sections = vec![curves, Section::new("without an anchor", Vec::new())];
        let parts = Page { sections, ..Page::default() }.parts().unwrap();
        assert_eq!(parts.len(), 1);
        assert_eq!(parts[0].id, "curves");
        let html = &parts[0].html;
        assert!(html.starts_with("<section id=\"curves\">"), "{html}");
        assert!(html.contains(" data-style=\"left:") && !html.contains(" style=\""), "{html}");
        assert!(html.contains(" style=&#34;a&#34;"), "{html}");
    }
}
