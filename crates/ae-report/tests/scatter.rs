//! Maps of points, read back from their PNG and SVG.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]

use ae_report::{Axes, Figure, Picture, Scatter, Thumbnail, scatter, spread_points};
use roxmltree::Document;

const AXES: Axes<'_> = Axes { x: "code 1", y: "code 2" };

fn names(count: usize) -> Vec<String> {
    (0..count).map(|class| format!("class {class}")).collect()
}

fn of_classes<'a>(points: &'a [[f32; 2]], labels: &'a [u8], classes: &'a [String]) -> Scatter<'a> {
    Scatter { points, labels, classes, ..Scatter::default() }
}

/// Colour and centres of each group of round or square points, without the marks of labels, which are larger.
fn dots(figure: &Figure) -> Vec<(String, Vec<[f32; 2]>)> {
    let svg = figure.svg().unwrap();
    let document = Document::parse(&svg).unwrap();
    let is_point = |node: &roxmltree::Node<'_, '_>| {
        node.has_tag_name("path") && node.attribute("stroke-opacity") == Some("0.8")
    };
    let paths = document.descendants().filter(is_point);
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
    let labels = &[0, 1, 0, 1];
    let shown = Scatter { axes: Some(AXES), ..of_classes(&points, labels, &classes) };
    let figure = scatter(shown, "Map", "").unwrap();
    let dots = dots(&figure);
    let [(teal, first), (pink, second)] = dots.as_slice() else { panic!("{dots:?}") };
    assert_eq!((teal.as_str(), pink.as_str()), ("#009696", "#e1327d"));
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
    let expected = [0xe1, 0x32, 0x7d].map(|value: u8| (0.8 * f32::from(value) + 51.0).round());
    let found = [0, 1, 2].map(|channel| f32::from(rgb[3 * place + channel]));
    assert!(expected.iter().zip(found).all(|(a, b)| (a - b).abs() <= 1.0), "{found:?}");
}

#[test]
fn without_axes_distances_are_the_same_both_ways_and_there_are_no_numbers() {
    let points = [[100.0, 7.0], [140.0, 7.0], [120.0, 8.0], [120.0, 6.0]];
    let shown = Scatter { points: &points, ..Scatter::default() };
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
            let shown = Scatter { points: &points, axes, ..Scatter::default() };
            let figure = scatter(shown, "", "").unwrap();
            let drawn: usize = dots(&figure).iter().map(|(_, centres)| centres.len()).sum();
            assert_eq!(drawn, points.iter().filter(|[x, _]| x.is_finite()).count());
            assert!(!figure.svg().unwrap().contains("NaN"));
            assert!(figure.png().is_ok());
        }
    }
}

#[test]
fn no_class_lies_above_all_others_and_the_eleventh_has_the_first_colour_as_a_square() {
    let points: Vec<[f32; 2]> = (0..3000).map(|i| [i as f32, (i % 7) as f32]).collect();
    let labels: Vec<u8> = (0..3000).map(|i| (i % 11) as u8).collect();
    let classes = names(11);
    let shown = Scatter { axes: Some(AXES), ..of_classes(&points, &labels, &classes) };
    let figure = scatter(shown, "", "").unwrap();
    let groups = dots(&figure);
    let place = |colour: &str| groups.iter().position(|(found, _)| found == colour).unwrap();
    let last = |colour: &str| groups.iter().rposition(|(found, _)| found == colour).unwrap();
    assert!(place("#967dfa") < last("#009696"), "the ninth class is drawn before the first ends");
    let teal: usize =
        groups.iter().filter(|(colour, _)| colour == "#009696").map(|(_, c)| c.len()).sum();
    assert_eq!(teal, labels.iter().filter(|&&class| class % 10 == 0).count());
    let note = "11 classes share 10 colours; classes of a colour differ in their shapes";
    assert_eq!(figure.notes(), [note]);
}

#[test]
fn names_stand_at_their_points_and_those_without_room_in_the_legend() {
    let at = |class: usize| [(class % 4) as f32, (class / 4) as f32];
    let points: Vec<[f32; 2]> = (0..80).map(|i| at(i / 10)).collect();
    let labels: Vec<u8> = (0..80).map(|i| (i / 10) as u8).collect();
    let classes = names(8);
    let shown = of_classes(&points, &labels, &classes);
    let svg = scatter(shown, "", "").unwrap().svg().unwrap();
    let document = Document::parse(&svg).unwrap();
    let texts = document.descendants().filter(|node| node.has_tag_name("text"));
    let on_map = texts.filter(|node| node.attribute("paint-order") == Some("stroke")).count();
    assert_eq!(on_map, 8);

    let crowd = vec![[1.0, 1.0]; 80];
    let shown = of_classes(&crowd, &labels, &classes);
    let figure = scatter(shown, "", "").unwrap();
    for class in &classes {
        assert_eq!(self::texts(&figure).iter().filter(|text| *text == class).count(), 1, "{class}");
    }
}

#[test]
fn thumbnails_do_not_cover_each_other_or_names() {
    let points: Vec<[f32; 2]> = (0..900).map(|i| [(i % 30) as f32, (i / 30) as f32]).collect();
    let picture = Picture::new(1, 28, 28, &[99; 784]).unwrap();
    let thumbnail = |point: usize| Thumbnail { point, picture: picture.clone() };
    let all: Vec<Thumbnail> = (0..900).map(thumbnail).collect();
    let spread: Vec<Thumbnail> = spread_points(&points, 40).into_iter().map(thumbnail).collect();
    // Of the first 400 points, 30 x 14, every third one across and up has room.
    for (thumbnails, expected) in [(&all, 50..51), (&spread, 30..41)] {
        let shown = Scatter { points: &points, thumbnails, ..Scatter::default() };
        let svg = scatter(shown, "", "").unwrap().svg().unwrap();
        let document = Document::parse(&svg).unwrap();
        let images = document.descendants().filter(|node| node.has_tag_name("image"));
        let number = |node: &roxmltree::Node<'_, '_>, name| -> f32 {
            node.attribute(name).unwrap().parse().unwrap()
        };
        let places: Vec<[f32; 2]> =
            images.map(|image| [number(&image, "x"), number(&image, "y")]).collect();
        assert!(expected.contains(&places.len()), "{}", places.len());
        for (index, a) in places.iter().enumerate() {
            let apart = |b: &[f32; 2]| (a[0] - b[0]).abs() >= 28.0 || (a[1] - b[1]).abs() >= 28.0;
            assert!(places[..index].iter().all(apart), "{a:?}");
        }
    }
    let shown = Scatter { points: &points, thumbnails: &all, ..Scatter::default() };
    let notes = scatter(shown, "", "").unwrap().notes();
    assert_eq!(notes, ["only the first 400 of 900 pictures of points are drawn"]);
}
