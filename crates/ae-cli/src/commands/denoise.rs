//! `ae denoise`

use ae_apply::{Model, check_noise, corrupt, device};
use ae_dataset::PictureReader;
use ae_experiment::open_model;
use ae_models::ModelKind;
use ae_random::Seed;

use super::{inputs, tell_of_training_data};
use crate::args::{Apply, Common, Denoise};
use crate::delivery::{Delivered, Delivery, PictureDelivery};
use crate::exit_status::Status;
use crate::progress;

pub(crate) fn run(args: &Denoise, common: &Common) -> anyhow::Result<Status> {
    let model = open_model(&args.apply.applied.model, &device(&common.device)?)?;
    if model.saved().spec.kind == ModelKind::Regular {
        let path = args.apply.applied.model.display();
        tracing::warn!("{path} is a regular autoencoder, which was not trained to remove noise");
    }
    let (images, format) = (&args.apply.applied.images, model.format());
    if let Some(noise) = &args.noise {
        check_noise(noise, format)?;
    }
    let keeps_sizes = args.apply.reading.resize.is_none() && format.scaling.is_none();
    if keeps_sizes
        && PictureReader::finds_other_shapes(images, format.shape, &args.apply.reading.options())?
    {
        return in_tiles(args, &model, common);
    }
    let mut reader =
        inputs(&args.apply.applied.images, model.input(), &args.apply.reading, common)?;
    let mut delivery = Delivery::begin(&args.apply.target, model.format(), reader.name())?
        .of_pictures(reader.origins().as_deref(), args.apply.continues)?;
    reader = reader.only(&|item| delivery.is_wanted(item));
    let mut progress = progress::data(common);
    let seed = Seed::new(args.seed);
    while let Some(chunk) = reader.next() {
        let chunk = chunk.map_err(|error| delivery.interrupted(error.into()))?;
        let noisy = args.noise.as_ref().map(|noise| corrupt(&chunk, noise, seed));
        let seen = noisy.as_deref().unwrap_or(&chunk.pixels);
        let outputs = model.reconstruct(seen)?;
        let mut rows = vec![("noisy", seen), ("denoised", outputs.as_slice())];
        if noisy.is_some() {
            rows.push(("original", &chunk.pixels));
        }
        delivery.add(&outputs, &rows, &Delivered::of(&chunk))?;
        progress.read("denoising", reader.done() as u64, reader.total() as u64);
    }
    delivery.finish(reader.skipped(), common)?;
    Ok(Status::Done)
}

/// Pictures of any size, each cleaned in overlapping tiles of the model's size.
fn in_tiles(args: &Denoise, model: &Model, common: &Common) -> anyhow::Result<Status> {
    let Apply { applied, target, continues, reading } = &args.apply;
    let images = &applied.images;
    tell_of_training_data(images, model.input(), common);
    let mut progress = progress::data(common);
    let (channels, options) = (model.shape().channels, reading.over(model.input().reading()));
    let mut reader = PictureReader::open(images, channels, &options, progress.as_mut())?;
    let mut delivery = PictureDelivery::begin(target, *continues, &reader.origins())?;
    reader = reader.only(&|item| delivery.is_wanted(item));
    let seed = Seed::new(args.seed);
    for picture in reader.by_ref() {
        let picture = picture.map_err(|error| delivery.interrupted(error.into()))?;
        let noisy = args.noise.as_ref().map(|noise| corrupt(&picture, noise, seed));
        let seen = noisy.as_deref().unwrap_or(&picture.pixels);
        for origin in picture.origins.iter().flatten() {
            let what = format!("tiles of {}", origin.file.display());
            let mut tell = |done, total| progress.read(&what, done as u64, total as u64);
            let outputs = model.reconstruct_picture(seen, picture.shape, &mut tell)?;
            let has_16_bits = picture.has_16_bits.contains(&true);
            delivery.add(picture.shape, &outputs, origin, has_16_bits)?;
        }
    }
    delivery.finish(reader.skipped(), common)?;
    Ok(Status::Done)
}
