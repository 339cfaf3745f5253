//! `ae decompress`

use ae_apply::{MAX_ARCHIVE_BYTES, device};
use ae_experiment::open_model;
use ae_files::read_bounded;
use anyhow::Context as _;

use crate::args::{Common, Decompress};
use crate::delivery::{Delivered, Delivery};
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
    let (start, end) = match args.image {
        Some(place) if place >= archive.len() => {
            anyhow::bail!("{name}: expected --image below {}, found {place}", archive.len())
        }
        Some(place) => (place, place + 1),
        None => (0, archive.len()),
    };
    let mut delivery = Delivery::begin(&args.target, model.format(), &name)?;
    let mut progress = progress::data(common);
    let mut names = archive.names().map(|names| names.skip(start));
    for first in (start..end).step_by(CHUNK) {
        let count = CHUNK.min(end - first);
        let images = archive.images(first, count).with_context(|| name.clone())?;
        let images: Vec<f32> = images.iter().map(|&byte| f32::from(byte) / 255.0).collect();
        let items = match &mut names {
            Some(names) => Delivered::named(names.by_ref().take(count)),
            None => Delivered::numbered(first, count),
        };
        delivery.add(&images, &[("decompressed", &images)], &items)?;
        progress.read("decompressing", (first + count - start) as u64, (end - start) as u64);
    }
    delivery.finish(0, &NoiseLevels::default(), common)?;
    Ok(Status::Done)
}
