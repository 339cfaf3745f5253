//! The map in words: how many items a class has, where it lies, and which class is nearest.

use super::{MapPage, Placed};
use crate::class_marks::class_mark;
use crate::text::{printable, shorten};

/// Longer names of classes are cut.
const NAME_COLUMNS: usize = 40;

/// A class of the map, with its mark.
pub(super) struct ClassInWords {
    pub(super) index: usize,
    pub(super) name: String,
    pub(super) count: usize,
    /// As `#rrggbb`.
    pub(super) colour: String,
    /// Its shape as an SVG path around 0, 0.
    pub(super) path: String,
    /// The median of its items, from 0 to 1, right and up; `None` without items.
    pub(super) median: Option<[f32; 2]>,
    /// Where that is.
    pub(super) place: String,
    /// The class whose median is nearest.
    pub(super) nearest: String,
}

pub(super) fn of_classes(names: &[String], placed: &[Placed<'_>]) -> Vec<ClassInWords> {
    let mut points: Vec<Vec<[f32; 2]>> = vec![Vec::new(); names.len()];
    for Placed { item, at } in placed {
        if let Some(of_class) = item.class.and_then(|class| points.get_mut(usize::from(class))) {
            of_class.push(*at);
        }
    }
    let medians: Vec<Option<[f32; 2]>> = points.iter().map(|points| median(points)).collect();
    let name = |index: usize| shorten(&printable(&names[index]), NAME_COLUMNS);
    let class = |index: usize| {
        let mark = class_mark(index);
        let [red, green, blue] = mark.colour;
        ClassInWords {
            index,
            name: name(index),
            count: points[index].len(),
            colour: format!("#{red:02x}{green:02x}{blue:02x}"),
            path: mark.shape.path(5.5),
            median: medians[index],
            place: medians[index].map_or_else(|| "nowhere: it has no items".to_owned(), in_words),
            nearest: nearest(&medians, index).map_or_else(String::new, name),
        }
    };
    (0..names.len()).map(class).collect()
}

/// The map as a sentence or two.
pub(super) fn summary(page: &MapPage<'_>, classes: &[ClassInWords], count: usize) -> String {
    let noun = page.noun;
    let told = match classes.iter().filter(|class| class.count > 0).count() {
        0 => format!("The map shows {count} {noun}s without classes."),
        1 => format!("The map shows {count} {noun}s of one class."),
        classes => format!("The map shows {count} {noun}s of {classes} classes."),
    };
    format!("{told} Points that lie near each other are {noun}s with similar codes.")
}

fn median(points: &[[f32; 2]]) -> Option<[f32; 2]> {
    let middle = |axis: usize| {
        let mut values: Vec<f32> = points.iter().map(|point| point[axis]).collect();
        values.sort_unstable_by(f32::total_cmp);
        values.get(values.len() / 2).copied()
    };
    Some([middle(0)?, middle(1)?])
}

/// One of nine parts of the map.
fn in_words([x, y]: [f32; 2]) -> String {
    let third = |value: f32| (value * 3.0).clamp(0.0, 2.0) as usize;
    let across = ["left", "", "right"].get(third(x)).copied().unwrap_or_default();
    let up = ["at the bottom", "", "at the top"].get(third(y)).copied().unwrap_or_default();
    match (up, across) {
        ("", "") => "in the middle".to_owned(),
        ("", across) => format!("on the {across}"),
        (up, "") => up.to_owned(),
        (up, across) => format!("{up} {across}"),
    }
}

fn nearest(medians: &[Option<[f32; 2]>], index: usize) -> Option<usize> {
    let [x, y] = medians.get(index).copied().flatten()?;
    let others = medians.iter().enumerate().filter(|(other, _)| *other != index);
    let distances = others.filter_map(|(other, median)| {
        let [a, b] = (*median)?;
        Some((other, (a - x).hypot(b - y)))
    });
    distances.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(other, _)| other)
}
