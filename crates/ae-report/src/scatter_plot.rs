//! Points of a plane, coloured by their class.

use std::collections::BTreeMap;

use crate::axis::{Axis, drawable};
use crate::class_marks::{COLOUR_COUNT, SHAPE_COUNT, class_mark};
use crate::cluster_labels::{Area, ClusterLabels};
use crate::drawing::RIM;
use crate::figure::{Figure, Words};
use crate::picture_scale::{PictureScale, note_of_first, note_of_missing};
use crate::plot_frame::{Axes, GAP, Legend, LegendEntry, LegendKey, MOST_NAMES, Plot};
use crate::spread::range;
use crate::{Picture, ReportError};

/// Points of a plane with their classes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Scatter<'a> {
    /// Pairs of x and y. A point with a coordinate that is NaN or infinite is left out.
    pub points: &'a [[f32; 2]],
    /// The class of each point, an index into `classes`; empty if there are no classes.
    pub labels: &'a [u8],
    /// The names of the classes.
    pub classes: &'a [String],
    /// The names of the axes, which then have numbers. Without names, both axes have the same scale and no
    /// numbers, as for a map of which only the distances mean something.
    pub axes: Option<Axes<'a>>,
    /// Pictures of some points, see [`spread_points`](crate::spread_points).
    pub thumbnails: &'a [Thumbnail],
}

/// A small picture at the place of a point.
#[derive(Clone, Debug)]
pub struct Thumbnail {
    /// The index of the point.
    pub point: usize,
    /// What is drawn there, at most 32 pixels high and wide.
    pub picture: Picture,
}

const PLOT: (f32, f32) = (520.0, 520.0);
const OPACITY: f32 = 0.8;
/// Points are drawn in layers of this many, so that no class covers all others.
const LAYER: usize = 256;
/// The longer side of a thumbnail.
const THUMBNAIL_SIDE: usize = 32;
/// The largest number of thumbnails.
pub(crate) const MOST_THUMBNAILS: usize = 400;
/// The width of a thumbnail's frame, which has the colour of its class, and of the gap around it.
const FRAME: f32 = 1.5;

/// One mark for each point, smaller if there are many. Names of classes stand at the medians of their points; a legend
/// holds those that have no room there.
///
/// Ten classes have ten colours. With more, each colour stands for several classes with different shapes, and a note
/// says so; forty classes have different marks. A thumbnail that would cover a name or another thumbnail is left out.
///
/// # Errors
/// If there are `classes`, but not one class for each point.
pub fn scatter(shown: Scatter<'_>, title: &str, caption: &str) -> Result<Figure, ReportError> {
    let Scatter { points, labels, classes, axes, .. } = shown;
    if !classes.is_empty() && labels.len() != points.len() {
        return Err(ReportError::Classes { expected: points.len(), found: labels.len() });
    }
    let covered = axes_around(points, axes.is_none());
    let places = Places::of(points, &covered);
    let names = ClusterLabels::place(classes, &places.of_classes(shown), PLOT);
    let entries = names.unplaced.iter().map(|&class| LegendEntry {
        label: classes.get(class).map_or("", String::as_str),
        key: LegendKey::Point(class_mark(class)),
    });
    let legend = Legend { entries: entries.collect() };
    let words = Words { title, caption, notes: notes(shown, &places, &names) };
    let (mut figure, plot) = Plot::page((PLOT, GAP), (covered, axes), &legend, words)?;
    let corner = (plot.left, plot.top);
    draw_points(&mut figure, &places, (labels, corner));
    draw_thumbnails(&mut figure, &places, &names, (shown, corner));
    names.draw(&mut figure, corner);
    Ok(figure)
}

fn notes(shown: Scatter<'_>, places: &Places, names: &ClusterLabels) -> Vec<String> {
    let count = shown.classes.len();
    let missing = places.0.iter().filter(|place| place.is_none()).count();
    let marks = COLOUR_COUNT * SHAPE_COUNT;
    let repeated = (count > COLOUR_COUNT).then(|| {
        let more = if count > marks { ", and after forty classes the marks repeat" } else { "" };
        format!("{count} classes share {COLOUR_COUNT} colours; classes of a colour differ in their shapes{more}")
    });
    let thumbnails = shown.thumbnails.len();
    let notes = [
        note_of_missing(missing, "are left out"),
        note_of_first(names.unplaced.len().min(MOST_NAMES), names.unplaced.len(), "classes' names"),
        repeated,
        note_of_first(thumbnails.min(MOST_THUMBNAILS), thumbnails, "pictures of points"),
    ];
    notes.into_iter().flatten().collect()
}

/// Where the points are on the plot, from its top left corner; `None` for those that no axis can show.
struct Places(Vec<Option<(f32, f32)>>);

impl Places {
    fn of(points: &[[f32; 2]], [across, up]: &[Axis; 2]) -> Self {
        let place = |point: &[f32; 2]| {
            let [x, y] = point.map(f64::from);
            let is_drawn = drawable(x) && drawable(y);
            is_drawn.then(|| (across.fraction(x) * PLOT.0, (1.0 - up.fraction(y)) * PLOT.1))
        };
        Self(points.iter().map(place).collect())
    }

    /// The places of each class; none if there are no classes.
    fn of_classes(&self, shown: Scatter<'_>) -> Vec<Vec<(f32, f32)>> {
        let mut of_classes = vec![Vec::new(); shown.classes.len()];
        for (place, &class) in self.0.iter().zip(shown.labels) {
            if let (Some(place), Some(of_class)) = (place, of_classes.get_mut(usize::from(class))) {
                of_class.push(*place);
            }
        }
        of_classes
    }
}

fn draw_points(
    figure: &mut Figure,
    Places(places): &Places,
    (labels, corner): (&[u8], (f32, f32)),
) {
    let radius = (60.0 / (places.len() as f32).sqrt()).clamp(1.2, 3.5);
    for (layer, of_layer) in places.chunks(LAYER).enumerate() {
        let mut of_classes: BTreeMap<u8, Vec<(f32, f32)>> = BTreeMap::new();
        for (index, place) in (layer * LAYER..).zip(of_layer) {
            let Some((x, y)) = place else { continue };
            let class = labels.get(index).copied().unwrap_or_default();
            of_classes.entry(class).or_default().push((corner.0 + x, corner.1 + y));
        }
        for (class, centres) in of_classes {
            figure.marks(centres, radius, class_mark(usize::from(class)), OPACITY);
        }
    }
}

fn draw_thumbnails(
    figure: &mut Figure,
    Places(places): &Places,
    names: &ClusterLabels,
    (shown, (left, top)): (Scatter<'_>, (f32, f32)),
) {
    let plot = Area { left: 0.0, top: 0.0, width: PLOT.0, height: PLOT.1 };
    let mut taken: Vec<Area> = names.placed.iter().map(|label| label.area).collect();
    for Thumbnail { point, picture } in shown.thumbnails.iter().take(MOST_THUMBNAILS) {
        let Some(Some(place)) = places.get(*point) else { continue };
        let scale = PictureScale::within(THUMBNAIL_SIDE, picture.height(), picture.width());
        let (width, height) = scale.size(picture.height(), picture.width());
        let framed = (width + 4.0 * FRAME, height + 4.0 * FRAME);
        let area = Area::around(*place, framed).moved_into(&plot);
        if taken.iter().any(|other| other.overlaps(&area)) {
            continue;
        }
        taken.push(area);
        let (x, y) = ((left + area.left).round() + FRAME, (top + area.top).round() + FRAME);
        let class = shown.labels.get(*point).filter(|_| !shown.classes.is_empty());
        let frame = class.map_or(RIM, |&class| class_mark(usize::from(class)).colour);
        figure.rectangle((x, y), (width + 2.0 * FRAME, height + 2.0 * FRAME), frame);
        figure.picture((x + FRAME, y + FRAME), scale.magnification, picture.shrunk(scale.factor));
    }
}

/// Axes around the points, of one scale or each of its own.
pub(crate) fn axes_around(points: &[[f32; 2]], has_one_scale: bool) -> [Axis; 2] {
    if has_one_scale { of_one_scale(points) } else { covering(points) }
}

fn covering(points: &[[f32; 2]]) -> [Axis; 2] {
    [0, 1].map(|axis| Axis::around(points.iter().map(move |point| f64::from(point[axis]))))
}

/// Axes of the same length around the points, with the same free space as other axes.
fn of_one_scale(points: &[[f32; 2]]) -> [Axis; 2] {
    let ranges = [0, 1].map(|axis| {
        let (low, high) = range(points, axis);
        if low > high { (0.0, 0.0) } else { (low, high) }
    });
    let longest = ranges.iter().map(|(low, high)| high - low).fold(0.0, f64::max);
    let half = if longest > 0.0 { 0.53 * longest } else { 1.0 };
    ranges.map(|(low, high)| Axis::between((low + high) / 2.0 - half, (low + high) / 2.0 + half))
}
