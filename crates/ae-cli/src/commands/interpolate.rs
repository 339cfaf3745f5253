//! `ae interpolate`

use std::path::Path;

use ae_apply::{Model, device};
use ae_experiment::{interpolation_figure, open_model};
use ae_files::counted_as;
use anyhow::bail;
use serde_json::json;

use super::{inputs, noun_of};
use crate::args::{Common, Interpolate};
use crate::delivery::write_figure;
use crate::exit_status::Status;
use crate::output;

pub(crate) fn run(args: &Interpolate, common: &Common) -> anyhow::Result<Status> {
    let model = open_model(&args.applied.model, &device(&common.device)?)?;
    let other = args.other.as_ref().unwrap_or(&args.applied.images);
    let to = args.to.unwrap_or(if args.other.is_some() { 0 } else { 1 });
    let (first, from_name) =
        image(&args.applied.images, (args.from, "--from"), &model, args, common)?;
    let (last, to_name) = image(other, (to, "--to"), &model, args, common)?;
    let noun = noun_of(model.format());
    let caption = format!(
        "from {noun} {} of {from_name} to {noun} {to} of {to_name}, in equal steps between their codes",
        args.from
    );
    let title = format!("From one {noun} to another");
    let figure = interpolation_figure(&model, [&first, &last], args.steps, &title, &caption)?;
    write_figure(&args.out, &figure)?;
    let path = args.out.display().to_string();
    if common.json {
        output::json(&json!({ "steps": args.steps, "from": args.from, "to": to, "output": path }))?;
    } else if !common.quiet {
        output::text(&format!(
            "{} of the interpolation written to {path}",
            counted_as(args.steps, "point")
        ))?;
    }
    Ok(Status::Done)
}

/// The image at a place of the input, and the input's name.
fn image(
    path: &Path,
    (place, option): (usize, &str),
    model: &Model,
    args: &Interpolate,
    common: &Common,
) -> anyhow::Result<(Vec<f32>, String)> {
    let mut reader = inputs(path, model.input(), &args.reading, common)?;
    let size = model.shape().size();
    let mut items = 0;
    while let Some(chunk) = reader.next().transpose()? {
        if let Some(at) = chunk.items.iter().position(|&item| item == place as u64) {
            let image = chunk.pixels[at * size..][..size].to_vec();
            return Ok((image, reader.name().to_owned()));
        }
        items = chunk.items.last().map_or(items, |&last| last + 1);
    }
    let (path, noun) = (path.display(), noun_of(model.format()));
    if place < items as usize {
        bail!("{path}: {option} asks for {noun} {place}, which was left out");
    }
    let held = counted_as(items as usize, noun);
    if option == "--to" && args.to.is_none() {
        bail!("{path} holds {held}; an interpolation needs two: name another file as OTHER");
    }
    bail!("{path} holds {held}, and {option} asks for {noun} {place}, counted from 0")
}
