//! `ae probe`

use ae_experiment::{
    Model, ProbeSpec, Probed, Seed, Source, device, load, load_options, probe, probe_table,
};
use serde_json::{Value, json};

use super::{Status, hint_of_run, network, read_as, source_of};
use crate::args::{Common, Probe};
use crate::output;

/// Parts of the labels where the person says none; those that the data cannot give are left out.
const LABELS: [usize; 2] = [100, 1000];

pub(crate) fn run(args: &Probe, common: &Common) -> anyhow::Result<Status> {
    let model = Model::open(&args.model, &device(&common.device)?)?;
    let input = model.input();
    let source = source_of(&args.data, input, &args.model)?;
    let Ok(named) = source.parse::<Source>();
    let dataset = read_as(input, &args.reading, common, |options, progress| {
        Ok(load(&named, &load_options(input, options.clone()), network(common), progress)?)
    });
    let dataset = dataset.map_err(|error| hint_of_run(error, &args.data, source))?;
    if let Some(sentence) = &dataset.origin.substituted {
        tracing::warn!("{sentence}");
    }
    let images = dataset.train.len();
    let labels = args.labels.as_ref().map_or_else(
        || LABELS.into_iter().filter(|&labels| labels < images).collect(),
        |labels| labels.iter().map(|labels| labels.get()).collect(),
    );
    let spec = ProbeSpec { labels, repetitions: args.repetitions as u32 };
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
