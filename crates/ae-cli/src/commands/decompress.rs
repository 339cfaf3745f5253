//! `ae decompress`

use std::ops::Range;
use std::path::Path;

use ae_apply::{MAX_ARCHIVE_BYTES, Model, device};
use ae_compression::Archive;
use ae_dataset::ImageShape;
use ae_experiment::open_model;
use ae_files::read_bounded;
use anyhow::Context as _;

use crate::args::{Common, Decompress};
use crate::delivery::{Delivered, Delivery, PictureDelivery};
use crate::exit_status::Status;
use crate::noise_levels::NoiseLevels;
use crate::progress;

/// Images that are in memory at once.
const CHUNK: usize = 1024;

pub(crate) fn run(args: &Decompress, common: &Common) -> anyhow::Result<Status> {
    let model = open_model(&args.model, &device(&common.device)?)?;
    let compressor = model.compressor().with_context(|| format!("{}", args.model.display()))?;
    let name = args.archive.display().to_string();
    let bytes = read_bounded(&args.archive, MAX_ARCHIVE_BYTES)?;
    let archive = compressor.open(&bytes).with_context(|| name.clone())?;
    match archive.pictures() {
        Some(shapes) => pictures(args, common, &archive, &shapes, &name)?,
        None => images(args, common, &model, &archive, &name)?,
    }
    Ok(Status::Done)
}

/// The images that are wanted of so many.
fn wanted(args: &Decompress, count: usize, name: &str) -> anyhow::Result<Range<usize>> {
    match args.image {
        Some(place) if place >= count => {
            anyhow::bail!("{name}: expected --image below {count}, found {place}")
        }
        Some(place) => Ok(place..place + 1),
        None => Ok(0..count),
    }
}

/// Decompresses pictures of sizes of their own.
fn pictures(
    args: &Decompress,
    common: &Common,
    archive: &Archive<'_>,
    shapes: &[[usize; 3]],
    name: &str,
) -> anyhow::Result<()> {
    let wanted = wanted(args, shapes.len(), name)?;
    let shape = |&[channels, height, width]: &[usize; 3]| ImageShape { channels, height, width };
    let shapes: Vec<_> = shapes[wanted.clone()].iter().map(shape).collect();
    let mut delivery = PictureDelivery::of_made(&args.target, &shapes)?;
    let mut progress = progress::data(common);
    let names = archive.names().into_iter().flatten().skip(wanted.start);
    for ((place, shape), picture) in wanted.clone().zip(&shapes).zip(names) {
        let pixels = archive.picture(place).with_context(|| name.to_owned())?;
        delivery.add_made(*shape, &as_values(&pixels), Path::new(&picture))?;
        let done = place + 1 - wanted.start;
        progress.read("decompressing", done as u64, shapes.len() as u64);
    }
    delivery.finish(0, &NoiseLevels::default(), common)?;
    Ok(())
}

fn as_values(bytes: &[u8]) -> Vec<f32> {
    bytes.iter().map(|&byte| f32::from(byte) / 255.0).collect()
}

/// Decompresses images of the model's size.
fn images(
    args: &Decompress,
    common: &Common,
    model: &Model,
    archive: &Archive<'_>,
    name: &str,
) -> anyhow::Result<()> {
    let Range { start, end } = wanted(args, archive.len(), name)?;
    let mut delivery = Delivery::begin(&args.target, model.format(), name)?;
    let mut progress = progress::data(common);
    let mut names = archive.names().map(|names| names.skip(start));
    for first in (start..end).step_by(CHUNK) {
        let count = CHUNK.min(end - first);
        let images = archive.images(first, count).with_context(|| name.to_owned())?;
        let images = as_values(&images);
        let items = match &mut names {
            Some(names) => Delivered::named(names.by_ref().take(count)),
            None => Delivered::numbered(first, count),
        };
        delivery.add(&images, &[("decompressed", &images)], &items)?;
        progress.read("decompressing", (first + count - start) as u64, (end - start) as u64);
    }
    delivery.finish(0, &NoiseLevels::default(), common)?;
    Ok(())
}
