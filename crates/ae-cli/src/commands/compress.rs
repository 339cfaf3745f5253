//! `ae compress`

use ae_apply::{Model, device, to_bytes};
use ae_compression::{Compressor, Mode, TiledPictures};
use ae_dataset::{ImageShape, Inputs, PictureReader, Resize};
use ae_experiment::open_model;
use ae_files::{counted_as, write_atomic};
use anyhow::Context as _;
use serde_json::json;

use super::whole_pictures::are_whole;
use super::{inputs, tell_of_training_data};
use crate::args::{Common, Compress};
use crate::exit_status::Status;
use crate::item_index::ItemIndex;
use crate::{output, progress};

/// Images that were compressed.
struct Compressed {
    bytes: Vec<u8>,
    /// How many images or pictures.
    count: usize,
    /// How many tiles, if they are pictures of other sizes.
    tiles: Option<usize>,
    pixels: usize,
    index: ItemIndex,
    skipped: usize,
}

pub(crate) fn run(args: &Compress, common: &Common) -> anyhow::Result<Status> {
    let model = open_model(&args.applied.model, &device(&common.device)?)?;
    let compressor =
        model.compressor().with_context(|| format!("{}", args.applied.model.display()))?;
    let mode = if args.exact { Mode::Exact } else { Mode::Lossy };
    let job = Job { args, common, model: &model, compressor: &compressor, mode };
    let compressed = match are_whole(&args.applied.images, &args.reading, &model)? {
        true => job.in_tiles()?,
        false => job.as_images()?,
    };
    write_atomic(&args.out, &compressed.bytes)?;
    tell(args, common, &compressed)?;
    Ok(Status::Done)
}

/// What is compressed, and how.
#[derive(Clone, Copy)]
struct Job<'a> {
    args: &'a Compress,
    common: &'a Common,
    model: &'a Model,
    compressor: &'a Compressor,
    mode: Mode,
}

impl Job<'_> {
    /// Compresses images of the model's size.
    fn as_images(&self) -> anyhow::Result<Compressed> {
        let Self { args, common, model, compressor, mode } = *self;
        let mut reader = inputs(&args.applied.images, model.input(), &args.reading, common)?;
        let mut progress = progress::data(common);
        let resize = args.reading.resize.unwrap_or_default();
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
            rounded += of_16_bits(&chunk);
            index.add(&chunk);
            progress.read("reading", reader.done() as u64, reader.total() as u64);
        }
        drop(progress);
        tell_of_rounded(rounded, common);
        let working =
            progress::working(common, &format!("compressing {}", counted_as(count, "image")));
        let bytes = compressor.compress_named(&images, &index.names(), args.quality, mode)?;
        drop(working);
        let (pixels, skipped) = (images.len(), reader.skipped());
        Ok(Compressed { bytes, count, tiles: None, pixels, index, skipped })
    }

    /// Compresses pictures of other sizes than the model's.
    fn in_tiles(&self) -> anyhow::Result<Compressed> {
        let Self { args, common, model, compressor, mode } = *self;
        tell_of_training_data(&args.applied.images, model.input(), common);
        let mut progress = progress::data(common);
        let ImageShape { channels, height, width } = model.shape();
        let options = args.reading.over(model.input().reading());
        let reader =
            &mut PictureReader::open(&args.applied.images, channels, &options, progress.as_mut())?;
        let total = reader.shapes().len();
        progress.chose(&format!(
            "pictures of other sizes are compressed in tiles of {height} x {width}"
        ));
        if channels == 1 && reader.shapes().iter().any(|shape| shape.channels > 1) {
            progress.chose("the model is for grey pictures: each colour goes through it by itself");
        }
        let mut tiled = TiledPictures::new([channels, height, width])?;
        let (mut index, mut pixels, mut rounded) = (ItemIndex::default(), 0, 0);
        for picture in reader.by_ref() {
            let picture = picture?;
            let bytes = to_bytes(&picture, mode)?;
            let ImageShape { channels, height, width } = picture.shape;
            let name = picture.files.iter().flatten().next();
            let name = name.map(|name| name.to_string_lossy()).unwrap_or_default();
            tiled.add(&name, [channels, height, width], &bytes)?;
            pixels += bytes.len();
            rounded += of_16_bits(&picture);
            index.add(&picture);
            progress.read("reading", tiled.len() as u64, total as u64);
        }
        drop(progress);
        tell_of_rounded(rounded, common);
        let (count, tiles) = (tiled.len(), Some(tiled.tiles()));
        let what = format!("compressing {}", counted_as(tiled.tiles(), "tile"));
        let working = progress::working(common, &what);
        let bytes = compressor.compress_pictures(&tiled, args.quality, mode)?;
        drop(working);
        Ok(Compressed { bytes, count, tiles, pixels, index, skipped: reader.skipped() })
    }
}

fn of_16_bits(inputs: &Inputs) -> usize {
    inputs.has_16_bits.iter().filter(|&&deep| deep).count()
}

fn tell_of_rounded(rounded: usize, common: &Common) {
    if rounded > 0 {
        progress::data(common).chose(&format!(
            "{} of 16 bits rounded to the 8 that a file of compressed images holds",
            counted_as(rounded, "picture")
        ));
    }
}

/// Writes the index, and tells what was compressed.
fn tell(args: &Compress, common: &Common, compressed: &Compressed) -> anyhow::Result<()> {
    let Compressed { bytes, count, tiles, pixels, index, skipped } = compressed;
    let index = index.write_beside(&args.out, *skipped)?;
    let size = bytes.len();
    let output = args.out.display().to_string();
    if common.json {
        output::json(&json!({
            "images": count, "tiles": tiles, "skipped": skipped, "bytes": size, "pixels": pixels,
            "output": output, "index": index.map(|path| path.display().to_string()),
        }))?;
    } else if !common.quiet {
        let left_out = if *skipped > 0 { format!(", {skipped} left out") } else { String::new() };
        let each = size as f64 / *count as f64;
        let what = if tiles.is_some() { "picture" } else { "image" };
        output::text(&format!(
            "{} compressed to {size} bytes, {each:.1} each, in {output}{left_out}{}",
            counted_as(*count, what),
            output::told_index(index.as_deref())
        ))?;
    }
    Ok(())
}
