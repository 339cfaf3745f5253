//! Tests of pages.

use super::*;

fn picture(words: &str, content: &str) -> Block {
    let svg = format!("<svg width=\"20\" height=\"30\">{content}</svg>");
    Block::Figure(PageFigure::new(words, words, "reconstructions.svg", Vec::new(), svg))
}

fn chart(label: &str) -> CurveChart {
    CurveChart {
        title: "Loss".to_owned(),
        epochs: vec![1, 2, 3],
        lines: vec![CurveLine {
            label: label.to_owned(),
            values: vec![Some(0.3), None, Some(0.1)],
        }],
        references: vec![CurveReference { label: "at most 0.2".to_owned(), value: 0.2 }],
        ..CurveChart::default()
    }
}

/// A page with every kind of block, and one text in every place for text.
fn page(text: &str) -> Page {
    let own = || text.to_owned();
    let table = PageTable {
        title: own(),
        caption: own(),
        columns: vec![own(), "mse".to_owned()],
        rows: vec![vec![
            Cell::from(own()).with_link("errors").with_tone(Tone::Bad),
            Cell::from("0.1").with_bar(0.5),
        ]],
    };
    let map = ErrorMap { title: own(), caption: own(), rows: vec![vec![0.1, 0.2], vec![0.3, 0.4]] };
    let blocks = vec![
        Block::Paragraph(own()),
        Block::Findings(vec![Finding::new(Tone::Good, own())]),
        Block::Facts(vec![Fact::new(own(), own()).with_note(own())]),
        Block::Code(own()),
        Block::Table(table),
        Block::Chart(chart(text)),
        picture(text, ""),
        Block::ErrorMap(map),
        Block::Folded { summary: own(), blocks: vec![picture(text, "")] },
    ];
    Page {
        kind: own(),
        title: own(),
        lead: own(),
        verdict: Finding::new(Tone::Doubtful, own()),
        facts: vec![Fact::new(own(), own())],
        sections: vec![
            Section {
                id: "errors".to_owned(),
                title: own(),
                blocks,
                parts: vec![Section::new(own(), Vec::new())],
            },
            Section { id: "other".to_owned(), ..Section::new(own(), Vec::new()) },
        ],
        footer: own(),
    }
}

#[test]
fn every_kind_of_block_is_on_the_page() {
    let html = page("words").html().unwrap();
    for part in [
        "<title>words: words</title>",
        "<p class=\"verdict doubtful\">words</p>",
        "<li><a href=\"#errors\">words</a></li>",
        "<h2>words</h2>",
        "<h3>words</h3>",
        "<section id=\"errors\">",
        "<li class=\"good\">words</li>",
        "<td class=\"bad\"><a href=\"#errors\">words</a></td>",
        "<td class=\"number neutral\">0.1<i class=\"bar\"><i style=\"width:50.0%\"></i></i></td>",
        "aria-valuetext=\"epoch 3: words 0.1000\"",
        "data-values=\"0.3000  0.1000\"",
        "<span class=\"mark\" style=\"bottom:50.00%\">at most 0.2</span>",
        "alt=\"words. words\" width=\"20\" height=\"30\"",
        "data-values=\"0.100 0.200;0.300 0.400\"",
        "<details><summary>words</summary>",
    ] {
        assert!(html.contains(part), "no {part} in {html}");
    }
}

#[test]
fn text_from_outside_can_make_no_markup() {
    let hostile = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>&{{ style }}{% if %}";
    let html = page(hostile).html().unwrap();
    let plain = page("").html().unwrap();
    for tag in ["<script", "<img", "<style", "<td"] {
        assert_eq!(html.matches(tag).count(), plain.matches(tag).count(), "{tag}");
    }
    assert!(!html.contains("alert(1)</script>") && !html.contains("\"'>"), "{html}");
    assert!(html.contains("{{ style }}"));
}

/// The page is mailed: nothing in it may ask for anything.
#[test]
fn the_page_asks_for_nothing() {
    let html = page("words").html().unwrap();
    assert!(html.contains("content=\"default-src 'none'; img-src data:;"));
    for attribute in ["src=\"", "href=\""] {
        for (place, _) in html.match_indices(attribute) {
            let target = &html[place + attribute.len()..];
            assert!(target.starts_with("data:") || target.starts_with('#'), "{:.60}", target);
        }
    }
    for call in ["url(", "@import", "fetch(", "XMLHttpRequest", "import("] {
        assert!(!html.contains(call), "{call}");
    }
}

#[test]
fn the_same_page_gives_the_same_text() {
    assert_eq!(page("words").html().unwrap(), page("words").html().unwrap());
}

#[test]
fn many_figures_leave_the_page_below_three_megabytes() {
    let large = || picture("words", &"x".repeat(400_000));
    // Much text leaves less room for figures.
    for (text, left_out) in [(0, 2), (700_000, 4)] {
        let blocks = (0..9).map(|_| large()).collect();
        let sections = vec![Section::new("Figures", blocks)];
        let page = Page { lead: "y".repeat(text), sections, ..Page::default() };
        let html = page.html().unwrap();
        assert!(html.len() < 3_000_000, "{}", html.len());
        assert_eq!(html.matches("Left out, so that the page stays small").count(), left_out);
        assert_eq!(html.matches("<img").count(), 9 - left_out);
    }
}
