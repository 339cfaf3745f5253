//! An interactive map of items as one self-contained HTML page.
//!
//! The page needs nothing beside itself, and its Content-Security-Policy forbids every request. A script of its own
//! draws the points on a canvas; a table says the same in words. Pictures of the items are one PNG, the sprite sheet.
//! The same map gives the same bytes.

mod data;
mod scores;
mod sprite;
mod words;

use askama::Template;

use crate::picture_scale::note_of_missing;
use crate::scatter_plot::axes_around;
use crate::{Picture, ReportError};
use scores::Scores;
use sprite::Sprite;
use words::ClassInWords;

/// With more classes, buttons are folded, and the map has no names.
const MANY_CLASSES: usize = 24;

/// A map of items.
#[derive(Clone, Copy, Debug)]
pub struct MapPage<'a> {
    /// The title.
    pub title: &'a str,
    /// What is on the map and how it came about.
    pub about: &'a str,
    /// What an item is, in the singular: `image`, `row`.
    pub noun: &'a str,
    /// Whether only distances mean something, so that both axes have the same scale.
    pub has_one_scale: bool,
    /// What the items' scores are: `anomaly score`. Empty if they have none.
    pub score: &'a str,
    /// The names of the classes; empty if there are none.
    pub classes: &'a [String],
    /// The items.
    pub items: &'a [MapItem],
}

/// An item of a map.
#[derive(Clone, Debug, Default)]
pub struct MapItem {
    /// Its coordinates. An item with one that is NaN or infinite is left out.
    pub point: [f32; 2],
    /// Its place in the input, from 0, which is shown where there is no name.
    pub place: usize,
    /// The name of its file.
    pub name: Option<String>,
    /// Its class, an index into the names of the classes.
    pub class: Option<u8>,
    /// Its score; the larger, the stranger the item.
    pub score: Option<f64>,
    /// How it looks, at most 32 pixels wide and high; larger pictures are averaged.
    pub picture: Option<Picture>,
}

/// A map as HTML.
#[derive(Clone, Debug)]
pub struct MapDocument {
    /// The page, less than 3 MB for up to 10 000 items.
    pub html: String,
    /// One sentence for each thing that was left out; the page has them too.
    pub notes: Vec<String>,
}

/// An item that is drawn: its coordinates from 0 to 1, right and up.
struct Placed<'a> {
    item: &'a MapItem,
    at: [f32; 2],
}

#[derive(Template)]
#[template(path = "map.html")]
struct MapView<'a> {
    page: &'a MapPage<'a>,
    label: String,
    words: String,
    classes: Vec<ClassInWords>,
    scores: Option<Scores>,
    notes: &'a [String],
    has_pictures: bool,
    /// Whether the map begins with them. Those of rows are lines that say nothing without a name beside them.
    shows_pictures: bool,
    sprite: &'a str,
    data: String,
    style: &'static str,
    script: &'static str,
}

impl MapView<'_> {
    /// More classes than buttons and names have room for.
    fn has_many_classes(&self) -> bool {
        self.classes.len() > MANY_CLASSES
    }
}

impl MapPage<'_> {
    /// The page as HTML. If the pictures of all items would take more than two thirds of 3 MB, only some items, spread
    /// over the map, have one; a note says how many.
    ///
    /// # Errors
    /// If there are classes, but not one for each item, and if the pictures cannot be encoded.
    pub fn html(&self) -> Result<MapDocument, ReportError> {
        let (items, has_classes) = (self.items, !self.classes.is_empty());
        let known = |item: &&MapItem| {
            item.class.is_some_and(|class| usize::from(class) < self.classes.len())
        };
        let found = items.iter().filter(known).count();
        if has_classes && found != items.len() {
            return Err(ReportError::Classes { expected: items.len(), found });
        }
        let placed = self.placed();
        let sprite = Sprite::of(&placed)?;
        let missing = note_of_missing(items.len() - placed.len(), "are left out");
        let notes: Vec<String> = [missing, sprite.note(self.noun)].into_iter().flatten().collect();
        let label = format!("Map of {} {}s", placed.len(), self.noun);
        let classes = words::of_classes(self.classes, &placed);
        let html = MapView {
            page: self,
            words: words::summary(self, &classes, placed.len()),
            data: data::json(self, &placed, &sprite, &classes),
            classes,
            scores: Scores::of(self, &placed),
            label,
            notes: &notes,
            has_pictures: !sprite.uri.is_empty(),
            shows_pictures: items.iter().flat_map(|item| &item.picture).any(|it| it.height() > 1),
            sprite: &sprite.uri,
            style: concat!(
                include_str!("../templates/base.css"),
                include_str!("../templates/map.css")
            ),
            script: include_str!("../templates/map.js"),
        }
        .render()?;
        Ok(MapDocument { html, notes })
    }

    fn placed(&self) -> Vec<Placed<'_>> {
        let points: Vec<[f32; 2]> = self.items.iter().map(|item| item.point).collect();
        let axes = axes_around(&points, self.has_one_scale);
        let places = points.iter().map(|point| {
            let at = [0, 1].map(|axis| axes[axis].fraction(f64::from(point[axis])));
            point.iter().all(|&value| crate::axis::drawable(f64::from(value))).then_some(at)
        });
        let placed = self.items.iter().zip(places);
        placed.filter_map(|(item, at)| Some(Placed { item, at: at? })).collect()
    }
}

#[cfg(test)]
mod tests;
