//! `ae evaluate`

use ae_experiment::{Model, Seed, device, noise_of_run};
use serde_json::json;

use super::{Status, dataset};
use crate::args::{Common, Evaluate};
use crate::output;

/// The noise's seed where neither the run nor the person says one.
const SEED: u64 = 42;

pub(crate) fn run(args: &Evaluate, common: &Common) -> anyhow::Result<Status> {
    let model = Model::open(&args.model, &device(&common.device)?)?;
    let dataset = dataset(&args.data, common)?;
    let (run_noise, run_seed) = noise_of_run(&args.model)?.unwrap_or((None, Seed::new(SEED)));
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
            "noise": noise,
            "seed": seed.value(),
            "metrics": metrics,
        }))?;
    } else {
        let noise = noise.map(|noise| format!(" with noise {noise}")).unwrap_or_default();
        output::text(&format!("{images} test images of {name}{noise}"))?;
        for (metric, value) in &metrics {
            output::text(&format!("  {metric:<12} {value:.5}"))?;
        }
    }
    Ok(Status::Done)
}
