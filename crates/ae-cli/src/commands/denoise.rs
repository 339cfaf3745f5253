//! `ae denoise`

use std::path::Path;

use ae_apply::{
    DENOISER_INSIDE, Model, PictureOptions, check_noise, corrupt, denoiser_inside, device,
};
use ae_dataset::{Inputs, is_named_like_a_picture};
use ae_experiment::{open_model, weights_file};
use ae_models::ModelKind;
use ae_random::Seed;
use ae_report::PictureFormat;

use super::whole_pictures::{self, Work, are_whole};
use super::{in_flags, inputs};
use crate::args::{Common, Denoise, Denoised, OutputKind, OutputPath};
use crate::delivery::{Continuation, Delivered, Delivery};
use crate::exit_status::{Status, Usage};
use crate::guard::check_beside;
use crate::noise_levels::NoiseLevels;
use crate::progress;
use crate::shards::{Begun, Sharded, check_target, finish, keeps_index};

pub(crate) fn run(args: &Denoise, common: &Common) -> anyhow::Result<Status> {
    let args = &with_target(args)?;
    let Denoised { model: path, images } = &args.apply.applied;
    let shard = args.apply.shard.shard;
    let out = shard.map(|_| check_target(&args.apply.target)).transpose()?;
    let model = opened(path.as_deref(), images, common)?;
    if let (Some(path), ModelKind::Regular) = (path, model.saved().spec.kind) {
        let path = path.display();
        tracing::warn!("{path} is a regular autoencoder, which was not trained to remove noise");
    }
    check_flags(args, &model)?;
    if let Some(noise) = &args.noise {
        check_noise(noise, model.format())?;
    }
    let seed = Seed::new(args.seed);
    if are_whole(images, &args.apply.reading, &model)? {
        let options = PictureOptions { noise_level: args.sigma, overlap: args.overlap };
        let (noise, command) = (args.noise.as_ref(), "denoise");
        let work = Work { model: &model, noise, seed, options, command, path: path.as_deref() };
        return whole_pictures::run(&work, images, &args.apply, common);
    }
    let reader = inputs(images, model.input(), &args.apply.reading, common)?;
    let origins = reader.origins();
    let sharded = Sharded {
        command: "denoise",
        model: path.as_deref(),
        settings: format!("{} {}", in_flags(reader.options()), settings(args)),
        out,
        replaces: args.apply.target.overwrite.force,
    };
    let Some(begun) = sharded.begin(shard, reader, &|_| true, common)? else {
        return Ok(Status::Done);
    };
    let Begun { mut reader, part } = begun;
    let (target, continuation) =
        (&args.apply.target, Continuation::new(args.apply.continues, &model));
    let mut delivery = Delivery::begin_shard(target, model.format(), reader.name(), shard)?
        .keeping_index(keeps_index(&part, reader.options()))
        .of_pictures(origins.as_deref(), &continuation)?;
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
    let outcome = delivery.finish(reader.skipped(), &told, common)?;
    finish(part, outcome, reader.skipped())?;
    Ok(Status::Done)
}

/// What changes the result, in words.
fn settings(args: &Denoise) -> String {
    let Denoise { apply, noise, seed, sigma, overlap } = args;
    let noise = noise.as_ref().map_or_else(|| "none".to_owned(), ToString::to_string);
    format!("{} noise {noise} seed {seed} {sigma:?} {overlap:?}", apply.target.settings())
}

/// The model that is named, or the denoiser inside.
fn opened(path: Option<&Path>, images: &Path, common: &Common) -> anyhow::Result<Model> {
    let device = device(&common.device)?;
    if let Some(path) = path {
        return Ok(open_model(path, &device)?);
    }
    let is_weights = images.extension().is_some_and(|ending| ending == "safetensors");
    if is_weights || images.is_dir() && weights_file(images).is_ok() {
        let images = images.display();
        let sentence = format!(
            "{images} is a model; name what it is to denoise too: ae denoise {images} PICTURES"
        );
        return Err(Usage(sentence).into());
    }
    let told = format!(
        "no model is named: {DENOISER_INSIDE} is used, for photographs with Gaussian noise"
    );
    progress::data(common).chose(&told);
    Ok(denoiser_inside(&device)?)
}

/// The arguments with a place for the result: without -o it stands beside the input.
fn with_target(args: &Denoise) -> anyhow::Result<Denoise> {
    let (mut args, images) = (args.clone(), &args.apply.applied.images);
    let target = &mut args.apply.target;
    if target.out.is_some() || target.show || args.apply.shard.shard.is_some() {
        return Ok(args);
    }
    let Some(output) = beside(images) else {
        let sentence = format!(
            "{}: expected a folder, or a picture whose name ends in .jpg or the like, to name the result after; give -o",
            images.display()
        );
        return Err(Usage(sentence).into());
    };
    check_beside(&output, images, target.overwrite.force, args.apply.continues)?;
    target.out = Some(output);
    Ok(args)
}

/// `photo-denoised.jpg` beside a picture, `photos-denoised` beside a folder.
fn beside(images: &Path) -> Option<OutputPath> {
    if images.is_dir() {
        // `.` and `..` are other names of folders that have one.
        let images = match images.file_name() {
            Some(_) => images.to_owned(),
            None => images.canonicalize().ok()?,
        };
        let folder = images.with_file_name(format!("{}-denoised", images.file_name()?.to_str()?));
        // The separator at its end says that it is a folder.
        return Some(OutputPath::new(folder.join(""), OutputKind::Folder));
    }
    if !is_named_like_a_picture(images) {
        return None;
    }
    let name = images.file_stem()?.to_str()?;
    // A format that is read and not written becomes PNG.
    let ending = PictureFormat::of_name(images).and(images.extension()?.to_str()).unwrap_or("png");
    let file = images.with_file_name(format!("{name}-denoised.{ending}"));
    Some(OutputPath::new(file, OutputKind::File))
}

fn names(chunk: &Inputs) -> Vec<String> {
    chunk.names().iter().map(|name| name.display().to_string()).collect()
}

/// Refuses flags that the model has no use for.
fn check_flags(args: &Denoise, model: &Model) -> anyhow::Result<()> {
    let path = args.apply.applied.model.as_deref().unwrap_or(Path::new(DENOISER_INSIDE)).display();
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
