//! Prints a page with a curve, a table and a map of errors: `cargo run --example one_page > page.html`.
#![allow(clippy::print_stdout, reason = "an example prints")]

use ae_report::page::{
    Block, Cell, CurveChart, CurveLine, CurveReference, ErrorMap, Fact, Finding, Page, PageTable,
    Section, Tone,
};

fn main() -> Result<(), ae_report::ReportError> {
    let loss = |start: f64, end: f64| {
        (1..=50).map(|epoch| Some(end + (start - end) * (-f64::from(epoch) / 8.0).exp())).collect()
    };
    let curve = CurveChart {
        title: "binary cross-entropy".to_owned(),
        epochs: (1..=50).collect(),
        lines: vec![
            CurveLine { label: "training".to_owned(), values: loss(0.28, 0.093) },
            CurveLine { label: "validation".to_owned(), values: loss(0.24, 0.0915) },
        ],
        references: vec![CurveReference { label: "at most 0.11".to_owned(), value: 0.11 }],
        ..CurveChart::default()
    };
    let bump = |y: i16, x: i16| (-f32::from((y - 9).pow(2) + (x - 9).pow(2)) / 30.0).exp() * 0.03;
    let map = ErrorMap {
        title: "By pixel".to_owned(),
        caption: "The squared error at each place.".to_owned(),
        rows: (0..20).map(|y| (0..20).map(|x| bump(y, x)).collect()).collect(),
    };
    let class = |(class, error): (&str, f64)| {
        vec![class.into(), Cell::from(format!("{error}")).with_bar(error / 0.02)]
    };
    let table = PageTable {
        title: "By class".to_owned(),
        caption: "The squared error per value.".to_owned(),
        columns: ["class", "squared error"].map(str::to_owned).to_vec(),
        rows: [("cat", 0.012), ("dog", 0.02)].map(class).to_vec(),
    };
    let page = Page {
        kind: "Training run".to_owned(),
        title: "regular".to_owned(),
        lead: "How well does an autoencoder with a code of 32 numbers reconstruct digits?"
            .to_owned(),
        verdict: Finding::new(Tone::Good, "All 2 expectations held."),
        facts: vec![
            Fact::new("binary cross-entropy", "0.09152"),
            Fact::new("against PCA", "1.8 ×").with_note("smaller squared error"),
            Fact::new("epochs", "50").with_note("in 1 min 12 s"),
        ],
        sections: vec![
            Section::new("Learning curves", vec![Block::Chart(curve)]),
            Section::new("Where the error is", vec![Block::Table(table), Block::ErrorMap(map)]),
            Section::new("Repeat it", vec![Block::Code("ae train spec.toml".to_owned())]),
        ],
        footer: "An example.".to_owned(),
    };
    print!("{}", page.html()?);
    Ok(())
}
