//! `ae reconstruct`

use ae_apply::{PictureOptions, device};
use ae_experiment::open_model;
use ae_random::Seed;

use super::whole_pictures::{self, Work, are_whole};
use super::{in_flags, inputs};
use crate::args::{Apply, Common};
use crate::delivery::{Continuation, Delivered, Delivery};
use crate::exit_status::Status;
use crate::noise_levels::NoiseLevels;
use crate::progress;
use crate::shards::{Begun, Sharded, check_target, finish, keeps_index};

pub(crate) fn run(args: &Apply, common: &Common) -> anyhow::Result<Status> {
    let model = open_model(&args.applied.model, &device(&common.device)?)?;
    let (images, shard) = (&args.applied.images, args.shard.shard);
    let out = shard.map(|_| check_target(&args.target)).transpose()?;
    if model.is_spatial() && are_whole(images, &args.reading, &model)? {
        let work = Work {
            model: &model,
            noise: None,
            seed: Seed::new(0),
            options: PictureOptions::default(),
            command: "reconstruct",
            path: Some(&args.applied.model),
        };
        return whole_pictures::run(&work, images, args, common);
    }
    let reader = inputs(images, model.input(), &args.reading, common)?;
    let origins = reader.origins();
    let sharded = Sharded {
        command: "reconstruct",
        model: Some(&args.applied.model),
        settings: format!("{} {}", in_flags(reader.options()), args.target.settings()),
        out,
        replaces: args.target.overwrite.force,
    };
    let Some(begun) = sharded.begin(shard, reader, &|_| true, common)? else {
        return Ok(Status::Done);
    };
    let Begun { mut reader, part } = begun;
    let continuation = Continuation::new(args.continues, &model);
    let mut delivery = Delivery::begin_shard(&args.target, model.format(), reader.name(), shard)?
        .keeping_index(keeps_index(&part, reader.options()))
        .of_pictures(origins.as_deref(), &continuation)?;
    reader = reader.only(&|item| delivery.is_wanted(item));
    let mut progress = progress::data(common);
    while let Some(chunk) = reader.next() {
        let chunk = chunk.map_err(|error| delivery.interrupted(error.into()))?;
        let outputs = model.reconstruct(&chunk.pixels);
        let outputs = outputs.map_err(|error| delivery.interrupted(error.into()))?;
        let rows = [("original", chunk.pixels.as_slice()), ("reconstructed", &outputs)];
        delivery.add(&outputs, &rows, &Delivered::of(&chunk))?;
        progress.read("reconstructing", reader.done() as u64, reader.total() as u64);
    }
    let outcome = delivery.finish(reader.skipped(), &NoiseLevels::default(), common)?;
    finish(part, outcome, reader.skipped())?;
    Ok(Status::Done)
}
