//! `ae anomaly fit`, `ae anomaly score`

mod figure;
mod pictures;

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::path::Path;

use ae_analysis::{AnomalyScore, Ranking, ThresholdRule};
use ae_apply::{
    AnomalyDetector, AnomalyFit, AnomalyVerdict, CalibratedBy, ErrorSpec, JudgedItems, Model,
    NoiseDraws, Normals, device, input_reader,
};
use ae_dataset::{Inputs, Progress};
use ae_experiment::{lock_run_of, open_detector, open_model, weights_file};
use ae_files::{counted_as, write_atomic};
use anyhow::bail;
use serde_json::{Value, json};

use super::{inputs, network, noun_of, read_options};
use crate::args::{AnomalyCommand, AnomalyFit as AnomalyFitArgs, AnomalyScoring, Common};
use crate::exit_status::Status;
use crate::{csv, guard, output, progress};

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
struct Found {
    items: Vec<Scored>,
    strangest: Vec<Strange>,
    skipped: usize,
    name: String,
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
    let found = match whole {
        true => pictures::score(args, common, &detector)?,
        false => score_items(args, common, &detector)?,
    };
    let ranking =
        args.normal_class.as_deref().map(|class| rank(&found.items, class)).transpose()?;
    if let Some(path) = args.heat_map.as_ref().filter(|path| !path.is_folder()) {
        figure::draw(&detector, &found.strangest, &found.name, path)?;
    }
    deliver(args, common, &found.items, found.skipped, ranking, &detector)?;
    Ok(Status::Done)
}

/// Scores items of the model's size.
fn score_items(
    args: &AnomalyScoring,
    common: &Common,
    detector: &AnomalyDetector,
) -> anyhow::Result<Found> {
    let model = detector.model();
    let mut reader = inputs(&args.applied.images, model.input(), &args.reading, common)?;
    let mut progress = progress::data(common);
    let size = model.shape().size();
    let (mut items, mut strangest) = (Vec::new(), Vec::new());
    while let Some(chunk) = reader.next().transpose()? {
        let first = items.len();
        let JudgedItems { verdicts, errors } = detector.judge(&chunk, first)?;
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
            items.push(Scored { name, verdict, class, window: None });
        }
        keep_strangest(&mut strangest, args.count);
        progress.read("scoring", reader.done() as u64, reader.total() as u64);
    }
    let (skipped, name) = (reader.skipped(), reader.name().to_owned());
    Ok(Found { items, strangest, skipped, name })
}

/// Keeps the items with the largest scores; of equal ones the first.
fn keep_strangest(items: &mut Vec<Strange>, count: usize) {
    items.sort_by(|a, b| b.score.total_cmp(&a.score));
    items.truncate(count);
}

/// By which rule a picture of so many windows is an anomaly.
fn verdict_rule(detector: &AnomalyDetector, windows: usize) -> String {
    let calibration = detector.calibration();
    let (rate, items) = (calibration.rule().alarm_rate(), calibration.items());
    let rate = (rate * 1e6).round() / 1e6;
    let windows = NonZeroUsize::new(windows).unwrap_or(NonZeroUsize::MIN);
    match items < detector.items_needed(windows) {
        true => format!(
            "the score of the strangest window is above all {items} of the fit, which are too few for p-values below \
             {rate} with {windows} windows"
        ),
        false => format!(
            "the p-value of the strangest window, for all windows of a picture, is below {rate}"
        ),
    }
}

/// How well the scores rank the other classes above the normal one.
fn rank(items: &[Scored], normal: &str) -> anyhow::Result<Ranking> {
    let classes: Option<Vec<&str>> = items.iter().map(|item| item.class.as_deref()).collect();
    let Some(classes) = classes else { bail!("--normal-class needs items with classes") };
    if !classes.contains(&normal) {
        let known: BTreeSet<&str> = classes.iter().copied().collect();
        let known: Vec<&str> = known.into_iter().collect();
        bail!(
            "--normal-class must be one of the items' classes ({}), found {normal}",
            known.join(", ")
        );
    }
    let scores: Vec<f64> = items.iter().map(|item| item.verdict.score).collect();
    let is_anomaly: Vec<bool> = classes.iter().map(|&class| class != normal).collect();
    Ok(Ranking::new(&scores, &is_anomaly)?)
}

/// Writes what was said of each item, and the summary where it does not disturb.
fn deliver(
    args: &AnomalyScoring,
    common: &Common,
    items: &[Scored],
    skipped: usize,
    ranking: Option<Ranking>,
    detector: &AnomalyDetector,
) -> anyhow::Result<()> {
    let anomalies = items.iter().filter(|item| item.verdict.is_anomaly).count();
    let threshold = detector.calibration().threshold();
    let mut summary = json!({
        "items": items.len(), "anomalies": anomalies, "skipped": skipped, "threshold": threshold,
    });
    let mut told = format!(
        "{}, {anomalies} anomalous: score above {threshold:.6} (larger is stranger)",
        counted_as(items.len(), "item")
    );
    if let Some(most) =
        items.iter().filter_map(|item| item.window.as_ref()).map(|it| it.windows).max()
    {
        summary["windows"] = json!(most);
        let pictures = counted_as(items.len(), "picture");
        told = format!("{pictures}, {anomalies} anomalous: {}", verdict_rule(detector, most));
    }
    if skipped > 0 {
        told.push_str(&format!(", {skipped} left out"));
    }
    if let Some(ranking) = ranking {
        summary["auroc"] = json!(ranking.auroc());
        summary["average_precision"] = json!(ranking.average_precision());
        summary["share_of_anomalies"] = json!(ranking.share_of_anomalies());
        told.push_str(&ranked(&ranking));
    }
    let document = || {
        let mut document = summary.clone();
        document["scores"] = items.iter().map(Scored::json).collect();
        document
    };
    if let Some(path) = &args.out {
        let is_json = path.extension().is_some_and(|ending| ending == "json");
        let text = if is_json { document().to_string() + "\n" } else { csv(items) };
        write_atomic(path, text.as_bytes())?;
        if common.json {
            summary["output"] = json!(path.display().to_string());
            output::json(&summary)?;
        } else if !common.quiet {
            output::text(&format!("{told}; written to {}", path.display()))?;
        }
    } else if common.json {
        output::json(&document())?;
    } else {
        output::text(&csv(items))?;
        if !common.quiet {
            output::progress(&told);
        }
    }
    Ok(())
}

/// How well the scores rank anomalies above normals, beside what chance reaches.
fn ranked(ranking: &Ranking) -> String {
    let (auroc, precision) = (ranking.auroc(), ranking.average_precision());
    let verdict = if auroc < 0.5 { " (worse than chance: 0.5)" } else { "" };
    let share = ranking.share_of_anomalies();
    format!(
        "; AUROC {auroc:.4}{verdict}, average precision {precision:.4} (fraction of anomalies {share:.4})"
    )
}

fn csv(items: &[Scored]) -> String {
    let mut text = "item,score,p_value,label\n".to_owned();
    for Scored { name, verdict, .. } in items {
        let name = csv::cell(name);
        let AnomalyVerdict { score, p_value, .. } = verdict;
        text.push_str(&format!("{name},{score},{p_value},{}\n", label(verdict)));
    }
    text
}

fn label(verdict: &AnomalyVerdict) -> &'static str {
    if verdict.is_anomaly { "anomaly" } else { "normal" }
}

impl Scored {
    fn json(&self) -> Value {
        let AnomalyVerdict { score, p_value, .. } = self.verdict;
        let mut json = json!({ "item": self.name, "score": score, "p_value": p_value, "label": label(&self.verdict) });
        if let Some(Window { top, left, windows }) = self.window {
            json["windows"] = json!(windows);
            json["strangest"] = json!({ "top": top, "left": left });
        }
        json
    }
}
