//! `ae probe`

use ae_experiment::{
    Model, ProbeSpec, Probed, RunSettings, Seed, device, load_options, probe, probe_table,
};
use serde_json::{Value, json};

use super::{Status, dataset};
use crate::args::{Common, Probe};
use crate::output;

/// Parts of the labels where the person says none; those that the data cannot give are left out.
const LABELS: [usize; 2] = [100, 1000];

pub(crate) fn run(args: &Probe, common: &Common) -> anyhow::Result<Status> {
    let model = Model::open(&args.model, &device(&common.device)?)?;
    let run = RunSettings::of(&args.model)?;
    let options = load_options(model.format(), args.reading.options(), run.as_ref());
    let dataset = dataset(args.data.data.as_deref(), &options, common)?;
    let images = dataset.train.len();
    let labels = args.labels.as_ref().map_or_else(
        || LABELS.into_iter().filter(|&labels| labels < images).collect(),
        |labels| labels.iter().map(|labels| labels.get()).collect(),
    );
    let spec = ProbeSpec { labels, repetitions: args.repetitions.get() };
    let probed = probe(&model, &dataset, &spec, Seed::new(args.seed))?;
    let (name, test_images) = (&dataset.origin.name, dataset.test.len());
    if common.json {
        let probes: Vec<Value> = probed.iter().map(|probed| as_json(probed, images)).collect();
        output::json(&json!({
            "dataset": name, "train_images": images, "test_images": test_images,
            "seed": args.seed, "probes": probes,
        }))?;
    } else {
        let caption = format!(
            "{name}: accuracy on {test_images} test images, ± the 95 % interval over draws of labels"
        );
        let table = probe_table(&probed, &caption);
        output::text(&caption)?;
        output::text(&output::aligned(&table.columns, &table.rows))?;
    }
    Ok(Status::Done)
}

fn as_json(probed: &Probed, images: usize) -> Value {
    json!({
        "numbers": probed.name,
        "length": probed.columns,
        "labels": probed.labels.unwrap_or(images),
        "repetitions": probed.repetitions,
        "logistic": probed.logistic.mean,
        "logistic_half_width": probed.logistic.half_width,
        "neighbours": probed.neighbours.mean,
        "neighbours_half_width": probed.neighbours.half_width,
    })
}
