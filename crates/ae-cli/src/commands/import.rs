//! `ae import`

use ae_models::exchange::{ExchangeError, ImportOptions, Imported, import};
use ae_models::{Part, Shape, WeightTypes};
use anyhow::anyhow;
use serde_json::json;

use crate::args::{Common, Import};
use crate::exit_status::Status;
use crate::{output, progress};

pub(crate) fn run(args: &Import, common: &Common) -> anyhow::Result<Status> {
    let options = ImportOptions {
        kind: args.kind(),
        hidden_activation: args.hidden_activation,
        code_activation: args.code_activation,
        output_activation: args.output_activation,
        encoder_layers: args.encoder_layers,
        latent_dim: args.code,
        image: args.shape,
        pixel_order: args.colours.map(Into::into),
        types: if args.convert { WeightTypes::Converted } else { WeightTypes::Exact },
    };
    let imported = import(&args.weights, &options).map_err(with_flag)?;
    imported.model.save(&args.out)?;
    tell(args, common, &imported)?;
    Ok(Status::Done)
}

/// Adds to an error which flag helps.
fn with_flag(error: ExchangeError) -> anyhow::Error {
    match error {
        ExchangeError::Precision { .. } => anyhow!("{error}; --convert rounds it to F32"),
        ExchangeError::AmbiguousCode { .. } => anyhow!("{error} with --encoder-layers"),
        error => error.into(),
    }
}

fn tell(args: &Import, common: &Common, imported: &Imported) -> anyhow::Result<()> {
    let Imported { model, assumptions, converted, has_description } = imported;
    let assumed: Vec<String> = assumptions.iter().map(ToString::to_string).collect();
    let converted: Vec<String> =
        converted.iter().map(|rounded| format!("{} of {}", rounded.arrays, rounded.from)).collect();
    let mut progress = progress::data(common);
    if !converted.is_empty() {
        progress.chose(&format!("arrays rounded to F32: {}", converted.join(", ")));
    }
    if *has_description {
        progress.chose(
            "what no flag says of activations, shape and kind is from the file's entry `ae.model`",
        );
    }
    if !assumed.is_empty() {
        progress.chose(&format!(
            "assumed, because weights do not say it: {}; `ae import --help` names the flags",
            assumed.join("; ")
        ));
    }
    let path = args.out.display().to_string();
    if common.json {
        return output::json(&json!({
            "output": path, "model": model.spec, "assumed": assumed, "converted": converted,
            "weights_sha256": model.parameters.sha256(),
        }));
    }
    if common.quiet {
        return Ok(());
    }
    let network = model.spec.check()?;
    let widths = |part: Part, first: Shape| {
        let layers = network.layers().iter().filter(|layer| layer.part == part);
        let shapes = [first].into_iter().chain(layers.map(|layer| layer.output));
        shapes.map(|shape| shape.numbers().to_string()).collect::<Vec<_>>().join("-")
    };
    output::text(&format!(
        "{} imported to {path}: encoder {}, decoder {}",
        args.weights.display(),
        widths(Part::Encoder, network.input()),
        widths(Part::Decoder, network.code())
    ))
}
