//! `ae compress`

use std::collections::HashSet;

use ae_apply::{Model, device, to_bytes};
use ae_compression::{Compressor, IMAGES_OF_A_BLOCK, Mode, TiledPictures};
use ae_dataset::{BadItems, ImageShape, Inputs, PictureReader, ReadOptions, Resize};
use ae_experiment::open_model;
use ae_files::{counted_as, write_atomic};
use anyhow::Context as _;
use serde_json::json;

use super::whole_pictures::are_whole;
use super::{in_flags, inputs, tell_of_training_data};
use crate::args::{Common, Compress};
use crate::delivery::Outcome;
use crate::exit_status::{Status, Usage};
use crate::item_index::ItemIndex;
use crate::shards::{Begun, Divided, Part, Sharded, finish};
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
    part: Option<Part>,
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
    // The shard is there already.
    let Some(compressed) = compressed else { return Ok(Status::Done) };
    write_atomic(&args.out, &compressed.bytes)?;
    tell(args, common, &compressed)?;
    let Compressed { count, skipped, part, .. } = compressed;
    finish(part, Outcome { images: count, files: Vec::new() }, skipped)?;
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
    /// Begins a shard, which is cut where blocks end.
    fn begin<Reader: Divided>(
        &self,
        reader: Reader,
        options: &ReadOptions,
        may_cut: &dyn Fn(usize) -> bool,
    ) -> anyhow::Result<Option<Begun<Reader>>> {
        let Self { args, common, mode, .. } = *self;
        if args.shard.shard.is_some() && options.bad == BadItems::Skip {
            let sentence = "--shard of `ae compress` needs every image, as blocks of 16 are compressed together: \
                            --skip-bad=no refuses images that cannot be read";
            return Err(Usage(sentence.to_owned()).into());
        }
        let sharded = Sharded {
            command: "compress",
            model: Some(&args.applied.model),
            settings: format!("{} quality {} {mode:?}", in_flags(options), args.quality),
            out: Some(&args.out),
            replaces: args.overwrite.force,
        };
        sharded.begin(args.shard.shard, reader, may_cut, common)
    }

    /// Compresses images of the model's size. `None` if the shard is there already.
    fn as_images(&self) -> anyhow::Result<Option<Compressed>> {
        let Self { args, common, model, compressor, mode } = *self;
        let reader = inputs(&args.applied.images, model.input(), &args.reading, common)?;
        let options = reader.options().clone();
        let is_end = |place: usize| place.is_multiple_of(IMAGES_OF_A_BLOCK);
        let Some(begun) = self.begin(reader, &options, &is_end)? else { return Ok(None) };
        let Begun { mut reader, part } = begun;
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
        // The file of a shard without images is empty.
        let bytes = match count {
            0 => Vec::new(),
            _ => compressor.compress_named(&images, &index.names(), args.quality, mode)?,
        };
        drop(working);
        let (pixels, skipped) = (images.len(), reader.skipped());
        Ok(Some(Compressed { bytes, count, tiles: None, pixels, index, skipped, part }))
    }

    /// Compresses pictures of other sizes than the model's. `None` if the shard is there already.
    fn in_tiles(&self) -> anyhow::Result<Option<Compressed>> {
        let Self { args, common, model, compressor, mode } = *self;
        tell_of_training_data(&args.applied.images, model.input(), common);
        let mut progress = progress::data(common);
        let ImageShape { channels, height, width } = model.shape();
        let options = args.reading.over(model.input().reading());
        let reader =
            PictureReader::open(&args.applied.images, channels, &options, progress.as_mut())?;
        let mut tiled = TiledPictures::new([channels, height, width])?;
        let ends = ends_of_blocks(&tiled, reader.shapes());
        let Some(begun) = self.begin(reader, &options, &|place| ends.contains(&place))? else {
            return Ok(None);
        };
        let Begun { mut reader, part } = begun;
        let total = reader.shapes().len();
        progress.chose(&format!(
            "pictures of other sizes are compressed in tiles of {height} x {width}"
        ));
        if channels == 1 && reader.shapes().iter().any(|shape| shape.channels > 1) {
            progress.chose("the model is for grey pictures: each colour goes through it by itself");
        }
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
        let bytes = match count {
            0 => Vec::new(),
            _ => compressor.compress_pictures(&tiled, args.quality, mode)?,
        };
        drop(working);
        Ok(Some(Compressed { bytes, count, tiles, pixels, index, skipped: reader.skipped(), part }))
    }
}

/// Before which pictures a block of tiles ends.
fn ends_of_blocks(tiled: &TiledPictures, shapes: &[ImageShape]) -> HashSet<usize> {
    let mut tiles = 0_usize;
    let mut ends = HashSet::new();
    for (place, ImageShape { channels, height, width }) in shapes.iter().enumerate() {
        if tiles.is_multiple_of(IMAGES_OF_A_BLOCK) {
            ends.insert(place);
        }
        tiles = tiles.saturating_add(tiled.tiles_of([*channels, *height, *width]));
    }
    ends
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
    let Compressed { bytes, count, tiles, pixels, index, skipped, part: _ } = compressed;
    let index = index.write_beside(&args.out, *skipped, false)?;
    let size = bytes.len();
    let output = args.out.display().to_string();
    if common.json {
        output::json(&json!({
            "images": count, "tiles": tiles, "skipped": skipped, "bytes": size, "pixels": pixels,
            "output": output, "index": index.map(|path| path.display().to_string()),
        }))?;
    } else if !common.quiet {
        let left_out = if *skipped > 0 { format!(", {skipped} left out") } else { String::new() };
        let each = size as f64 / (*count).max(1) as f64;
        let what = if tiles.is_some() { "picture" } else { "image" };
        output::text(&format!(
            "{} compressed to {size} bytes, {each:.1} each, in {output}{left_out}{}",
            counted_as(*count, what),
            output::told_index(index.as_deref())
        ))?;
    }
    Ok(())
}
