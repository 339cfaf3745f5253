//! Pages of maps.

use super::*;

fn item(place: usize) -> MapItem {
    let point = [(place % 100) as f32, (place / 100) as f32];
    MapItem { point, place, class: Some((place % 3) as u8), ..MapItem::default() }
}

fn page<'a>(items: &'a [MapItem], classes: &'a [String]) -> MapPage<'a> {
    MapPage {
        title: "A map",
        about: "a toy",
        noun: "image",
        has_one_scale: false,
        score: "",
        classes,
        items,
    }
}

fn classes() -> Vec<String> {
    ["zero", "one", "two"].map(str::to_owned).to_vec()
}

#[test]
fn nothing_from_outside_becomes_markup() {
    let evil = "</script><script>alert(1)</script>\u{2028}\"'&";
    let classes = vec![evil.to_owned()];
    let items = [MapItem { name: Some(evil.to_owned()), class: Some(0), ..item(0) }];
    let html = MapPage { title: evil, about: evil, ..page(&items, &classes) }.html().unwrap().html;
    assert_eq!(html.matches("<script").count(), 2, "{html}");
    assert_eq!(html.matches("</script").count(), 2, "{html}");
    assert!(html.contains("\\u003c/script\\u003e\\u003cscript\\u003ealert"), "{html}");
}

#[test]
fn the_page_asks_for_nothing_and_has_the_same_bytes_again() {
    let items: Vec<MapItem> = (0..300).map(item).collect();
    let classes = classes();
    let first = page(&items, &classes).html().unwrap();
    assert!(first.notes.is_empty(), "{:?}", first.notes);
    assert!(first.html.contains("default-src 'none'"));
    for outside in ["http://", "https://", "//cdn", "@import", "url("] {
        assert!(!first.html.contains(outside), "{outside}");
    }
    assert_eq!(first.html, page(&items, &classes).html().unwrap().html);
    for words in ["300 images of 3 classes", "<th scope=\"row\">two</th>", "Map of 300 images"] {
        assert!(first.html.contains(words), "{words}");
    }
}

#[test]
fn ten_thousand_items_with_noisy_pictures_stay_below_3_mb_and_the_page_says_so() {
    // Marsaglia's xorshift: nothing that a PNG could compress.
    let noise = |place: usize| -> Vec<u8> {
        let mut state = place as u64 + 88_172_645_463_325_252;
        let next = |_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 24) as u8
        };
        (0..3 * 32 * 32).map(next).collect()
    };
    let items: Vec<MapItem> = (0..10_000)
        .map(|place| MapItem {
            name: Some(format!("a/rather/long/name/of/a/folder/and/of/a/file/{place:06}.png")),
            picture: Some(Picture::new(3, 32, 32, &noise(place)).unwrap()),
            score: Some(place as f64 / 7.0),
            ..item(place)
        })
        .collect();
    let classes = classes();
    let page = MapPage { score: "anomaly score", ..page(&items, &classes) };
    let document = page.html().unwrap();
    assert!(document.html.len() < 3_000_000, "{}", document.html.len());
    let [note] = &document.notes[..] else { panic!("{:?}", document.notes) };
    assert!(note.contains("of 10000 images have a picture"), "{note}");
    let drawn: usize = note.split(' ').next().unwrap().parse().unwrap();
    assert!((200..2000).contains(&drawn), "{note}");
    assert!(document.html.contains(note.as_str()));
}

#[test]
fn pictures_stand_in_the_cells_that_the_script_reads() {
    let picture = |level: u8| Some(Picture::new(1, 1, 2, &[level, 255]).unwrap());
    let items = [
        MapItem { picture: picture(7), ..item(0) },
        item(1),
        MapItem { picture: picture(9), ..item(2) },
    ];
    let placed: Vec<Placed<'_>> = items.iter().map(|item| Placed { item, at: [0.5; 2] }).collect();
    let sprite = Sprite::of(&placed).unwrap();
    assert_eq!((sprite.cells.as_slice(), sprite.cell), (&[Some(0), None, Some(1)][..], [2, 1]));
    use base64::Engine as _;
    let encoded = sprite.uri.strip_prefix("data:image/png;base64,").unwrap();
    let png = base64::engine::general_purpose::STANDARD.decode(encoded).unwrap();
    let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut pixels).unwrap();
    assert_eq!(pixels, [7, 255, 9, 255]);
}

#[test]
fn what_cannot_be_placed_is_left_out_and_classes_are_needed_for_all() {
    let items = [item(0), MapItem { point: [f32::NAN, 0.0], ..item(1) }, item(2)];
    let document = page(&items, &classes()).html().unwrap();
    assert_eq!(document.notes, ["values that are not finite or beyond 1e100 are left out: 1"]);
    let some = [item(0), MapItem { class: None, ..item(1) }];
    let error = page(&some, &classes()).html().unwrap_err();
    assert_eq!(error.to_string(), "expected a class for each of 2 points, found 1");
    let none = page(&[], &[]).html().unwrap();
    assert!(none.html.contains("The map shows 0 images without classes"));
}

#[test]
fn scores_are_told_by_name_the_highest_first() {
    let items: Vec<MapItem> = [0.25, 4.0, f64::NAN, 1.5]
        .into_iter()
        .enumerate()
        .map(|(place, score)| MapItem { score: Some(score), ..item(place) })
        .collect();
    let page = MapPage { score: "anomaly score", ..page(&items, &[]) };
    let html = page.html().unwrap().html;
    for words in [
        "Colour by anomaly score",
        "The highest values of the anomaly score: image 1 (4.000), image 3 (1.500), image 0 (0.2500).",
        "the median is 1.500",
        r#""score":"anomaly score""#,
        r#""scores":["0.2500","4.000",null,"1.500"]"#,
    ] {
        assert!(html.contains(words), "{words}: {html}");
    }
    let html = MapPage { score: "", ..page }.html().unwrap().html;
    assert!(!html.contains("Colour by") && html.contains(r#""scores":[]"#), "{html}");
}

#[test]
fn many_classes_are_folded_and_have_no_names_on_the_map() {
    let html = |count: usize| {
        let classes: Vec<String> = (0..count).map(|class| format!("class {class}")).collect();
        page(&[item(0)], &classes).html().unwrap().html
    };
    let (few, many) = (html(24), html(25));
    assert!(few.contains(r#""named":true"#) && !few.contains("<details>"), "{few}");
    assert!(many.contains(r#""named":false"#) && many.contains("<summary>25 classes"), "{many}");
}

#[test]
fn a_map_of_rows_begins_without_their_pictures() {
    let begins_with_pictures = |height: usize| {
        let values = vec![0.5; 4 * height];
        let picture = Some(Picture::from_unit(1, height, 4, &values).unwrap());
        let html = page(&[MapItem { picture, ..item(0) }], &classes()).html().unwrap().html;
        assert!(html.contains("id=\"pictures\""), "{html}");
        html.contains("id=\"pictures\" checked")
    };
    assert!(begins_with_pictures(2) && !begins_with_pictures(1));
}
