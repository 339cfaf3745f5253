//! `ae anomaly fit`, `ae anomaly score`

mod figure;
mod pictures;
mod ranked;
mod scores;
mod written;

use std::path::Path;

use ae_analysis::{AnomalyScore, ThresholdRule};
use ae_apply::{
    AnomalyDetector, AnomalyFit, AnomalyVerdict, CalibratedBy, ErrorSpec, JudgedItems, Model,
    NoiseDraws, Normals, device, input_reader,
};
use ae_dataset::{Inputs, Progress, ReadOptions};
use ae_experiment::{lock_run_of, open_detector, open_model, weights_file};
use ae_files::counted_as;
use anyhow::bail;
use serde_json::json;

use super::{in_flags, inputs, network, noun_of, read_options};
use crate::args::{AnomalyCommand, AnomalyFit as AnomalyFitArgs, AnomalyScoring, Common};
use crate::delivery::Outcome;
use crate::exit_status::{Status, Usage};
use crate::shards::{Begun, Part, SCORES, Sharded, finish};
use crate::{guard, output, progress};
pub(super) use pictures::are_whole;
use scores::Scores;

pub(crate) fn run(command: &AnomalyCommand, common: &Common) -> anyhow::Result<Status> {
    match command {
        AnomalyCommand::Fit(args) => fit(args, common),
        AnomalyCommand::Score(args) => score(args, common),
    }
}

fn fit(args: &AnomalyFitArgs, common: &Common) -> anyhow::Result<Status> {
    let path = match &args.out {
        Some(path) => path.to_path_buf(),
        None => weights_file(&args.applied.model)?,
    };
    let _lock = lock_run_of(&path)?;
    let model = open_model(&args.applied.model, &device(&common.device)?)?;
    guard::check_writable(&path)?;
    let noise = args.noise.clone().map(|noise| NoiseDraws {
        noise,
        draws: args.draws as u32,
        seed: args.seed,
    });
    // Rows of a table have too few numbers for their errors alone to tell them apart.
    let score = args.score.map_or_else(
        || match model.format().scaling {
            Some(_) => AnomalyScore::Likelihood,
            None => AnomalyScore::Squared,
        },
        AnomalyScore::from,
    );
    let error = ErrorSpec { score, noise, smoothing: args.smoothing };
    let rule = args.contamination.map_or_else(
        || ThresholdRule::Quantile(args.quantile.unwrap_or(0.99)),
        ThresholdRule::Contamination,
    );
    if pictures::are_whole(&args.applied, &model, &args.reading)? {
        let how = (error, rule);
        let fitted = pictures::fit(&args.applied, &args.reading, common, model, how)?;
        return keep(args, common, &path, fitted);
    }
    let mut shown = progress::data(common);
    let options = read_options(&args.applied.images, model.input(), &args.reading, common)?;
    let open = |model: &Model| {
        let network = network(common);
        let progress = &mut *progress::data(common);
        input_reader(&args.applied.images, model.format(), &options, network, progress)
    };
    let step = &mut |done, total| shown.read("fitting", done as u64, total as u64);
    let is_of_training = args
        .applied
        .images
        .to_str()
        .is_some_and(|source| model.input().contains_training_data(source));
    let normals = if is_of_training { Normals::OfTraining } else { Normals::New };
    let fitted = AnomalyDetector::fit(model, error, rule, normals, open, step)?;
    keep(args, common, &path, fitted)
}

/// Keeps a detector in its file.
fn keep(
    args: &AnomalyFitArgs,
    common: &Common,
    path: &Path,
    fitted: AnomalyFit,
) -> anyhow::Result<Status> {
    tell_of_training_rows(args, &fitted, &mut *progress::data(common));
    let AnomalyFit { detector, items, .. } = fitted;
    detector.save(path)?;
    let calibration = detector.calibration();
    let (calibrated_on, threshold) = (calibration.items(), calibration.threshold());
    if common.json {
        output::json(&json!({
            "items": items, "calibrated_on": calibrated_on, "threshold": threshold, "fit": detector.error(),
            "output": path.display().to_string(),
        }))?;
    } else if !common.quiet {
        let count = counted_as(items, "item");
        let path = path.display();
        output::text(&format!(
            "fitted to {count}, threshold {threshold:.6} (larger scores are stranger); kept in {path}"
        ))?;
    }
    Ok(Status::Done)
}

/// Says so if the model was trained on normals that it was fitted to.
fn tell_of_training_rows(args: &AnomalyFitArgs, fitted: &AnomalyFit, progress: &mut dyn Progress) {
    let AnomalyFit { detector, items, calibrated_by } = fitted;
    let input = detector.model().input();
    let trained =
        args.applied.images.to_str().map_or(0, |source| input.training_items(source, *items));
    let calibrated_on = detector.calibration().items();
    if *calibrated_by == CalibratedBy::HeldOut {
        progress.chose(&format!(
            "threshold and p-values come from the {calibrated_on} of these {items} items that the training held \
             out; the model was trained on the others"
        ));
    } else if trained > 0 {
        let corrected = match calibrated_by {
            CalibratedBy::Enlarged => " (corrected by the score of the few others)",
            _ => "",
        };
        tracing::warn!(
            "the model was trained on {trained} of these {items} items and reconstructs them better than \
             new ones{corrected}, so that new normal items are called anomalies more often than the threshold \
             says; fit to normal items that were kept from the training"
        );
    }
}

/// What was said of one item.
struct Scored {
    name: String,
    verdict: AnomalyVerdict,
    class: Option<String>,
    /// Of a picture in its own size.
    window: Option<Window>,
}

/// The strangest window of a picture.
struct Window {
    top: usize,
    left: usize,
    /// How many windows the picture has.
    windows: usize,
}

/// What was found of an input.
struct Found<'a> {
    scores: Scores<'a>,
    strangest: Vec<Strange>,
    skipped: usize,
    name: String,
    part: Option<Part>,
}

/// The class of an item, if the input has classes.
fn class_of(chunk: &Inputs, place: usize) -> Option<String> {
    chunk.labels.as_ref().and_then(|labels| labels.get(place)).map(|&label| {
        let names = chunk.class_names.as_deref().unwrap_or_default();
        names.get(usize::from(label)).cloned().unwrap_or_else(|| label.to_string())
    })
}

/// An item of the heat map.
struct Strange {
    name: String,
    score: f64,
    image: Vec<f32>,
    /// The error of each number of the image.
    errors: Vec<f32>,
}

fn score(args: &AnomalyScoring, common: &Common) -> anyhow::Result<Status> {
    let detector = open_detector(&args.applied.model, &device(&common.device)?)?;
    let whole = pictures::are_whole(&args.applied, detector.model(), &args.reading)?;
    if let Some(folder) = args.heat_map.as_ref().filter(|path| path.is_folder() && !whole) {
        bail!(
            "--heat-map {}: a folder takes the heat maps of pictures of other sizes than the model's; name a .png or .svg \
             file for a figure",
            folder.display()
        );
    }
    check_shard(args)?;
    let found = match whole {
        true => pictures::score(args, common, &detector)?,
        false => score_items(args, common, &detector)?,
    };
    // The shard is there already.
    let Some(found) = found else { return Ok(Status::Done) };
    let ranking = found.scores.ranking()?;
    if let Some(path) = args.heat_map.as_ref().filter(|path| !path.is_folder()) {
        figure::draw(&detector, &found.strangest, &found.name, path)?;
    }
    let Found { scores, skipped, part, .. } = found;
    let images = scores.items();
    scores.deliver(skipped, ranking, &detector)?;
    finish(part, Outcome { images, files: Vec::new() }, skipped)?;
    Ok(Status::Done)
}

/// Refuses with a shard what is told of all items.
fn check_shard(args: &AnomalyScoring) -> Result<(), Usage> {
    let flag = match () {
        () if args.shard.shard.is_none() => return Ok(()),
        () if args.heat_map.is_some() => "--heat-map",
        () if args.normal_class.is_some() => "--normal-class",
        () => return Ok(()),
    };
    Err(Usage(format!("{flag} is of all items, and --shard of some; leave one of them out")))
}

fn sharded<'a>(args: &'a AnomalyScoring, options: &ReadOptions) -> Sharded<'a> {
    Sharded {
        command: SCORES,
        model: Some(&args.applied.model),
        settings: in_flags(options),
        out: args.out.as_ref(),
        replaces: args.overwrite.force,
    }
}

/// Scores items of the model's size.
fn score_items<'a>(
    args: &'a AnomalyScoring,
    common: &'a Common,
    detector: &AnomalyDetector,
) -> anyhow::Result<Option<Found<'a>>> {
    let model = detector.model();
    let reader = inputs(&args.applied.images, model.input(), &args.reading, common)?;
    let sharded = sharded(args, reader.options());
    let Some(begun) = sharded.begin(args.shard.shard, reader, &|_| true, common)? else {
        return Ok(None);
    };
    let Begun { mut reader, part } = begun;
    let mut progress = progress::data(common);
    let size = model.shape().size();
    let (mut scores, mut strangest) = (Scores::begin(args, common)?, Vec::new());
    while let Some(chunk) = reader.next().transpose()? {
        let JudgedItems { verdicts, errors } = detector.judge(&chunk)?;
        let names = chunk.files.is_some().then(|| chunk.names());
        for (place, verdict) in verdicts.into_iter().enumerate() {
            let name = names.as_ref().and_then(|names| names.get(place));
            let name = name.map(|name| name.display().to_string());
            let item = chunk.items.get(place).copied().unwrap_or_default();
            let numbered = || format!("{} {item}", noun_of(model.format()));
            let shown = name.clone().unwrap_or_else(numbered);
            let name = name.unwrap_or_else(|| item.to_string());
            if args.heat_map.is_some() {
                let part = |values: &[f32]| values[place * size..][..size].to_vec();
                let (image, errors) = (part(&chunk.pixels), part(&errors));
                strangest.push(Strange { name: shown, score: verdict.score, image, errors });
            }
            let class = class_of(&chunk, place);
            scores.push(Scored { name, verdict, class, window: None })?;
        }
        keep_strangest(&mut strangest, args.count);
        progress.read("scoring", reader.done() as u64, reader.total() as u64);
    }
    let (skipped, name) = (reader.skipped(), reader.name().to_owned());
    Ok(Some(Found { scores, strangest, skipped, name, part }))
}

/// Keeps the items with the largest scores; of equal ones the first.
fn keep_strangest(items: &mut Vec<Strange>, count: usize) {
    items.sort_by(|a, b| b.score.total_cmp(&a.score));
    items.truncate(count);
}
