//! What the page's script reads: one JSON object.

use std::fmt::Write as _;

use super::sprite::{COLUMNS, Sprite};
use super::words::ClassInWords;
use super::{MANY_CLASSES, MapPage, Placed};
use crate::class_marks::class_mark;
use crate::text::{printable, shorten_front, significant};

/// Of longer names the beginning is cut, so that ten thousand of them have room in the page.
const NAME_COLUMNS: usize = 48;

/// The data as JSON that may stand in a script element: `<`, `>` and `&` are escaped.
pub(super) fn json(
    page: &MapPage<'_>,
    placed: &[Placed<'_>],
    sprite: &Sprite,
    classes: &[ClassInWords],
) -> String {
    let points = list(placed, |placed| format!("{:.4},{:.4}", placed.at[0], placed.at[1]));
    let names = list(placed, |placed| {
        placed.item.name.as_ref().map_or_else(
            || "0".to_owned(),
            |name| text(&shorten_front(&printable(name), NAME_COLUMNS)),
        )
    });
    let places = list(placed, |placed| placed.item.place.to_string());
    let labels = match classes.is_empty() {
        true => String::new(),
        false => list(placed, |placed| placed.item.class.unwrap_or_default().to_string()),
    };
    let scores = match page.score.is_empty() {
        false => list(placed, |placed| match placed.item.score {
            Some(score) if score.is_finite() => text(&significant(score, 4)),
            _ => "null".to_owned(),
        }),
        true => String::new(),
    };
    let cells = list(&sprite.cells, |cell| cell.map_or("-1".to_owned(), |cell| cell.to_string()));
    let classes = list(classes, |class| {
        let median = class.median.map_or("null".to_owned(), |[x, y]| format!("[{x:.4},{y:.4}]"));
        let (name, colour) = (text(&class.name), text(&class.colour));
        let shape = class_mark(class.index).shape.name();
        format!(r#"{{"name":{name},"colour":{colour},"shape":"{shape}","median":{median}}}"#)
    });
    let classes_are_named = page.classes.len() <= MANY_CLASSES;
    let plain = class_mark(0);
    let [red, green, blue] = plain.colour;
    let [width, height] = sprite.cell;
    format!(
        r##"{{"noun":{},"score":{},"named":{},"square":{},"points":[{points}],"names":[{names}],"places":[{places}],"labels":[{labels}],"scores":[{scores}],"cells":[{cells}],"cell":[{width},{height}],"columns":{COLUMNS},"classes":[{classes}],"plain":{{"colour":"#{red:02x}{green:02x}{blue:02x}","shape":"{}"}}}}"##,
        text(page.noun),
        text(page.score),
        classes_are_named,
        page.has_one_scale,
        plain.shape.name(),
    )
}

fn list<T>(items: &[T], write: impl Fn(&T) -> String) -> String {
    items.iter().map(write).collect::<Vec<_>>().join(",")
}

/// A text as a JSON string.
fn text(text: &str) -> String {
    let mut escaped = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => escaped.push_str("\\\""),
            '\\' => escaped.push_str("\\\\"),
            '<' | '>' | '&' | '\u{0}'..='\u{1f}' | '\u{2028}' | '\u{2029}' => {
                // Writing to a string cannot fail.
                let _ = write!(escaped, "\\u{:04x}", u32::from(letter));
            }
            _ => escaped.push(letter),
        }
    }
    escaped + "\""
}
