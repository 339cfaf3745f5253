//! `ae anomaly` of pictures in their own sizes.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::path::Path;

use ae_analysis::ThresholdRule;
use ae_apply::{
    AnomalyDetector, AnomalyFit, ApplyError, ErrorSpec, ImageShape, JudgedPicture, Model,
};
use ae_dataset::{DatasetError, Inputs, PictureReader};
use ae_files::{make_folder, write_atomic};
use ae_report::Picture;
use anyhow::{Context as _, bail};

use super::figure;
use super::{Found, Scored, Scores, Strange, Window, class_of, keep_strangest};
use crate::args::{AnomalyScoring, Common, ModelAndData, Reading};
use crate::commands::{of_picture, tell_of_training_data};
use crate::delivery::PictureNames;
use crate::progress;
use crate::shards::Begun;

/// Whether the data are pictures of which some are of another size than the model's, and nobody asks for another size.
pub(in crate::commands) fn are_whole(
    data: &ModelAndData,
    model: &Model,
    reading: &Reading,
) -> anyhow::Result<bool> {
    let ImageShape { height, width, .. } = model.shape();
    let keeps_sizes = reading.resize.is_none() && model.format().scaling.is_none();
    let options = reading.options();
    Ok(keeps_sizes && PictureReader::has_another_size(&data.images, [height, width], &options)?)
}

/// Opens pictures in the model's channels; a picture that is smaller than the model's is refused before anything is
/// computed.
fn open(
    data: &ModelAndData,
    model: &Model,
    reading: &Reading,
    common: &Common,
) -> anyhow::Result<PictureReader> {
    let own = model.shape();
    let options = reading.over(model.input().reading());
    let progress = &mut *progress::data(common);
    let reader = PictureReader::open(&data.images, own.channels, &options, progress)?
        .in_channels(own.channels);
    for (&found, origin) in reader.shapes().iter().zip(reader.origins()) {
        if found.height < own.height || found.width < own.width {
            let error = ApplyError::SmallPicture { expected: own, found };
            let name = origin.picture.named(&origin.file);
            return Err(of_picture(error, &name.display().to_string()));
        }
    }
    Ok(reader)
}

/// Fits a detector to whole pictures.
pub(super) fn fit(
    data: &ModelAndData,
    reading: &Reading,
    common: &Common,
    model: Model,
    (error, rule): (ErrorSpec, ThresholdRule),
) -> anyhow::Result<AnomalyFit> {
    let mut reader = open(data, &model, reading, common)?;
    let (total, mut shown) = (reader.shapes().len() as u64, progress::data(common));
    shown.chose(&format!(
        "threshold and p-values come from whole pictures: the score of one is that of its strangest window of {}",
        size(&model)
    ));
    let pictures = reader.by_ref().map(|picture: Result<Inputs, DatasetError>| picture);
    let step = &mut |done| shown.read("fitting", done as u64, total);
    Ok(AnomalyDetector::fit_to_pictures(model, error, rule, pictures, step)?)
}

fn size(model: &Model) -> String {
    let ImageShape { height, width, .. } = model.shape();
    format!("{height} x {width}")
}

/// Scores pictures, each by its strangest window, and writes their heat maps.
pub(super) fn score<'a>(
    args: &'a AnomalyScoring,
    common: &'a Common,
    detector: &AnomalyDetector,
) -> anyhow::Result<Option<Found<'a>>> {
    let model = detector.model();
    let images = &args.applied.images;
    tell_of_training_data(images, model.input(), common);
    let reader = open(&args.applied, model, &args.reading, common)?;
    let before = windows_before(detector, &reader)?;
    let options = args.reading.over(model.input().reading());
    let sharded = super::sharded(args, &options);
    let Some(begun) = sharded.begin(args.shard.shard, reader, &|_| true, common)? else {
        return Ok(None);
    };
    let Begun { mut reader, part } = begun;
    let mut maps = match args.heat_map.as_ref().filter(|path| path.is_folder()) {
        Some(folder) => Some(HeatMaps::begin(folder, detector)?),
        None => None,
    };
    let (total, mut progress) = (reader.shapes().len() as u64, progress::data(common));
    let (mut scores, mut strangest) = (Scores::begin(args, common)?, Vec::new());
    let mut most_windows = NonZeroUsize::MIN;
    for picture in reader.by_ref() {
        let picture = picture?;
        let name = picture.names().into_iter().next().context("a picture without a name")?;
        let shown = name.display().to_string();
        let first = picture.items.first().and_then(|item| before.get(item)).copied();
        let judged = detector.judge_picture(&picture, first.unwrap_or_default());
        let judged = judged.map_err(|error| of_picture(error, &shown))?;
        let JudgedPicture { verdict, windows, strangest: [top, left], errors } = judged;
        most_windows = most_windows.max(windows);
        if let Some(maps) = &mut maps {
            maps.write(&name, verdict.score, picture.shape, &errors)?;
        } else if args.heat_map.is_some() {
            let cut = |values: &[f32]| window(values, picture.shape, model.shape(), [top, left]);
            let (image, errors) = (cut(&picture.pixels), cut(&errors));
            let (name, score) = (shown.clone(), verdict.score);
            strangest.push(Strange { name, score, image, errors });
            keep_strangest(&mut strangest, args.count);
        }
        let window = Some(Window { top, left, windows: windows.get() });
        scores.push(Scored { name: shown, verdict, class: class_of(&picture, 0), window })?;
        progress.read("scoring", scores.items() as u64, total);
    }
    warn_of_few(detector, most_windows);
    let name = images.display().to_string();
    Ok(Some(Found { scores, strangest, skipped: reader.skipped(), name, part }))
}

/// How many windows the pictures before each have; the noise on a window depends on its number.
fn windows_before(
    detector: &AnomalyDetector,
    reader: &PictureReader,
) -> anyhow::Result<HashMap<u64, usize>> {
    let mut windows = 0;
    let mut before = HashMap::new();
    for (origin, shape) in reader.origins().iter().zip(reader.shapes()) {
        before.insert(origin.item, windows);
        windows += detector.windows_of(*shape)?;
    }
    Ok(before)
}

/// Warns if there are too few scores of normal items for pictures of so many windows.
fn warn_of_few(detector: &AnomalyDetector, windows: NonZeroUsize) {
    let (items, unit) = (detector.calibration().items(), detector.fewest_windows());
    let (comparisons, needed) =
        (detector.comparisons(windows).get(), detector.items_needed(windows));
    if comparisons > 1 && items < needed {
        let part = (comparisons as f64 / (items + 1) as f64).min(1.0);
        let percent = (1e4 * part).round() / 100.0;
        let of = if unit.get() == 1 { "windows" } else { "pictures of the fit" };
        tracing::warn!(
            "a picture has as many windows as {comparisons} {of}, and the detector was calibrated on {items} scores of \
             normal items: up to {percent} % of normal pictures of this size will be called anomalies; fit it to \
             whole normal pictures of this size, or to at least {needed} items"
        );
    }
}

/// The part of a picture's values in a window.
fn window(values: &[f32], shape: ImageShape, own: ImageShape, [top, left]: [usize; 2]) -> Vec<f32> {
    let rows = values.chunks(shape.width.max(1));
    let is_in = |row: usize| (top..top + own.height).contains(&(row % shape.height.max(1)));
    let rows = rows.enumerate().filter(|(row, _)| is_in(*row));
    rows.flat_map(|(_, row)| row[left..left + own.width].iter().copied()).collect()
}

/// A folder of heat maps, each as large as its picture, all in one scale.
struct HeatMaps<'a> {
    folder: &'a Path,
    names: PictureNames,
    white: f32,
}

impl<'a> HeatMaps<'a> {
    fn begin(folder: &'a Path, detector: &AnomalyDetector) -> anyhow::Result<Self> {
        if detector.largest_normal_error().is_none() {
            bail!(
                "--heat-map {}: the detector is of an earlier version and has no fixed scale for heat maps; fit it again",
                folder.display()
            );
        }
        make_folder(folder)?;
        let names = PictureNames::default();
        Ok(Self { folder, names, white: figure::scale_end(detector, &[]).0 })
    }

    /// `sub/a.jpg` becomes `sub/a.jpg.score-1.2345.png`: black is no error, white that of the fit's largest or more. Of
    /// several channels the largest error counts.
    fn write(
        &mut self,
        name: &Path,
        score: f64,
        shape: ImageShape,
        errors: &[f32],
    ) -> anyhow::Result<()> {
        let ImageShape { height, width, .. } = shape;
        let mut map = vec![0.0_f32; height * width];
        for plane in errors.chunks(map.len().max(1)) {
            map.iter_mut().zip(plane).for_each(|(most, &error)| *most = most.max(error));
        }
        map.iter_mut().for_each(|error| *error = (*error / self.white).min(1.0));
        let file = self.names.with_ending(name, &format!("score-{score:.4}.png"));
        let file = self.folder.join(file);
        make_folder(file.parent().unwrap_or(self.folder))?;
        write_atomic(&file, &Picture::from_unit(1, height, width, &map)?.png()?)?;
        Ok(())
    }
}
