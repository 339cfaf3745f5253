//! `ae evaluate`

use ae_apply::{JudgedData, JudgedPart, check_noise, device, judged_data};
use ae_dataset::Part;
use ae_experiment::open_model;
use ae_files::counted_as;
use ae_random::Seed;
use serde_json::json;

use super::{hint_of_run, network, noun_of, read_as, source_of};
use crate::args::{Common, Evaluate, NoiseChoice};
use crate::exit_status::Status;
use crate::{output, progress};

/// The noise's seed where neither the run nor the person says one.
const SEED: u64 = 42;

/// The metric of the importance-weighted bound.
const NLL: &str = "val_nll";

pub(crate) fn run(args: &Evaluate, common: &Common) -> anyhow::Result<Status> {
    let model = open_model(&args.applied.model, &device(&common.device)?)?;
    let input = model.input();
    if let Some(NoiseChoice::Of(noise)) = &args.noise {
        check_noise(noise, &input.format)?;
    }
    let source = source_of(args.applied.data.as_deref(), input, &args.applied.model)?;
    let judged = read_as(input, &args.reading, common, |options, progress| {
        judged_data(input, source, args.target.as_deref(), options, network(common), progress)
    });
    let judged =
        judged.map_err(|error| hint_of_run(error, args.applied.data.as_deref(), source))?;
    let settings = input.settings.as_ref();
    let noise = match args.noise.clone() {
        Some(choice) => choice.into(),
        None => settings.and_then(|settings| settings.noise.clone()),
    };
    let seed = args.seed.or(settings.map(|settings| settings.seed)).unwrap_or(SEED);
    let JudgedData { name, images, part, skipped, .. } = &judged;
    let what = format!("evaluating {}", counted_as(images.len(), noun_of(&input.format)));
    let working = progress::working(common, &what);
    // The bound first: other models have none, and are refused before they are evaluated.
    let bound = args.importance_samples.map(|codes| {
        let (noise, seed) = (noise.as_ref(), Seed::new(seed));
        let codes = u32::try_from(codes)?;
        anyhow::Ok(model.importance_weighted_nll(&judged, noise, codes, seed)?)
    });
    let bound = bound.transpose()?;
    let mut metrics = model.evaluate(&judged, noise.as_ref(), Seed::new(seed))?;
    metrics.extend(bound.map(|bound| (NLL.to_owned(), bound)));
    drop(working);
    let noise = noise.map(|noise| noise.to_string());
    if matches!(part, JudgedPart::Training | JudgedPart::Named(Part::Train)) {
        tracing::warn!(
            "{source} is what the model was trained on; new data is reconstructed worse"
        );
    } else if *part == JudgedPart::Named(Part::All) && input.is_data_of_run(source) {
        tracing::warn!(
            "{source} is the data of the model's run, and includes the items that the model was trained on"
        );
    } else if *part == JudgedPart::All && settings.is_none_or(|settings| settings.data.is_none()) {
        tracing::warn!(
            "{} does not say what it was trained on; the items may be among its training data",
            args.applied.model.display()
        );
    }
    if common.json {
        output::json(&json!({
            "dataset": name,
            "images": images.len(),
            "part": in_words(*part),
            "skipped": skipped,
            "noise": noise,
            "seed": seed,
            "metrics": metrics,
        }))?;
        return Ok(Status::Done);
    }
    let noise = noise.map(|noise| format!(" with noise {noise}")).unwrap_or_default();
    let pairs = if judged.inputs.is_some() { " and their inputs" } else { "" };
    let left_out = if *skipped > 0 { format!(", {skipped} left out") } else { String::new() };
    let noun = noun_of(&input.format);
    let count = match part {
        JudgedPart::All | JudgedPart::Named(Part::All) => {
            format!("all {}", counted_as(images.len(), noun))
        }
        part => counted_as(images.len(), &format!("{} {noun}", in_words(*part))),
    };
    output::text(&format!("{count} of {name}{pairs}{noise}{left_out}"))?;
    let width = output::metric_width(&metrics);
    for (metric, value) in &metrics {
        output::text(&format!("  {metric:<width$} {value:.5}"))?;
    }
    Ok(Status::Done)
}

fn in_words(part: JudgedPart) -> String {
    let words = match part {
        JudgedPart::HeldOut => "held-out",
        JudgedPart::Test => "test",
        JudgedPart::All => "all",
        JudgedPart::Training => "training",
        JudgedPart::Named(part) => return part.to_string(),
    };
    words.to_owned()
}
