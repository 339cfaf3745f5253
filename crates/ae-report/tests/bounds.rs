//! Figures of any input stay within their limits, and say what was changed.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]

use ae_report::{
    Axes, Figure, GridRow, InterpolationStep, Picture, Reference, Scatter, Series,
    WorstReconstruction, comparison_grid, filters, interpolation, line_chart, loss_curves,
    reconstruction_grid, scatter, worst_reconstructions,
};
use proptest::prelude::*;
use roxmltree::{Document, Node};

const AXES: Axes<'_> = Axes { x: "epoch", y: "loss" };

fn grey(height: usize, width: usize) -> Picture {
    Picture::new(1, height, width, &vec![7; height * width]).unwrap()
}

fn grid(rows: usize, columns: usize, (height, width): (usize, usize)) -> Figure {
    let images = vec![grey(height, width); columns];
    let rows = vec![GridRow { label: "original", images }; rows];
    reconstruction_grid(&rows, "Title", "caption").unwrap()
}

/// The drawn images' widths and heights.
fn images(figure: &Figure) -> Vec<(f32, f32)> {
    let svg = figure.svg().unwrap();
    let document = Document::parse(&svg).unwrap();
    let number = |node: &Node<'_, '_>, name| node.attribute(name).unwrap().parse().unwrap();
    let images = document.descendants().filter(|node| node.has_tag_name("image"));
    images.map(|node| (number(&node, "width"), number(&node, "height"))).collect()
}

fn assert_within_bounds(figure: &Figure) {
    let (width, height) = (figure.width(), figure.height());
    assert!(width <= 16_384 && height <= 16_384 && width * height <= 8_000_000, "{width} {height}");
    let svg = figure.svg().unwrap();
    // The largest ones take seconds; they are the same in kind.
    if width * height < 1_000_000 {
        let png = figure.png().unwrap();
        assert_eq!(png[16..20], (2 * width).to_be_bytes());
        assert_eq!(png[20..24], (2 * height).to_be_bytes());
    }
    let svg = Document::parse(&svg).unwrap();
    let notes = svg.descendants().filter(|node| {
        node.has_tag_name("text") && node.text().is_some_and(|text| text.starts_with("Note: "))
    });
    let unseen = figure.notes().iter().filter(|note| note.contains("font")).count();
    assert_eq!(notes.count() + unseen, figure.notes().len(), "{:?}", figure.notes());
}

#[test]
fn large_pictures_are_drawn_smaller() {
    let figure = grid(2, 10, (1900, 1900));
    assert_within_bounds(&figure);
    assert_eq!(images(&figure), vec![(238.0, 238.0); 20]);
    let note = "images of 1900 x 1900 pixels are drawn smaller, each drawn pixel the mean of 8 x 8";
    assert_eq!(figure.notes(), [note]);

    let figure = grid(3, 10, (400, 400));
    assert_eq!(images(&figure), vec![(200.0, 200.0); 30]);
    assert_eq!(grid(3, 10, (256, 256)).notes(), Vec::<String>::new());
}

#[test]
fn a_drawn_pixel_is_the_mean_of_those_that_it_stands_for() {
    use base64::Engine as _;
    // Two by two blocks of 257 columns; the last one is a single column.
    let pixels: Vec<u8> =
        (0..2 * 257).map(|place| (place / 257 * 100 + place % 2 * 3) as u8).collect();
    let rows = [GridRow { label: "", images: vec![Picture::new(1, 2, 257, &pixels).unwrap()] }];
    let svg = reconstruction_grid(&rows, "", "").unwrap().svg().unwrap();
    let encoded = svg.split("base64,").nth(1).unwrap().split('"').next().unwrap();
    let png = base64::engine::general_purpose::STANDARD.decode(encoded).unwrap();
    let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().unwrap();
    let mut rgb = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut rgb).unwrap();
    assert_eq!((info.width, info.height), (129, 1));
    // (0 + 3 + 103 + 100) / 4 = 51.5, and in the last column (0 + 103) / 2 = 51.5, both rounded up.
    assert!(rgb.iter().all(|&value| value == 52), "{rgb:?}");
}

#[test]
fn rows_of_a_table_are_thick_enough_to_be_seen() {
    for (columns, width) in [(1, 64.0), (5, 60.0), (60, 60.0), (256, 256.0), (8180, 256.0)] {
        let figure = grid(2, 10, (1, columns));
        assert_within_bounds(&figure);
        let height = if columns == 1 { 64.0 } else { 12.0 };
        assert_eq!(images(&figure), vec![(width, height); 20], "{columns}");
    }
    let note = "rows of 8180 numbers are drawn smaller, each drawn pixel the mean of 32";
    assert_eq!(grid(2, 3, (1, 8180)).notes(), [note]);
    // Without this a viewer keeps the proportions of the embedded image.
    assert!(grid(1, 1, (1, 60)).svg().unwrap().contains("preserveAspectRatio=\"none\""));
}

#[test]
fn only_the_first_of_too_many_images_are_drawn() {
    let figure = grid(2, 5000, (28, 28));
    assert_within_bounds(&figure);
    let drawn = images(&figure).len() / 2;
    assert!((300..5000).contains(&drawn), "{drawn}");
    assert_eq!(
        figure.notes(),
        [format!("only the first {drawn} of 5000 images of a row are drawn")]
    );

    let figure = grid(2000, 1, (1, 1));
    assert_within_bounds(&figure);
    let drawn = images(&figure).len();
    assert_eq!(figure.notes(), [format!("only the first {drawn} of 2000 rows are drawn")]);

    let figure = grid(150, 150, (28, 28));
    assert_within_bounds(&figure);
    assert_eq!(figure.notes().len(), 2);
    assert!(images(&figure).len() > 5000);
    assert!(figure.png().is_ok());
    // The points of a plane, which have no labels, fit as they are.
    assert!(grid(60, 60, (28, 28)).notes().is_empty());
}

#[test]
fn worst_reconstructions_and_interpolations_of_any_size_are_drawn() {
    let item = |index| WorstReconstruction {
        original: grey(1000, 600),
        reconstruction: grey(1000, 600),
        index,
        label: Some("a name of a class that is long".to_owned()),
        squared_error: 1.0,
    };
    let items: Vec<WorstReconstruction> = (0..10).map(item).collect();
    assert_within_bounds(&worst_reconstructions(&items, "", "").unwrap());
    let step = |step| InterpolationStep { fraction: f64::from(step), picture: grey(400, 400) };
    let steps = (0..100).map(step).collect();
    let figure = interpolation([grey(400, 400), grey(400, 400)], steps, "", "").unwrap();
    assert_within_bounds(&figure);
    assert_eq!(images(&figure).len(), 102);
    let rows = vec![GridRow { label: "noise", images: vec![grey(500, 500); 6] }; 7];
    let columns = ["noisy", "median", "pca", "plain", "one", "all"];
    assert_within_bounds(&comparison_grid(&rows, &columns, "", "").unwrap());
}

#[test]
fn units_of_any_number_and_size_are_drawn() {
    for (units, shape) in [
        (64, [1, 1, 1555]),
        (64, [1, 1, 8180]),
        (64, [3, 400, 400]),
        (1, [1, 2000, 2000]),
        (2000, [1, 1, 1]),
        (64, [1, 500, 1]),
        (30_000, [1, 5, 5]),
    ] {
        let weights = vec![0.5; units * shape.iter().product::<usize>()];
        let figure = filters(&weights, shape, "Filters", "caption").unwrap();
        assert_within_bounds(&figure);
        // One of them is the bar of colours.
        let drawn = images(&figure).len() - 1;
        let note = format!("only the first {drawn} of {units} units are drawn");
        assert_eq!(drawn < units, figure.notes().contains(&note), "{:?}", figure.notes());
        assert!(drawn >= units.min(2000), "{drawn}");
        assert!(images(&figure).iter().all(|&(width, height)| width.min(height) >= 10.0));
    }
}

#[test]
fn strips_of_units_stand_in_a_block_about_twice_as_wide_as_high() {
    let figure = filters(&[0.5; 64 * 1555], [1, 1, 1555], "", "").unwrap();
    assert!((700..1300).contains(&figure.width()), "{}", figure.width());
    assert!(figure.height() < figure.width());
}

#[test]
fn weights_are_averaged_before_they_become_colours() {
    // Every second weight is -1: the mean of eight, the largest of what is drawn, is a quarter.
    let weights: Vec<f32> = (0..2048).map(|place| if place % 8 < 5 { 1.0 } else { -1.0 }).collect();
    let svg = filters(&weights, [1, 1, 2048], "", "").unwrap().svg().unwrap();
    assert!(svg.contains(">+0.250</text>"), "{svg}");
}

#[test]
fn long_texts_end_in_an_ellipsis() {
    let caption = "word ".repeat(1_000_000);
    let rows = [GridRow { label: &caption, images: vec![grey(1, 1)] }];
    let figure = reconstruction_grid(&rows, &caption, &caption).unwrap();
    assert_within_bounds(&figure);
    assert_eq!(figure.notes(), ["the title is shortened", "the caption is shortened"]);
    assert!(figure.svg().unwrap().len() < 10_000);
    let one_word = "x".repeat(5000);
    let series = [Series { label: &one_word, points: vec![(1.0, 1.0)] }];
    let axes = Axes { x: &one_word, y: &one_word };
    let lines = [Reference { label: &one_word, value: 0.5 }];
    let figure = loss_curves(&series, &lines, axes, &one_word, &one_word).unwrap();
    assert_within_bounds(&figure);
    assert!(figure.height() < 1000, "{}", figure.height());
}

#[test]
fn many_curves_lines_and_classes_are_drawn_as_far_as_there_is_room() {
    let name = "a name of exactly forty letters, no more";
    let series = vec![Series { label: name, points: vec![(0.0, 1.0), (1.0, 2.0)] }; 1000];
    let lines = vec![Reference { label: name, value: 1.5 }; 1000];
    let figure = loss_curves(&series, &lines, AXES, "", "").unwrap();
    assert_within_bounds(&figure);
    assert_eq!(
        figure.notes(),
        [
            "only the first 256 of 1000 curves are drawn",
            "only the first 20 of 1000 reference lines are drawn"
        ]
    );
    let classes = vec![name.to_owned(); 256];
    let points = vec![[0.0, 1.0]; 20_000];
    let labels = &[9; 20_000];
    let axes = Some(AXES);
    let shown = Scatter { points: &points, labels, classes: &classes, axes, ..Scatter::default() };
    assert_within_bounds(&scatter(shown, "", "").unwrap());
}

#[test]
fn a_class_is_needed_for_each_point_or_for_none() {
    let classes = ["a".to_owned()];
    let points = &[[0.0; 2]; 2];
    let shown = Scatter { points, labels: &[0], classes: &classes, ..Scatter::default() };
    let error = scatter(shown, "", "").unwrap_err();
    assert_eq!(error.to_string(), "expected a class for each of 2 points, found 1");
}

#[test]
fn a_curve_of_many_epochs_keeps_its_shape_in_few_points() {
    // A spike of one epoch, and a fall elsewhere.
    let loss = |epoch: i32| if epoch == 70_000 { 9.0 } else { 1.0 / f64::from(epoch) };
    let points: Vec<_> = (1..=100_000).map(|epoch| (f64::from(epoch), loss(epoch))).collect();
    let series = [Series { label: "training", points }];
    let figure = loss_curves(&series, &[], AXES, "", "").unwrap();
    assert_within_bounds(&figure);
    let svg = figure.svg().unwrap();
    assert!(svg.len() < 150_000, "{}", svg.len());
    let document = Document::parse(&svg).unwrap();
    let line = document.descendants().find(|node| node.has_tag_name("polyline")).unwrap();
    let heights = line
        .attribute("points")
        .unwrap()
        .split(' ')
        .map(|point| point.split(',').nth(1).unwrap().parse::<f32>().unwrap());
    let (top, bottom) = heights.fold((f32::MAX, 0.0), |(a, b), y| (y.min(a), y.max(b)));
    // The axis goes from 0 to 10, and its 260 pixels from the spike to nearly 0 are nine tenths.
    assert!((bottom - top - 234.0).abs() < 0.1, "{top} {bottom}");
    assert!(line.attribute("points").unwrap().split(' ').count() > 2000);

    let one = [Series { label: "training", points: vec![(1.0, 0.5)] }];
    assert_within_bounds(&loss_curves(&one, &[], AXES, "", "").unwrap());
}

#[test]
fn values_that_cannot_be_drawn_are_counted() {
    let points = vec![(1.0, 1.0), (2.0, f64::NAN), (3.0, f64::INFINITY), (4.0, 1e200)];
    let figure = line_chart(&[Series { label: "a", points }], AXES, "", "").unwrap();
    assert_eq!(figure.notes(), ["values that are not finite or beyond 1e100 leave gaps: 3"]);
    let points = [[0.0, f32::NAN], [1.0, 1.0]];
    let shown = Scatter { points: &points, ..Scatter::default() };
    let notes = scatter(shown, "", "").unwrap().notes();
    assert_eq!(notes, ["values that are not finite or beyond 1e100 are left out: 1"]);
}

#[test]
fn letters_that_the_png_font_lacks_are_noted() {
    let figure = |title| grid_with(title, "Größe łódź");
    assert!(figure("Größe").notes().is_empty());
    for title in ["Ελλάδα", "日本語", "Москва", "🙂"] {
        let [note] = &figure(title).notes()[..] else { panic!("{title}") };
        assert!(note.contains("Latin letters only"), "{note}");
        assert!(figure(title).svg().unwrap().contains(title));
        assert_ne!(figure(title).png().unwrap(), figure("").png().unwrap());
    }
}

fn grid_with<'a>(title: &str, label: &'a str) -> Figure {
    let rows: [GridRow<'a>; 1] = [GridRow { label, images: vec![grey(1, 1)] }];
    reconstruction_grid(&rows, title, "").unwrap()
}

/// Any letters, and often those that XML forbids or gives a meaning.
fn any_text() -> impl Strategy<Value = String> {
    let special = prop::sample::select(
        "<>&\"'\0\n\r\t\u{1b}\u{7f}\u{85}\u{fffe}\u{ffff}\u{202e}\u{2066}"
            .chars()
            .collect::<Vec<_>>(),
    );
    prop::collection::vec(prop_oneof![any::<char>(), special], 0..40)
        .prop_map(|letters| letters.into_iter().collect())
}

/// Every kind of figure with a text wherever one is shown.
fn all_with(text: &str) -> Vec<Figure> {
    let rows = [GridRow { label: text, images: vec![grey(1, 1)] }];
    let item = WorstReconstruction {
        original: grey(1, 1),
        reconstruction: grey(1, 1),
        index: 0,
        label: Some(text.to_owned()),
        squared_error: 1.0,
    };
    let axes = Axes { x: text, y: text };
    let series = [Series { label: text, points: vec![(0.0, 1.0)] }];
    let lines = [Reference { label: text, value: 1.0 }];
    let classes = [text.to_owned()];
    let points = &[[0.0; 2]];
    let axes_shown = Some(axes);
    let shown =
        Scatter { points, labels: &[0], classes: &classes, axes: axes_shown, ..Scatter::default() };
    let figures = [
        reconstruction_grid(&rows, text, text),
        comparison_grid(&rows, &[text], text, text),
        worst_reconstructions(&[item], text, text),
        interpolation([grey(1, 1), grey(1, 1)], Vec::new(), text, text),
        filters(&[1.0], [1, 1, 1], text, text),
        loss_curves(&series, &lines, axes, text, text),
        line_chart(&series, axes, text, text),
        scatter(shown, text, text),
    ];
    figures.into_iter().map(Result::unwrap).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn any_text_can_be_shown_anywhere(text in any_text()) {
        let forbidden = |c: char| {
            let changes_direction = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
            c.is_control() || changes_direction || matches!(c, '\u{fffe}' | '\u{ffff}')
        };
        for figure in all_with(&text) {
            assert_within_bounds(&figure);
            let svg = figure.svg().unwrap();
            let document = Document::parse(&svg).unwrap();
            let title = document.descendants().find(|node| node.has_tag_name("title")).unwrap();
            prop_assert_eq!(title.text().unwrap_or(""), text.replace(forbidden, "?"));
            // Line ends of the document itself are the only control characters.
            prop_assert!(!svg.replace('\n', "").contains(forbidden));
        }
    }

    #[test]
    fn pictures_of_any_size_and_number_keep_within_bounds(
        rows in 1_usize..6,
        columns in 1_usize..30,
        height in 1_usize..600,
        width in 1_usize..600,
    ) {
        let figure = grid(rows, columns, (height, width));
        assert_within_bounds(&figure);
        prop_assert_eq!(images(&figure).len(), rows * columns);
    }
}
