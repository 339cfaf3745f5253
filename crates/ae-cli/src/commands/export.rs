//! `ae export`

use ae_dataset::Scaling;
use ae_experiment::weights_file;
use ae_files::write_atomic;
use ae_models::exchange::{NetworkPart, TableColumns, onnx_of_encoder, onnx_of_model};
use ae_models::{Attachments, CheckedNetwork, ModelError, SavedEncoder, SavedModel, Shape};
use anyhow::bail;
use serde_json::json;

use crate::args::{Common, Export, ExportedPart};
use crate::exit_status::{Status, Usage};
use crate::output;

pub(crate) fn run(args: &Export, common: &Common) -> anyhow::Result<Status> {
    let file = weights_file(&args.model)?;
    let part = NetworkPart::from(args.part);
    let (bytes, network, is_table) = match SavedModel::load(&file) {
        Err(ModelError::WrongPart { .. }) if part == NetworkPart::Encoder => {
            let encoder = SavedEncoder::load(&file)?;
            let columns = columns(&encoder.attachments)?;
            (onnx_of_encoder(&encoder, columns.as_ref())?, encoder.spec.check()?, columns.is_some())
        }
        Err(error @ ModelError::WrongPart { .. }) => {
            return Err(Usage(format!("{error}; export it with --part encoder")).into());
        }
        loaded => {
            let model = loaded?;
            let columns = columns(&model.attachments)?;
            (onnx_of_model(&model, part, columns.as_ref())?, model.spec.check()?, columns.is_some())
        }
    };
    write_atomic(&args.out, &bytes)?;
    tell(args, common, &network, is_table)?;
    Ok(Status::Done)
}

fn tell(
    args: &Export,
    common: &Common,
    network: &CheckedNetwork,
    is_table: bool,
) -> anyhow::Result<()> {
    let [width, latent_dim] = [network.input(), network.code()].map(Shape::numbers);
    let items = if is_table { ("rows", width) } else { ("images", width) };
    let (input, result) = match args.part {
        ExportedPart::Model => (items, ("reconstructions", width)),
        ExportedPart::Encoder => (items, ("codes", latent_dim)),
        ExportedPart::Decoder => (("codes", latent_dim), ("reconstructions", width)),
    };
    let path = args.out.display().to_string();
    if common.json {
        let described = |(name, width): (&str, usize)| json!({ "name": name, "width": width });
        return output::json(&json!({
            "output": path, "input": described(input), "result": described(result),
            "values": if is_table { "the table's own units" } else { "pixels from 0 to 1" },
        }));
    }
    if common.quiet {
        return Ok(());
    }
    let values = if is_table {
        "rows are in the table's own units: the graph scales them"
    } else {
        "pixels are from 0 to 1"
    };
    let ((input, inputs), (result, outputs)) = (input, result);
    output::text(&format!(
        "exported to {path}: {input} (batch, {inputs}) to {result} (batch, {outputs}); {values}"
    ))
}

/// The scaling of a table's columns, as the network sees them; `None` for images.
fn columns(attachments: &Attachments) -> anyhow::Result<Option<TableColumns>> {
    let Some(scaling) = attachments.get::<Scaling>("scaling")? else { return Ok(None) };
    if !scaling.is_sound() {
        bail!("the scaling of the model's columns cannot be used: its bounds are not in order");
    }
    let columns = scaling.columns();
    // The network is shown the extremes where it is shown anything beyond them.
    let shown = |extreme: f32| scaling.network_input(&vec![extreme; columns]).into_owned();
    let shown = shown(f32::MIN).into_iter().zip(shown(f32::MAX));
    Ok(Some(TableColumns {
        names: (0..columns).map(|column| scaling.name(column)).collect(),
        zero: scaling.minimum.clone(),
        one: scaling.maximum.clone(),
        shown: shown.map(|(lowest, highest)| [lowest, highest]).collect(),
    }))
}
