//! What figures show, read back from their PNG and SVG.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]

use ae_report::{
    Axes, ErrorScale, Figure, GridRow, HeatMapItem, InterpolationStep, Picture, Reference,
    ReportError, Scatter, Series, WorstReconstruction, comparison_grid, filters, heat_map,
    interpolation, loss_curves, reconstruction_grid, scatter, square_grid_side,
    worst_reconstructions,
};
use roxmltree::{Document, Node};

const AXES: Axes<'_> = Axes { x: "epoch", y: "binary cross-entropy per pixel" };
const MARGIN: usize = 16;
/// The colour of the rim around each picture of a grid.
const RIM: [u8; 3] = [0x80, 0x8a, 0x93];

fn grey(height: usize, width: usize, pixels: &[u8]) -> Picture {
    Picture::new(1, height, width, pixels).unwrap()
}

/// Width and RGB pixels of a PNG.
fn decode(png: &[u8]) -> (usize, Vec<[u8; 3]>) {
    let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().unwrap();
    let mut rgb = vec![0; reader.output_buffer_size().unwrap()];
    let width = reader.next_frame(&mut rgb).unwrap().width as usize;
    (width, rgb.as_chunks::<3>().0.to_vec())
}

/// The colour in a figure's PNG at a place of the figure, whose pixels are 2 x 2 there.
fn colour_at(figure: &Figure, (x, y): (f32, f32)) -> [u8; 3] {
    let (width, pixels) = decode(&figure.png().unwrap());
    pixels[(y * 2.0) as usize * width + (x * 2.0) as usize]
}

fn elements<'a>(document: &'a Document<'_>, name: &str) -> Vec<Node<'a, 'a>> {
    document.descendants().filter(|node| node.has_tag_name(name)).collect()
}

fn number(node: &Node<'_, '_>, attribute: &str) -> f32 {
    node.attribute(attribute).unwrap().parse().unwrap()
}

fn points(polyline: &Node<'_, '_>) -> Vec<(f32, f32)> {
    let pair = |text: &str| {
        let (x, y) = text.split_once(',').unwrap();
        (x.parse().unwrap(), y.parse().unwrap())
    };
    polyline.attribute("points").unwrap().split(' ').map(pair).collect()
}

/// The SVG with the images' bytes, which depend on the compressor, left out.
fn redacted(svg: &str) -> String {
    let mut parts = svg.split("base64,");
    let first = parts.next().unwrap().to_owned();
    parts.fold(first, |text, part| text + "base64,..." + &part[part.find('"').unwrap()..])
}

fn small_grid() -> Figure {
    let originals = vec![grey(2, 2, &[0, 255, 80, 160]), grey(2, 2, &[1, 2, 3, 4])];
    let rows = [
        GridRow { label: "original", images: originals },
        GridRow { label: "reconstruction", images: vec![grey(2, 2, &[9, 9, 9, 9])] },
    ];
    reconstruction_grid(&rows, "Two \"rows\" & <more>", "Data: 'x' < 1.").unwrap()
}

fn crowded_curves() -> Figure {
    let curve = |start: f64| (1..=50).map(|e| (f64::from(e), start / f64::from(e))).collect();
    let labels = ["train, Gaussian noise drawn once", "validation, drawn once", "afresh", "d", "e"];
    let series = labels.map(|label| Series { label, points: curve(label.len() as f64) });
    let values = [0.1, 0.2, 0.15, 31.0, 30.9];
    let lines = values.map(|value| Reference { label: "expected at most this", value });
    loss_curves(&series, &lines, AXES, "Loss", &"many words ".repeat(40)).unwrap()
}

fn three_worst() -> Figure {
    let item = |index| WorstReconstruction {
        original: grey(1, 1, &[0]),
        reconstruction: grey(1, 1, &[255]),
        index,
        label: Some("7".to_owned()),
        squared_error: 31.415_926,
    };
    worst_reconstructions(&[item(59_999), item(0), item(123_456_789_012)], "Worst", "caption")
        .unwrap()
}

fn small_interpolation() -> Figure {
    let steps = [0.0, 0.5, 1.0]
        .map(|fraction| InterpolationStep { fraction, picture: grey(2, 2, &[1, 2, 3, 4]) });
    let ends = [grey(2, 2, &[0, 9, 9, 9]), grey(2, 2, &[9, 9, 9, 0])];
    interpolation(ends, steps.to_vec(), "From one to another", "caption").unwrap()
}

fn map() -> Figure {
    let classes: Vec<String> = (0..30).map(|class| format!("class {class}")).collect();
    let points = [[-1e5, 3e-7], [2e5, 8e-7]];
    let axes = Some(Axes { x: "first principal component", y: "second principal component" });
    let labels = &[0, 29];
    let shown = Scatter { points: &points, labels, classes: &classes, axes, ..Scatter::default() };
    scatter(shown, "Map", &"many words ".repeat(40)).unwrap()
}

#[test]
fn every_pixel_of_an_image_becomes_a_square_and_nothing_is_blurred() {
    let pixels = [0, 255, 80, 160, 33, 66];
    let rows = [GridRow { label: "", images: vec![grey(2, 3, &pixels)] }];
    let figure = reconstruction_grid(&rows, "", "").unwrap();
    let (width, shown) = decode(&figure.png().unwrap());
    assert_eq!(
        (width, shown.len() / width),
        (figure.width() as usize * 2, figure.height() as usize * 2)
    );

    let (left, side) = (2 * MARGIN, 2 * (64 / 3));
    for (place, &colour) in shown.iter().enumerate() {
        let (y, x) = (place / width, place % width);
        let inside = (left..left + 3 * side).contains(&x) && (left..left + 2 * side).contains(&y);
        let in_rim = (left - 2..left + 3 * side + 2).contains(&x)
            && (left - 2..left + 2 * side + 2).contains(&y);
        let expected = match (inside, in_rim) {
            (true, _) => [pixels[(y - left) / side * 3 + (x - left) / side]; 3],
            (false, true) => RIM,
            (false, false) => [255; 3],
        };
        assert_eq!(colour, expected, "at {x}, {y}");
    }
}

#[test]
fn a_grid_as_svg() {
    insta::assert_snapshot!(redacted(&small_grid().svg().unwrap()));
}

#[test]
fn images_in_the_svg_are_the_original_pixels() {
    use base64::Engine as _;
    let svg = small_grid().svg().unwrap();
    let document = Document::parse(&svg).unwrap();
    let images = elements(&document, "image");
    let uri = images[0].attribute("href").unwrap();
    let encoded = uri.strip_prefix("data:image/png;base64,").unwrap();
    let png = base64::engine::general_purpose::STANDARD.decode(encoded).unwrap();
    assert_eq!(decode(&png), (2, [0, 255, 80, 160].map(|grey| [grey; 3]).to_vec()));
}

#[test]
fn nothing_overlaps_and_everything_is_on_the_page() {
    let units: Vec<f32> = (0..7 * 12).map(|weight| weight as f32 - 40.0).collect();
    let units = filters(&units, [1, 3, 4], "Filters of an encoder", "").unwrap();
    let colours = filters(&[0.5, 0.0, -0.5], [3, 1, 1], "Filters", "").unwrap();
    for figure in [
        small_grid(),
        crowded_curves(),
        three_worst(),
        units,
        colours,
        small_interpolation(),
        map(),
    ] {
        let svg = figure.svg().unwrap();
        let document = Document::parse(&svg).unwrap();
        let images = elements(&document, "image").into_iter().map(|node| {
            let (x, y) = (number(&node, "x"), number(&node, "y"));
            (x, y, x + number(&node, "width"), y + number(&node, "height"))
        });
        let texts = elements(&document, "text").into_iter().map(|node| {
            let (x, foot, size) =
                (number(&node, "x"), number(&node, "y"), number(&node, "font-size"));
            (x, foot - 0.75 * size, x + number(&node, "textLength"), foot + 0.2 * size)
        });
        let boxes: Vec<_> = images.chain(texts).collect();
        assert!(boxes.len() > 4);
        for (index, a) in boxes.iter().enumerate() {
            let on_page = a.2 <= figure.width() as f32 && a.3 <= figure.height() as f32;
            assert!(a.0 >= 0.0 && a.1 >= 0.0 && on_page, "{a:?}\n{svg}");
            for b in &boxes[..index] {
                let apart = a.2 <= b.0 || b.2 <= a.0 || a.3 <= b.1 || b.3 <= a.1;
                assert!(apart, "{a:?} and {b:?}\n{}", redacted(&svg));
            }
        }
    }
}

#[test]
fn a_line_is_drawn_where_its_values_are() {
    let series = [Series { label: "train", points: vec![(0.0, 0.0), (10.0, 1.0)] }];
    let half = [Reference { label: "half", value: 0.5 }];
    let figure = loss_curves(&series, &half, AXES, "", "").unwrap();
    let svg = figure.svg().unwrap();
    let document = Document::parse(&svg).unwrap();
    let lines = elements(&document, "polyline");
    let (reference, curve) = (points(&lines[0]), points(&lines[1]));
    let ((left, bottom), (right, top)) = (curve[0], curve[1]);

    assert_eq!((right - left, bottom - top), (520.0, 260.0));
    assert_eq!(
        reference,
        [(left, (bottom + top) / 2.0 + 0.5), (right, (bottom + top) / 2.0 + 0.5)]
    );
    let blue = [0x00, 0x72, 0xb2];
    assert_eq!(colour_at(&figure, (left + 130.0, bottom - 65.0)), blue);
    assert_ne!(colour_at(&figure, (left + 130.0, bottom - 75.0)), blue);
}

#[test]
fn values_that_are_not_finite_leave_gaps_and_lone_points_are_marked() {
    let values = [1.0, 2.0, f64::NAN, 3.0, f64::INFINITY, 2.0, 1.0];
    let points = values.iter().enumerate().map(|(e, &value)| (e as f64, value)).collect();
    let lines = [Reference { label: "unknown", value: f64::NAN }];
    let figure = loss_curves(&[Series { label: "val", points }], &lines, AXES, "", "").unwrap();
    let svg = figure.svg().unwrap();
    let document = Document::parse(&svg).unwrap();
    assert_eq!(elements(&document, "polyline").len(), 2);
    let marks =
        elements(&document, "rect").into_iter().filter(|r| r.attribute("width") == Some("5"));
    assert_eq!(marks.count(), 1);
    assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
}

#[test]
fn curves_without_any_point_still_make_a_figure() {
    let none = Series { label: "diverged", points: vec![(1.0, f64::NAN)] };
    for series in [vec![], vec![none]] {
        let svg = loss_curves(&series, &[], AXES, "Loss", "").unwrap().svg().unwrap();
        assert!(svg.contains(">0.6</text>") && !svg.contains("<polyline"), "{svg}");
    }
}

/// The texts in the column of an image.
fn beneath(figure: &Figure, image: usize) -> Vec<String> {
    let svg = figure.svg().unwrap();
    let document = Document::parse(&svg).unwrap();
    let middle = |node: &Node<'_, '_>, width| number(node, "x") + number(node, width) / 2.0;
    let column = middle(&elements(&document, "image")[image], "width");
    elements(&document, "text")
        .into_iter()
        .filter(|node| (middle(node, "textLength") - column).abs() <= 1.0)
        .filter_map(|node| node.text().map(str::to_owned))
        .collect()
}

#[test]
fn the_worst_have_their_numbers_beneath_them() {
    assert_eq!(beneath(&three_worst(), 0), ["59999", "7", "31.42"]);
}

#[test]
fn a_heat_map_names_its_items_and_their_scores() {
    let item = |name: &str, score| HeatMapItem {
        image: grey(1, 2, &[255, 255]),
        reconstruction: grey(1, 2, &[0, 0]),
        errors: vec![0.0, 0.5, 0.25, 0.125],
        name: name.to_owned(),
        score,
    };
    let items = [item("row 17", 31.415_926), item("a_long_name_of_a_file_000123.png", 0.5)];
    let scale = ErrorScale { end: 0.5, meaning: "squared error" };
    let figure = heat_map(&items, scale, "", "caption").unwrap();
    for row in 0..3 {
        assert_eq!(beneath(&figure, 2 * row), ["row 17", "31.42"]);
        assert_eq!(beneath(&figure, 2 * row + 1), ["...le_000123.png", "0.5000"]);
    }
    let svg = figure.svg().unwrap();
    for words in [">0</text>", ">0.250</text>", ">0.500 or more</text>", ">squared error</text>"] {
        assert!(svg.contains(words), "{words}");
    }
    // Of two channels the largest error counts: 0.25 of 0.5 is the middle of the scale, 0.5 its end.
    let document = Document::parse(&svg).unwrap();
    let images = elements(&document, "image");
    let (error, bar) = (&images[5], &images[6]);
    let at = |image: &Node<'_, '_>, part: f32| {
        let (x, y) = (number(image, "x"), number(image, "y"));
        colour_at(&figure, (x + part * number(image, "width"), y + 1.0))
    };
    // The bar has 200 colours, each that of its middle: half a step is at most 2 of 255.
    let near = |a: [u8; 3], b: [u8; 3]| a.iter().zip(b).all(|(a, b)| a.abs_diff(b) <= 2);
    for (part, place) in [(0.25, 0.5), (0.75, 0.999)] {
        let (found, expected) = (at(error, part), at(bar, place));
        assert!(near(found, expected), "{found:?} {expected:?}");
    }
    assert!(near(at(bar, 0.001), [0, 0, 4]));

    assert!(heat_map(&[], scale, "", "").is_err());
    let odd = HeatMapItem { errors: vec![0.0; 3], ..items[0].clone() };
    assert!(heat_map(&[odd], scale, "", "").is_err());
    let infinite = HeatMapItem { errors: vec![0.0, f32::INFINITY], ..items[0].clone() };
    assert!(heat_map(&[infinite], scale, "", "").is_err());
}

#[test]
fn a_square_grid_of_the_side_that_has_room_is_drawn_in_full() {
    assert_eq!(square_grid_side(28, 28, 20), 20);
    let side = square_grid_side(28, 28, 100);
    assert!((40..100).contains(&side), "{side}");
    let notes = |side: usize| {
        let row = |_| GridRow { label: "", images: vec![grey(28, 28, &[7; 784]); side] };
        reconstruction_grid(&(0..side).map(row).collect::<Vec<_>>(), "", "").unwrap().notes()
    };
    assert_eq!(notes(side), Vec::<String>::new());
    assert_ne!(notes(side + 1), Vec::<String>::new());
    assert!(square_grid_side(1, 30, 100) > 1 && square_grid_side(4000, 4000, 3) == 3);
}

#[test]
fn filters_of_colours_have_a_line_of_the_legend_for_each_colour() {
    let figure = filters(&[-0.25, 0.0, 0.25], [3, 1, 1], "", "").unwrap();
    let svg = figure.svg().unwrap();
    assert!(svg.contains(">red, green, blue weight</text>"), "{svg}");
    let document = Document::parse(&svg).unwrap();
    let images = elements(&document, "image");
    let bar = images.last().unwrap();
    let (x, y, width) = (number(bar, "x"), number(bar, "y"), number(bar, "width"));
    for line in 0..3_u8 {
        let colours = |levels: [u8; 2]| {
            levels.map(|level| [0, 1, 2].map(|channel| if channel == line { level } else { 128 }))
        };
        let y = y + 4.0 * f32::from(line) + 1.0;
        let ends = [x, x + width - 1.0].map(|x| colour_at(&figure, (x, y)));
        assert_eq!(ends, colours([0, 255]), "line {line}");
    }
}

#[test]
fn a_comparison_names_its_columns() {
    let images = vec![grey(2, 2, &[0, 255, 80, 160]), grey(2, 2, &[1, 2, 3, 4])];
    let rows = ["gaussian:0.5", "blur:1"].map(|label| GridRow { label, images: images.clone() });
    let figure = comparison_grid(&rows, &["noisy", "median"], "", "").unwrap();
    assert_eq!(beneath(&figure, 0), ["noisy"]);
    assert_eq!(beneath(&figure, 1), ["median"]);
    assert_eq!(beneath(&figure, 3), ["median"]);
}

#[test]
fn a_way_has_its_ends_at_its_ends_and_the_parts_beneath() {
    let svg = small_interpolation().svg().unwrap();
    let document = Document::parse(&svg).unwrap();
    assert_eq!(elements(&document, "image").len(), 5);
    let notes: Vec<_> = elements(&document, "text").iter().filter_map(|node| node.text()).collect();
    assert_eq!(notes[2..], ["original", "0.00", "0.50", "1.00", "original"]);
}

#[test]
fn filters_reach_the_ends_of_the_scale_and_say_so() {
    let figure = filters(&[-0.25, 0.0, 0.125, 0.25], [1, 1, 2], "", "").unwrap();
    let first = MARGIN as f32 + 1.0;
    assert_eq!(colour_at(&figure, (first, first)), [0x05, 0x30, 0x61]);
    assert_eq!(colour_at(&figure, (first + 32.0, first)), [0xf7; 3]);
    let svg = figure.svg().unwrap();
    assert!(svg.contains(">-0.250</text>") && svg.contains(">+0.250</text>"), "{svg}");
}

#[test]
fn what_cannot_be_drawn_is_refused_with_a_reason() {
    let said = |result: Result<Figure, ReportError>| result.unwrap_err().to_string();
    assert_eq!(
        said(reconstruction_grid(&[], "", "")),
        "a grid of images needs at least one image, found none"
    );
    assert_eq!(
        said(worst_reconstructions(&[], "", "")),
        "a grid of images needs at least one image, found none"
    );
    assert_eq!(
        said(filters(&[], [1, 28, 28], "", "")),
        "a picture of filters needs at least one image, found none"
    );
    let odd = "images of 2 x 2 pixels in 1 channel cannot be made of 5 values";
    assert_eq!(said(filters(&[0.0; 5], [1, 2, 2], "", "")), odd);
    assert!(filters(&[0.0; 4], [1, usize::MAX, 2], "", "").is_err());
    assert!(filters(&[0.0; 4], [1, 0, 2], "", "").is_err());
    let nan = "value 1 of the weights is NaN, expected a finite number";
    assert_eq!(said(filters(&[0.0, f32::NAN], [1, 1, 2], "", "")), nan);

    assert_eq!(Picture::new(1, 2, 2, &[0; 5]).unwrap_err().to_string(), odd);
    assert!(Picture::new(1, 0, 3, &[]).is_err());
    assert!(Picture::from_unit(1, 1, 1, &[f32::INFINITY]).is_err());
    assert_eq!(Picture::from_unit(1, 1, 3, &[-1.0, 0.5, 2.0]).unwrap(), grey(1, 3, &[0, 128, 255]));
}
