//! `ae inspect`

use ae_apply::{Description, RunSettings, TensorDescription, describe};
use ae_dataset::{ColumnScaling, Scaling};
use ae_experiment::weights_file;
use ae_models::{
    CheckedLayer, DenseConfig, Layer, ModelKind, ModelSpec, Network, Part, SavedPart, Shape,
};
use serde_json::{Value, json};

use super::in_flags;
use crate::args::{Common, Inspect};
use crate::exit_status::Status;
use crate::output;

pub(crate) fn run(args: &Inspect, common: &Common) -> anyhow::Result<Status> {
    let description = describe(&weights_file(&args.model)?)?;
    if common.json {
        let mut value = serde_json::to_value(&description)?;
        value["layers"] = layers(&description)?.iter().map(LayerRow::json).collect();
        output::json(&value)?;
    } else {
        output::text(&text(&description, &layers(&description)?))?;
    }
    Ok(Status::Done)
}

/// A layer of the chain.
#[derive(Debug)]
struct LayerRow {
    name: String,
    kind: &'static str,
    /// Channels, height and width of the output.
    output: [usize; 3],
    parameters: usize,
    /// Whether its output is the code.
    is_code: bool,
}

impl LayerRow {
    fn json(&self) -> Value {
        let Self { name, kind, output, parameters, is_code } = self;
        json!({
            "name": name, "kind": kind, "output": output, "parameters": parameters, "is_code": is_code,
        })
    }
}

/// The layers that the file has, from the input on.
fn layers(description: &Description) -> anyhow::Result<Vec<LayerRow>> {
    let network = description.model.check()?;
    let codes = network.network().encoder.len();
    let is_there = |layer: &&CheckedLayer| match description.part {
        SavedPart::Encoder => layer.part == Part::Encoder,
        SavedPart::Model => true,
    };
    let parameters_of = |name: &str| {
        let own = |tensor: &&TensorDescription| {
            tensor.name.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'))
        };
        let tensors = description.tensors.iter().filter(own);
        tensors.map(|tensor| tensor.shape.iter().product::<usize>()).sum()
    };
    let row = |layer: &CheckedLayer| {
        let (name, Shape { channels, height, width }) = (layer.name(), layer.output);
        LayerRow {
            parameters: parameters_of(&name),
            name,
            kind: layer.layer.kind_name(),
            output: [channels, height, width],
            is_code: layer.part == Part::Encoder && layer.position + 1 == codes,
        }
    };
    Ok(network.layers().iter().filter(is_there).map(row).collect())
}

/// The layers as a table.
fn chain(input: Shape, layers: &[LayerRow]) -> Vec<String> {
    let row = |name: &str, kind: &str, output: &str, parameters: &str, code: &str| {
        let line = format!("  {name:<12} {kind:<15} {output:<16} {parameters:>10}  {code}");
        line.trim_end().to_owned()
    };
    let mut lines = vec![
        row("layer", "kind", "output", "parameters", ""),
        row("", "input", &shown(input), "", ""),
    ];
    lines.extend(layers.iter().map(|layer| {
        let LayerRow { name, kind, output: [channels, height, width], parameters, is_code } = layer;
        let output = Shape { channels: *channels, height: *height, width: *width };
        let code = if *is_code { "the code" } else { "" };
        row(name, kind, &shown(output), &parameters.to_string(), code)
    }));
    lines
}

/// A vector by its length alone.
fn shown(shape: Shape) -> String {
    match shape {
        Shape { channels, height: 1, width: 1 } => channels.to_string(),
        shape => shape.to_string(),
    }
}

fn text(description: &Description, layers: &[LayerRow]) -> String {
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
                format!("  {part} of {} for rows of {columns} columns", in_words(model))
            }
            None => {
                format!("  {part} of {} for images of {height} x {width}{colour}", in_words(model))
            }
        },
    ];
    lines.extend(dense(&model.network));
    lines.extend(chain(model.network.input(), layers));
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

/// What a model is: a regular, a denoising or a variational autoencoder, or the last two in one.
fn in_words(model: &ModelSpec) -> String {
    let is_variational = matches!(model.network.encoder.last(), Some(Layer::Sample(_)));
    match (model.kind, is_variational) {
        (kind, false) => format!("a {kind} autoencoder"),
        (ModelKind::Regular, true) => "a variational autoencoder".to_owned(),
        (kind, true) => format!("a {kind} variational autoencoder"),
    }
}

/// The widths and activations of a dense network.
fn dense(network: &Network) -> Vec<String> {
    let Some(dense) = DenseConfig::of(network) else { return Vec::new() };
    let tied = if dense.tied_weights { ", tied weights" } else { "" };
    let (encoder, decoder) = (arrows(&dense.encoder), arrows(&dense.decoder));
    vec![
        format!("  encoder {encoder}, decoder {decoder}{tied}"),
        format!(
            "  activations: hidden {}, code {}, output {}",
            dense.hidden_activation, dense.code_activation, dense.output_activation
        ),
    ]
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
