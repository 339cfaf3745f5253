//! `ae evaluate`

use ae_experiment::{Model, RunSettings, Seed, device, load_options};
use serde_json::json;

use super::{Status, dataset};
use crate::args::{Common, Evaluate};
use crate::output;

/// The noise's seed where neither the run nor the person says one.
const SEED: u64 = 42;

pub(crate) fn run(args: &Evaluate, common: &Common) -> anyhow::Result<Status> {
    let model = Model::open(&args.model, &device(&common.device)?)?;
    let run = RunSettings::of(&args.model)?;
    let options = load_options(model.format(), args.reading.options(), run.as_ref());
    let dataset = dataset(args.data.data.as_deref(), &options, common)?;
    let (run_noise, run_seed) =
        run.map_or((None, Seed::new(SEED)), |settings| (settings.noise, settings.seed));
    let noise = args.noise.clone().or(run_noise);
    let seed = args.seed.map_or(run_seed, Seed::new);
    let metrics = model.evaluate(&dataset, noise.as_ref(), seed)?;
    let images = dataset.test.len();
    let name = &dataset.origin.name;
    let noise = noise.map(|noise| noise.to_string());
    if common.json {
        output::json(&json!({
            "dataset": name,
            "images": images,
            "skipped": dataset.skipped,
            "noise": noise,
            "seed": seed.value(),
            "metrics": metrics,
        }))?;
    } else {
        let noise = noise.map(|noise| format!(" with noise {noise}")).unwrap_or_default();
        let left_out = match dataset.skipped {
            0 => String::new(),
            skipped => format!(", {skipped} left out"),
        };
        output::text(&format!("{images} test images of {name}{noise}{left_out}"))?;
        for (metric, value) in &metrics {
            output::text(&format!("  {metric:<12} {value:.5}"))?;
        }
    }
    Ok(Status::Done)
}
