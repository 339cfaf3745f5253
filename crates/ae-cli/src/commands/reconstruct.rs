//! `ae reconstruct`

use ae_apply::{PictureOptions, device};
use ae_experiment::open_model;
use ae_random::Seed;

use super::inputs;
use super::whole_pictures::{self, Work, are_whole};
use crate::args::{Apply, Common};
use crate::delivery::{Continuation, Delivered, Delivery};
use crate::exit_status::Status;
use crate::noise_levels::NoiseLevels;
use crate::progress;

pub(crate) fn run(args: &Apply, common: &Common) -> anyhow::Result<Status> {
    let model = open_model(&args.applied.model, &device(&common.device)?)?;
    let images = &args.applied.images;
    if model.is_spatial() && are_whole(images, &args.reading, &model)? {
        let (noise, seed, options) = (None, Seed::new(0), PictureOptions::default());
        let work = Work { model: &model, noise, seed, options };
        return whole_pictures::run(&work, images, args, common);
    }
    let mut reader = inputs(images, model.input(), &args.reading, common)?;
    let continuation = Continuation::new(args.continues, &model);
    let mut delivery = Delivery::begin(&args.target, model.format(), reader.name())?
        .of_pictures(reader.origins().as_deref(), &continuation)?;
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
    delivery.finish(reader.skipped(), &NoiseLevels::default(), common)?;
    Ok(Status::Done)
}
