//! `ae inspect`

use ae_apply::{Description, RunSettings, describe};
use ae_dataset::{ColumnScaling, Scaling};
use ae_experiment::weights_file;
use ae_models::{DenseConfig, Network, Shape};

use super::in_flags;
use crate::args::{Common, Inspect};
use crate::exit_status::Status;
use crate::output;

pub(crate) fn run(args: &Inspect, common: &Common) -> anyhow::Result<Status> {
    let description = describe(&weights_file(&args.model)?)?;
    if common.json {
        output::json(&serde_json::to_value(&description)?)?;
    } else {
        output::text(&text(&description))?;
    }
    Ok(Status::Done)
}

fn text(description: &Description) -> String {
    let Description { file, part, model, tensors, parameters, weights_sha256, attachments } =
        description;
    let Shape { channels, height, width } = model.network.input();
    let colour = if channels == 1 { "" } else { " in colour" };
    let scaling = attachments.get::<Scaling>("scaling").ok().flatten();
    let mut lines = vec![
        format!("{file}"),
        match &scaling {
            Some(scaling) => {
                let columns = scaling.columns();
                format!("  {part} of a {} autoencoder for rows of {columns} columns", model.kind)
            }
            None => format!(
                "  {part} of a {} autoencoder for images of {height} x {width}{colour}",
                model.kind
            ),
        },
    ];
    lines.extend(network(&model.network));
    for tensor in tensors {
        let shape: Vec<String> = tensor.shape.iter().map(usize::to_string).collect();
        lines.push(format!("  {:<20} {}", tensor.name, shape.join(" x ")));
    }
    lines.push(format!("  {parameters} parameters"));
    lines.push(format!("  weights_sha256 {weights_sha256}"));
    if let Some(scaling) = &scaling {
        lines.push(match scaling.kind {
            ColumnScaling::MinMax => "  columns, scaled to [0, 1] from".to_owned(),
            ColumnScaling::Standard => {
                "  columns, standardised: mean to one standard deviation above it".to_owned()
            }
        });
        let bounds = scaling.minimum.iter().zip(&scaling.maximum).enumerate();
        lines.extend(bounds.map(|(column, (minimum, maximum))| {
            format!("    {:<18} {minimum} to {maximum}", scaling.name(column))
        }));
    }
    if let Ok(Some(settings)) = attachments.get::<RunSettings>("run") {
        lines.push(format!("  trained with {}", trained_with(&settings)));
    }
    let attached: Vec<&str> = attachments.names().collect();
    if !attached.is_empty() {
        lines.push(format!("  attached: {}", attached.join(", ")));
    }
    lines.join("\n")
}

/// The widths and activations of a dense network, or every layer with the shape that it gives.
fn network(network: &Network) -> Vec<String> {
    if let Some(dense) = DenseConfig::of(network) {
        let tied = if dense.tied_weights { ", tied weights" } else { "" };
        return vec![
            format!(
                "  encoder {}, decoder {}{tied}",
                arrows(&dense.encoder),
                arrows(&dense.decoder)
            ),
            format!(
                "  activations: hidden {}, code {}, output {}",
                dense.hidden_activation, dense.code_activation, dense.output_activation
            ),
        ];
    }
    let Ok(checked) = network.check() else { return Vec::new() };
    let layers = checked.layers().iter().map(|layer| {
        let (name, kind) = (layer.name(), layer.layer.kind_name());
        format!("  {name:<12} {kind:<15} to {}", layer.output)
    });
    layers.collect()
}

fn trained_with(settings: &RunSettings) -> String {
    let mut words = vec![format!("seed {}", settings.seed)];
    if let Some(noise) = &settings.noise {
        words.push(format!("noise {noise}"));
    }
    if let Some(fraction) = settings.test_fraction {
        words.push(format!("{fraction} of the data held out"));
    }
    let flags = in_flags(&settings.reading);
    if !flags.is_empty() {
        words.push(format!("data read with {flags}"));
    }
    words.join(", ")
}

fn arrows(widths: &[usize]) -> String {
    widths.iter().map(usize::to_string).collect::<Vec<_>>().join("-")
}
