//! `ae denoise`

use ae_apply::{Model, PictureOptions, check_noise, corrupt, device};
use ae_dataset::Inputs;
use ae_experiment::open_model;
use ae_models::ModelKind;
use ae_random::Seed;

use super::inputs;
use super::whole_pictures::{self, Work, are_whole};
use crate::args::{Common, Denoise};
use crate::delivery::{Continuation, Delivered, Delivery};
use crate::exit_status::{Status, Usage};
use crate::noise_levels::NoiseLevels;
use crate::progress;

pub(crate) fn run(args: &Denoise, common: &Common) -> anyhow::Result<Status> {
    let model = open_model(&args.apply.applied.model, &device(&common.device)?)?;
    if model.saved().spec.kind == ModelKind::Regular {
        let path = args.apply.applied.model.display();
        tracing::warn!("{path} is a regular autoencoder, which was not trained to remove noise");
    }
    check_flags(args, &model)?;
    if let Some(noise) = &args.noise {
        check_noise(noise, model.format())?;
    }
    let seed = Seed::new(args.seed);
    if are_whole(&args.apply, &model)? {
        let options = PictureOptions { noise_level: args.sigma, overlap: args.overlap };
        let work = Work { model: &model, noise: args.noise.as_ref(), seed, options };
        return whole_pictures::run(&work, &args.apply, common);
    }
    let mut reader =
        inputs(&args.apply.applied.images, model.input(), &args.apply.reading, common)?;
    let continuation = Continuation::new(args.apply.continues, &model);
    let mut delivery = Delivery::begin(&args.apply.target, model.format(), reader.name())?
        .of_pictures(reader.origins().as_deref(), &continuation)?;
    reader = reader.only(&|item| delivery.is_wanted(item));
    let mut progress = progress::data(common);
    let mut told = NoiseLevels::default();
    while let Some(chunk) = reader.next() {
        let chunk = chunk.map_err(|error| delivery.interrupted(error.into()))?;
        let noisy = args.noise.as_ref().map(|noise| corrupt(&chunk, noise, seed));
        let seen = noisy.as_deref().unwrap_or(&chunk.pixels);
        let levels = match args.sigma {
            Some(level) => Some(vec![level; chunk.len()]),
            None => model.noise_levels(seen)?,
        };
        let outputs = match &levels {
            Some(levels) => model.reconstruct_with(seen, levels)?,
            None => model.reconstruct(seen)?,
        };
        for (name, &level) in names(&chunk).iter().zip(levels.iter().flatten()) {
            match args.sigma.is_none() && chunk.files.is_some() {
                true => told.estimated(name, level, progress.as_mut()),
                false => told.given(name, level),
            }
        }
        let mut rows = vec![("noisy", seen), ("denoised", outputs.as_slice())];
        if noisy.is_some() {
            rows.push(("original", &chunk.pixels));
        }
        delivery.add(&outputs, &rows, &Delivered::of(&chunk))?;
        progress.read("denoising", reader.done() as u64, reader.total() as u64);
    }
    if args.sigma.is_none() {
        told.summarise(progress.as_mut());
    }
    delivery.finish(reader.skipped(), &told, common)?;
    Ok(Status::Done)
}

fn names(chunk: &Inputs) -> Vec<String> {
    chunk.names().iter().map(|name| name.display().to_string()).collect()
}

/// Refuses flags that the model has no use for.
fn check_flags(args: &Denoise, model: &Model) -> anyhow::Result<()> {
    let path = args.apply.applied.model.display();
    if args.sigma.is_some() && !model.takes_noise_level() {
        let sentence = format!(
            "--sigma: the network of {path} is not told the level of noise; leave --sigma out, or train one that is: \
             `--network denoiser` with a range of noise, such as --noise gaussian:5/255..55/255"
        );
        return Err(Usage(sentence).into());
    }
    let Some(overlap) = args.overlap else { return Ok(()) };
    let shape = model.shape();
    let shorter = shape.height.min(shape.width);
    let sentence = if model.is_spatial() {
        format!(
            "--overlap: the network of {path} takes pictures of any size as one; leave --overlap out"
        )
    } else if overlap >= shorter {
        let (height, width) = (shape.height, shape.width);
        format!(
            "--overlap must be below {shorter}, the shorter side of the model's {height} x {width}, found {overlap}"
        )
    } else {
        return Ok(());
    };
    Err(Usage(sentence).into())
}
