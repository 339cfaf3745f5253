//! `ae project`

mod scorer;

use std::path::Path;

use ae_apply::{ApplyError, CodeSample, Projection, device};
use ae_dataset::{ImageShape, InputFormat, Progress};
use ae_experiment::{
    Display, PointClasses, decoded_plane_figure, map_figure, open_encoder, open_model,
};
use ae_files::{counted_as, shown, write_atomic};
use ae_random::Seed;
use ae_report::{MapItem, MapPage, Picture, Thumbnail, spread_points, square_grid_side};
use anyhow::Context as _;
use serde_json::json;

use super::{inputs, noun_of};
use crate::args::{Common, Project};
use crate::delivery::{ending, write_figure};
use crate::exit_status::Status;
use crate::{csv, output, progress};
use scorer::Scorer;

pub(crate) fn run(args: &Project, common: &Common) -> anyhow::Result<Status> {
    let device = device(&common.device)?;
    // What has no decoder is refused before anything is read.
    let model =
        args.grid.is_some().then(|| open_model(&args.applied.model, &device)).transpose()?;
    let encoder = open_encoder(&args.applied.model, &device)?;
    let progress = &mut *progress::data(common);
    let projection = projection(args, encoder.latent_dim(), progress);
    let side = model.as_ref().map_or(args.side, |model| {
        let ImageShape { height, width, .. } = model.shape();
        square_grid_side(height, width, args.side)
    });
    if let Some(model) = &model {
        projection.check_decoded_plane(model.shape(), args.side)?;
    }
    if side < args.side {
        progress.chose(&format!(
            "the grid has {side} x {side} points instead of {0} x {0}: a figure has no room for more",
            args.side
        ));
    }
    let reader = inputs(&args.applied.images, encoder.input(), &args.reading, common)?;
    let name = reader.name().to_owned();
    let display = Display::of(encoder.format());
    let wanted = wanted_thumbnails(args, encoder.format());
    let scorer = match args.out.as_deref().map(ending) {
        Some("html") => Scorer::open(args, &device, progress)?,
        _ => None,
    };
    let mut keep = |place: usize, values: &[f32]| Seen {
        picture: (wanted > 0).then(|| thumbnail(&display, values)).flatten(),
        score: scorer.as_ref().map_or(Ok(None), |scorer| scorer.score(place, values)),
    };
    let seed = Seed::new(args.seed);
    let (sample, seen) =
        CodeSample::draw_with(&encoder, reader, args.limit, seed, &mut keep, progress)?;
    let (pictures, scores): (Vec<_>, Vec<_>) =
        seen.into_iter().map(|item| (item.picture, item.score)).unzip();
    let scores = Scores {
        name: scorer.as_ref().map_or("", Scorer::name),
        values: scores.into_iter().collect::<Result<_, _>>()?,
    };
    let told = told(args, &sample, noun_of(encoder.format()), progress);
    let about = format!("{name}: {told}; {}", projection.in_words());
    if let (Some(path), Some(model)) = (&args.grid, &model) {
        let plane = sample.decoded_plane(model, projection, side)?;
        let title = "What the plane decodes to";
        let figure = decoded_plane_figure(model, &plane, title, &about)?;
        write_figure(path, &figure)?;
    }
    if let Some(path) = &args.out {
        let step = &mut |done, of| progress.read("t-SNE", done as u64, of as u64);
        let points =
            sample.project(projection, step).with_context(|| shown(&args.applied.images))?;
        let map = Map { points: &points, sample: &sample, pictures, scores, wanted, about: &about };
        map.write(path, projection, noun_of(encoder.format()))?;
    }
    tell((args, side), common, &sample, &told, projection)?;
    Ok(Status::Done)
}

/// What was asked for, or what suits the model; the latter is said.
fn projection(args: &Project, latent_dim: usize, progress: &mut dyn Progress) -> Projection {
    args.method.map_or_else(
        || {
            let chosen = Projection::of_model(latent_dim);
            progress.chose(&format!("the map is {}", chosen.in_words()));
            chosen
        },
        Projection::from,
    )
}

/// Which images are on the map; says so if they are not all.
fn told(args: &Project, sample: &CodeSample, noun: &str, progress: &mut dyn Progress) -> String {
    let (shown, total) = (sample.items.len(), sample.total);
    if shown == total {
        return counted_as(shown, noun);
    }
    let told = format!("{shown} of {}, chosen by the seed {}", counted_as(total, noun), args.seed);
    progress.chose(&format!("on the map are {told}"));
    told
}

/// Pictures on a figure of a map, if nobody asks for another number.
const THUMBNAILS: usize = 40;
/// The longer side of the pictures that are kept.
const THUMBNAIL_SIDE: usize = 32;

/// How many items are drawn as pictures.
fn wanted_thumbnails(args: &Project, format: &InputFormat) -> usize {
    let by_default = match args.out.as_deref().map(ending) {
        Some("html") => args.limit,
        Some("svg" | "png") if format.shape.height > 1 => THUMBNAILS,
        _ => 0,
    };
    args.thumbnails.unwrap_or(by_default)
}

/// An item as a small picture; none of values that are not finite.
fn thumbnail(display: &Display, values: &[f32]) -> Option<Picture> {
    Some(display.pictures(values).ok()?.pop()?.within(THUMBNAIL_SIDE))
}

/// What an item looks like, and what it scores.
struct Seen {
    picture: Option<Picture>,
    score: Result<Option<f64>, ApplyError>,
}

/// The scores of the items of a map.
struct Scores {
    /// Empty if there are none.
    name: &'static str,
    values: Vec<Option<f64>>,
}

/// What is on a map.
struct Map<'a> {
    points: &'a [[f32; 2]],
    sample: &'a CodeSample,
    /// The picture of each item, if pictures are wanted.
    pictures: Vec<Option<Picture>>,
    scores: Scores,
    /// The largest number of pictures on the map.
    wanted: usize,
    about: &'a str,
}

const TITLE: &str = "Map of the codes";

impl Map<'_> {
    fn write(mut self, path: &Path, projection: Projection, noun: &str) -> anyhow::Result<()> {
        match ending(path) {
            "csv" => Ok(write_atomic(path, csv(self.points, self.sample).as_bytes())?),
            "html" => self.write_page(path, projection, noun),
            _ => {
                let labels = self.sample.labels().unwrap_or_default();
                let classes = PointClasses { labels: &labels, names: class_names(self.sample) };
                let chosen = spread_points(self.points, self.wanted).into_iter();
                let thumbnails: Vec<Thumbnail> = chosen
                    .filter_map(|point| {
                        let picture = self.pictures.get_mut(point)?.take()?;
                        Some(Thumbnail { point, picture })
                    })
                    .collect();
                let (points, about) = (self.points, self.about);
                let figure = map_figure(points, classes, &thumbnails, projection, TITLE, about)?;
                write_figure(path, &figure)
            }
        }
    }

    fn write_page(mut self, path: &Path, projection: Projection, noun: &str) -> anyhow::Result<()> {
        if self.wanted < self.points.len() {
            let chosen = spread_points(self.points, self.wanted);
            let mut is_chosen = vec![false; self.pictures.len()];
            chosen.into_iter().for_each(|point| is_chosen[point] = true);
            let pictures = self.pictures.iter_mut().zip(is_chosen);
            pictures.filter(|(_, chosen)| !chosen).for_each(|(picture, _)| *picture = None);
        }
        let classes = class_names(self.sample);
        let items = self.sample.items.iter().zip(self.points).zip(&mut self.pictures);
        let items = items.zip(self.scores.values);
        let items: Vec<MapItem> = items
            .map(|(((item, &point), picture), score)| MapItem {
                point,
                place: item.place,
                name: item.file.as_ref().map(|file| file.display().to_string()),
                class: item.label.filter(|_| !classes.is_empty()),
                score,
                picture: picture.take(),
            })
            .collect();
        let page = MapPage {
            title: TITLE,
            about: self.about,
            noun,
            score: self.scores.name,
            has_one_scale: projection == Projection::Tsne,
            classes,
            items: &items,
        };
        let document = page.html()?;
        for note in &document.notes {
            tracing::warn!("{}: {note}", path.display());
        }
        Ok(write_atomic(path, document.html.as_bytes())?)
    }
}

/// The names of the classes, if all items have one.
fn class_names(sample: &CodeSample) -> &[String] {
    match sample.labels() {
        Some(_) => &sample.classes,
        None => &[],
    }
}

fn csv(points: &[[f32; 2]], sample: &CodeSample) -> String {
    let mut text = "item,x,y,label\n".to_owned();
    for ([x, y], item) in points.iter().zip(&sample.items) {
        let file = item.file.as_ref().map(|file| csv::cell(&file.display().to_string()));
        let name = file.unwrap_or_else(|| item.place.to_string());
        let class = item.label.and_then(|label| sample.classes.get(usize::from(label)));
        let class = class.map(|class| csv::cell(class)).unwrap_or_default();
        text.push_str(&format!("{name},{x},{y},{class}\n"));
    }
    text
}

fn tell(
    (args, side): (&Project, usize),
    common: &Common,
    sample: &CodeSample,
    told: &str,
    projection: Projection,
) -> anyhow::Result<()> {
    let shown = |path: &Option<_>| path.as_deref().map(|path: &Path| path.display().to_string());
    let (map, grid) = (shown(&args.out), shown(&args.grid));
    if common.json {
        let method = match projection {
            Projection::Model => "model",
            Projection::Pca => "pca",
            Projection::Tsne => "tsne",
        };
        return output::json(&json!({
            "method": method, "images": sample.items.len(), "of": sample.total,
            "skipped": sample.skipped, "seed": args.seed, "output": map, "grid": grid,
        }));
    }
    if common.quiet {
        return Ok(());
    }
    let map = map.map(|path| format!("a map of {told} written to {path}"));
    let grid = grid.map(|path| format!("a grid of {side} x {side} points to {path}"));
    let left_out = (sample.skipped > 0).then(|| format!("{} left out", sample.skipped));
    output::text(&[map, grid, left_out].into_iter().flatten().collect::<Vec<_>>().join(", "))
}
