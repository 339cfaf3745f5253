//! `ae inspect`

use ae_experiment::{Description, describe};

use super::Status;
use crate::args::{Common, Inspect};
use crate::output;

pub(crate) fn run(args: &Inspect, common: &Common) -> anyhow::Result<Status> {
    let description = describe(&args.model)?;
    if common.json {
        output::json(&serde_json::to_value(&description)?)?;
    } else {
        output::text(&text(&description))?;
    }
    Ok(Status::Done)
}

fn text(description: &Description) -> String {
    let Description { file, part, model, tensors, parameters, weights_sha256 } = description;
    let dense = &model.dense;
    let [height, width] = dense.image;
    let colour = if dense.channels == 1 { "" } else { " in colour" };
    let tied = if dense.tied_weights { ", tied weights" } else { "" };
    let mut lines = vec![
        format!("{file}"),
        format!(
            "  {part} of a {} autoencoder for images of {height} x {width}{colour}",
            model.kind
        ),
        format!("  encoder {}, decoder {}{tied}", arrows(&dense.encoder), arrows(&dense.decoder)),
        format!(
            "  activations: hidden {}, code {}, output {}",
            dense.hidden_activation, dense.code_activation, dense.output_activation
        ),
    ];
    for tensor in tensors {
        let shape: Vec<String> = tensor.shape.iter().map(usize::to_string).collect();
        lines.push(format!("  {:<20} {}", tensor.name, shape.join(" x ")));
    }
    lines.push(format!("  {parameters} parameters"));
    lines.push(format!("  weights_sha256 {weights_sha256}"));
    lines.join("\n")
}

fn arrows(widths: &[usize]) -> String {
    widths.iter().map(usize::to_string).collect::<Vec<_>>().join("-")
}
