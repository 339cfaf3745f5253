//! `ae compress`

use ae_apply::{device, to_bytes};
use ae_compression::Mode;
use ae_dataset::{ImageShape, Resize};
use ae_experiment::open_model;
use ae_files::{counted_as, write_atomic};
use anyhow::Context as _;
use serde_json::json;

use super::inputs;
use crate::args::{Common, Compress};
use crate::exit_status::Status;
use crate::item_index::ItemIndex;
use crate::{output, progress};

pub(crate) fn run(args: &Compress, common: &Common) -> anyhow::Result<Status> {
    let model = open_model(&args.applied.model, &device(&common.device)?)?;
    let compressor =
        model.compressor().with_context(|| format!("{}", args.applied.model.display()))?;
    let mut reader = inputs(&args.applied.images, model.input(), &args.reading, common)?;
    let mut progress = progress::data(common);
    let mode = if args.exact { Mode::Exact } else { Mode::Lossy };
    let resize = args.reading.over(model.input().reading()).resize;
    if args.exact && resize != Resize::None {
        let ImageShape { height, width, .. } = model.shape();
        progress.chose(&format!(
            "--exact restores the {height} x {width} pictures that --resize {resize} makes, not the originals"
        ));
    }
    let (mut images, mut index) = (Vec::new(), ItemIndex::default());
    let (mut count, mut rounded) = (0, 0);
    while let Some(chunk) = reader.next().transpose()? {
        images.extend(to_bytes(&chunk, mode)?);
        count += chunk.len();
        rounded += chunk.has_16_bits.iter().filter(|&&deep| deep).count();
        index.add(&chunk);
        progress.read("reading", reader.done() as u64, reader.total() as u64);
    }
    if rounded > 0 {
        progress.chose(&format!(
            "{} of 16 bits rounded to the 8 that a file of compressed images holds",
            counted_as(rounded, "picture")
        ));
    }
    drop(progress);
    let working = progress::working(common, &format!("compressing {}", counted_as(count, "image")));
    let bytes = compressor.compress_named(&images, &index.names(), args.quality, mode)?;
    drop(working);
    write_atomic(&args.out, &bytes)?;
    let index = index.write_beside(&args.out, reader.skipped())?;
    let (size, skipped) = (bytes.len(), reader.skipped());
    let output = args.out.display().to_string();
    if common.json {
        output::json(&json!({
            "images": count, "skipped": skipped, "bytes": size, "pixels": images.len(),
            "output": output, "index": index.map(|path| path.display().to_string()),
        }))?;
    } else if !common.quiet {
        let left_out = if skipped > 0 { format!(", {skipped} left out") } else { String::new() };
        let each = size as f64 / count as f64;
        output::text(&format!(
            "{} compressed to {size} bytes, {each:.1} each, in {output}{left_out}{}",
            counted_as(count, "image"),
            output::told_index(index.as_deref())
        ))?;
    }
    Ok(Status::Done)
}
