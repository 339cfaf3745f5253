//! Maps of points, read back from their PNG and SVG.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]

use ae_report::{Axes, Figure, Scatter, scatter};
use roxmltree::Document;

const AXES: Axes<'_> = Axes { x: "code 1", y: "code 2" };

fn names(count: usize) -> Vec<String> {
    (0..count).map(|class| format!("class {class}")).collect()
}

/// Colour and centres of each group of dots.
fn dots(figure: &Figure) -> Vec<(String, Vec<[f32; 2]>)> {
    let svg = figure.svg().unwrap();
    let document = Document::parse(&svg).unwrap();
    let paths = document.descendants().filter(|node| node.has_tag_name("path"));
    let centre = |text: &str| {
        let (x, y) = text.strip_suffix("h0").unwrap().split_once(' ').unwrap();
        [x.parse().unwrap(), y.parse().unwrap()]
    };
    let group = |path: roxmltree::Node<'_, '_>| {
        let centres = path.attribute("d").unwrap().split('M').skip(1).map(centre).collect();
        (path.attribute("stroke").unwrap().to_owned(), centres)
    };
    paths.map(group).collect()
}

fn texts(figure: &Figure) -> Vec<String> {
    let svg = figure.svg().unwrap();
    let document = Document::parse(&svg).unwrap();
    let texts = document.descendants().filter(|node| node.has_tag_name("text"));
    texts.filter_map(|node| node.text()).map(str::to_owned).collect()
}

#[test]
fn points_stand_where_their_numbers_are_in_the_colour_of_their_class() {
    let points = [[0.0, 0.0], [10.0, 0.5], [5.0, 1.0], [f32::NAN, 0.0]];
    let classes = names(2);
    let shown =
        Scatter { points: &points, labels: &[0, 1, 0, 1], classes: &classes, axes: Some(AXES) };
    let figure = scatter(shown, "Map", "").unwrap();
    let dots = dots(&figure);
    let [(blue, first), (amber, second)] = dots.as_slice() else { panic!("{dots:?}") };
    assert_eq!((blue.as_str(), amber.as_str()), ("#3f90da", "#ffa90e"));
    let [[left, bottom], [middle, top]] = first[..] else { panic!("{first:?}") };
    // The range of the numbers takes 1 / 1.06 of the plot's 520.
    let close = |found: [f32; 2], expected: [f32; 2]| {
        let far = found.iter().zip(expected).any(|(a, b)| (a - b).abs() > 0.02);
        assert!(!far, "{found:?} {expected:?}");
    };
    close([middle - left, bottom - top], [245.28, 490.57]);
    close(second[0], [left + 490.57, bottom - 245.28]);
    assert_eq!(second.len(), 1);
    let texts = texts(&figure);
    for text in ["class 0", "class 1", "code 1", "code 2", "10", "0.8"] {
        assert!(texts.iter().any(|found| found == text), "{text}: {texts:?}");
    }

    let png = figure.png().unwrap();
    let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().unwrap();
    let mut rgb = vec![0; reader.output_buffer_size().unwrap()];
    let width = reader.next_frame(&mut rgb).unwrap().width as usize;
    let place = (second[0][1] * 2.0) as usize * width + (second[0][0] * 2.0) as usize;
    // Four fifths of the colour over white.
    let expected = [0xff, 0xa9, 0x0e].map(|value: u8| (0.8 * f32::from(value) + 51.0).round());
    let found = [0, 1, 2].map(|channel| f32::from(rgb[3 * place + channel]));
    assert!(expected.iter().zip(found).all(|(a, b)| (a - b).abs() <= 1.0), "{found:?}");
}

#[test]
fn without_axes_distances_are_the_same_both_ways_and_there_are_no_numbers() {
    let points = [[100.0, 7.0], [140.0, 7.0], [120.0, 8.0], [120.0, 6.0]];
    let shown = Scatter { points: &points, labels: &[], classes: &[], axes: None };
    let figure = scatter(shown, "", "").unwrap();
    assert_eq!(texts(&figure), Vec::<String>::new());
    let [(_, centres)] = &dots(&figure)[..] else { panic!() };
    let [a, b, c, d] = centres[..] else { panic!() };
    let (across, down) = (b[0] - a[0], d[1] - c[1]);
    assert!((across / down - 20.0).abs() < 0.02, "{across} {down}");
    assert!((480.0..500.0).contains(&across), "{across}");
}

#[test]
fn none_one_and_the_same_points_make_a_figure() {
    for axes in [None, Some(AXES)] {
        for points in [vec![], vec![[1.0, 2.0]], vec![[3.0, 3.0]; 9], vec![[f32::INFINITY, 0.0]]] {
            let shown = Scatter { points: &points, labels: &[], classes: &[], axes };
            let figure = scatter(shown, "", "").unwrap();
            let drawn: usize = dots(&figure).iter().map(|(_, centres)| centres.len()).sum();
            assert_eq!(drawn, points.iter().filter(|[x, _]| x.is_finite()).count());
            assert!(!figure.svg().unwrap().contains("NaN"));
            assert!(figure.png().is_ok());
        }
    }
}

#[test]
fn no_class_lies_above_all_others_and_the_eleventh_has_the_first_colour() {
    let points: Vec<[f32; 2]> = (0..3000).map(|i| [i as f32, (i % 7) as f32]).collect();
    let labels: Vec<u8> = (0..3000).map(|i| (i % 11) as u8).collect();
    let classes = names(11);
    let shown = Scatter { points: &points, labels: &labels, classes: &classes, axes: Some(AXES) };
    let groups = dots(&scatter(shown, "", "").unwrap());
    let place = |colour: &str| groups.iter().position(|(found, _)| found == colour).unwrap();
    let last = |colour: &str| groups.iter().rposition(|(found, _)| found == colour).unwrap();
    assert!(place("#92dadd") < last("#3f90da"), "the last class is drawn before the first ends");
    let blue: usize =
        groups.iter().filter(|(colour, _)| colour == "#3f90da").map(|(_, c)| c.len()).sum();
    assert_eq!(blue, labels.iter().filter(|&&class| class % 10 == 0).count());
}
