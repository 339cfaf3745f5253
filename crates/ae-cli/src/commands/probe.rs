//! `ae probe`

use ae_experiment::{Model, ProbeSpec, RunSettings, Seed, device, load_options, probe};

use super::{Status, dataset};
use crate::args::{Common, Probe};
use crate::output;

pub(crate) fn run(args: &Probe, common: &Common) -> anyhow::Result<Status> {
    let model = Model::open(&args.model, &device(&common.device)?)?;
    let run = RunSettings::of(&args.model)?;
    let options = load_options(model.format(), args.reading.options(), run.as_ref());
    let dataset = dataset(args.data.data.as_deref(), &options, common)?;
    let spec = ProbeSpec {
        labels: args.labels.iter().map(|labels| labels.get()).collect(),
        repetitions: args.repetitions.get(),
    };
    let table = probe(&model, &dataset, &spec, Seed::new(args.seed))?;
    if common.json {
        output::json(&serde_json::to_value(&table)?)?;
    } else {
        output::text(&format!("{}: {}", dataset.origin.name, table.caption))?;
        output::text(&output::aligned(&table.columns, &table.rows))?;
    }
    Ok(Status::Done)
}
