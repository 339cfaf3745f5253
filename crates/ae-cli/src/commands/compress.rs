//! `ae compress`

use ae_experiment::{Mode, Model, device, to_bytes, write_file};
use anyhow::Context as _;
use serde_json::json;

use super::{Status, counted_as, inputs};
use crate::args::{Common, Compress};
use crate::{output, progress};

pub(crate) fn run(args: &Compress, common: &Common) -> anyhow::Result<Status> {
    let model = Model::open(&args.model, &device(&common.device)?)?;
    let compressor = model.compressor().with_context(|| format!("{}", args.model.display()))?;
    let mut reader = inputs(&args.images, model.input(), &args.reading, common)?;
    let mut progress = progress::data(common);
    let mut images = Vec::new();
    let (mut count, mut has_names) = (0, false);
    while let Some(chunk) = reader.next().transpose()? {
        images.extend(to_bytes(&chunk, count)?);
        has_names |= chunk.files.as_ref().is_some_and(|files| files.len() > 1);
        count += chunk.len();
        progress.read("reading", reader.done() as u64, reader.total() as u64);
    }
    let mode = if args.exact { Mode::Exact } else { Mode::Lossy };
    let bytes = compressor.compress(&images, args.quality, mode)?;
    write_file(&args.output, &bytes)?;
    let (size, skipped) = (bytes.len(), reader.skipped());
    if has_names {
        progress.chose(
            "the pictures come back numbered in this order: an archive keeps no names of files",
        );
    }
    let output = args.output.display().to_string();
    if common.json {
        output::json(&json!({
            "images": count, "skipped": skipped, "bytes": size, "pixels": images.len(),
            "output": output,
        }))?;
    } else if !common.quiet {
        let left_out = if skipped > 0 { format!(", {skipped} left out") } else { String::new() };
        let each = size as f64 / count as f64;
        output::text(&format!(
            "{} compressed to {size} bytes, {each:.1} each, in {output}{left_out}",
            counted_as(count, "image")
        ))?;
    }
    Ok(Status::Done)
}
