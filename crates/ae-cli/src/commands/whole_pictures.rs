//! Pictures of any size, each put through a model by itself.

use std::path::Path;

use ae_apply::{ApplyError, Model, Noise, PictureOptions, corrupt};
use ae_dataset::{Inputs, PictureReader};
use ae_random::Seed;
use clap::Args;

use super::{in_flags, tell_of_training_data};
use crate::args::{Apply, Common, Reading};
use crate::delivery::{Continuation, PictureDelivery};
use crate::exit_status::Status;
use crate::noise_levels::NoiseLevels;
use crate::progress;
use crate::shards::{Begun, Sharded, check_target, finish};

/// How pictures are taken.
pub(super) struct Work<'a> {
    pub(super) model: &'a Model,
    /// Noise that is put on a picture first.
    pub(super) noise: Option<&'a Noise>,
    pub(super) seed: Seed,
    pub(super) options: PictureOptions,
    pub(super) command: &'static str,
    /// The path of the model; none is the denoiser inside.
    pub(super) path: Option<&'a Path>,
}

/// Whether pictures go through a model one by one, in their own sizes: there are some of other shapes than the model's, and
/// nobody asks for another size.
pub(super) fn are_whole(images: &Path, reading: &Reading, model: &Model) -> anyhow::Result<bool> {
    let format = model.format();
    let keeps_sizes = reading.resize.is_none() && format.scaling.is_none();
    Ok(keeps_sizes && PictureReader::has_another_shape(images, format.shape, &reading.options())?)
}

/// Puts the pictures through the model, and writes each.
pub(super) fn run<A: Args>(
    work: &Work<'_>,
    images: &Path,
    apply: &Apply<A>,
    common: &Common,
) -> anyhow::Result<Status> {
    let (Apply { target, continues, reading, shard, .. }, model) = (apply, work.model);
    tell_of_training_data(images, model.input(), common);
    let mut progress = progress::data(common);
    let (channels, options) = (model.shape().channels, reading.over(model.input().reading()));
    let reader = PictureReader::open(images, channels, &options, progress.as_mut())?;
    let (origins, shapes) = (reader.origins(), reader.shapes().to_vec());
    let Work { noise, seed, options: how, .. } = work;
    let noise = noise.map_or_else(|| "none".to_owned(), ToString::to_string);
    let sharded = Sharded {
        command: work.command,
        model: work.path,
        settings: format!(
            "{} {} noise {noise} {seed:?} {how:?}",
            in_flags(&options),
            target.settings()
        ),
        out: shard.shard.map(|_| check_target(target)).transpose()?,
        replaces: target.overwrite.force,
    };
    let Some(begun) = sharded.begin(shard.shard, reader, &|_| true, common)? else {
        return Ok(Status::Done);
    };
    let Begun { mut reader, part } = begun;
    let continuation = Continuation::new(*continues, model);
    let mut delivery = PictureDelivery::begin(target, &continuation, &origins, &shapes)?;
    reader = reader.only(&|item| delivery.is_wanted(item));
    if channels == 1 && shapes.iter().any(|shape| shape.channels > 1) {
        progress.chose(match model.takes_colour_differences() {
            true => {
                "the model is for grey pictures: it takes the brightness of a colour picture, then two differences of colours"
            }
            false => "the model is for grey pictures: each colour goes through it by itself",
        });
    }
    let mut levels = NoiseLevels::default();
    for picture in reader.by_ref() {
        let mut picture = picture.map_err(|error| delivery.interrupted(error.into()))?;
        let Inputs { shape, .. } = picture;
        let seen = match work.noise {
            Some(noise) => corrupt(&picture, noise, work.seed),
            None => std::mem::take(&mut picture.pixels),
        };
        // A reader of pictures gives one at a time.
        if let Some(origin) = picture.origins.iter().flatten().next() {
            let name = origin.picture.named(&origin.file).display().to_string();
            let mut options = work.options;
            if let Some(level) = options.noise_level {
                levels.given(&name, level);
            } else {
                let level = model.noise_level(&seen, shape);
                options.noise_level = level.map_err(|error| stopped(&delivery, error, &name))?;
                if let Some(level) = options.noise_level {
                    levels.estimated(&name, level, progress.as_mut());
                }
            }
            let what = format!("tiles of {}", origin.file.display());
            let mut tell = |done, total| progress.read(&what, done as u64, total as u64);
            let outputs = model.reconstruct_picture(seen, shape, &options, &mut tell);
            let outputs = outputs.map_err(|error| stopped(&delivery, error, &name))?;
            let has_16_bits = picture.has_16_bits.contains(&true);
            delivery.add(shape, &outputs, origin, has_16_bits)?;
        }
    }
    let outcome = delivery.finish(reader.skipped(), &levels, common)?;
    finish(part, outcome, reader.skipped())?;
    Ok(Status::Done)
}

/// An error at a picture, with what was written before it.
fn stopped(delivery: &PictureDelivery<'_>, error: ApplyError, name: &str) -> anyhow::Error {
    delivery.interrupted(super::of_picture(error, name))
}
