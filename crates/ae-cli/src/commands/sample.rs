//! `ae sample`

use ae_apply::{ApplyError, Model, Seed, device};
use ae_experiment::{Display, open_model};
use ae_report::{GridRow, reconstruction_grid, square_grid_side};

use super::noun_of;
use crate::args::{Common, Overwrite, Sample, Target};
use crate::delivery::{Delivered, Delivery, first_of, write_figure};
use crate::exit_status::Status;
use crate::noise_levels::NoiseLevels;
use crate::{output, progress};

/// Samples that are in memory at once where they need not all be.
const CHUNK: usize = 1024;
/// Images that a terminal shows.
const SHOWN: usize = 10;

pub(crate) fn run(args: &Sample, common: &Common) -> anyhow::Result<Status> {
    let model = open_model(&args.model, &device(&common.device)?)?;
    let is_figure = args.out.as_ref().is_some_and(|path| {
        let ending = path.extension().and_then(|ending| ending.to_str());
        !path.is_folder() && matches!(ending, Some("png" | "svg")) && args.number > 1
    });
    let sampled = match is_figure {
        true => figure(&model, args, common),
        false => deliver(&model, args, common),
    };
    sampled.map_err(|error| match error.downcast_ref() {
        Some(ApplyError::NotVariational) => {
            error.context("no samples, but `ae interpolate` goes between images")
        }
        _ => error,
    })?;
    Ok(Status::Done)
}

/// Each sample into an array, a table, a folder or the terminal.
fn deliver(model: &Model, args: &Sample, common: &Common) -> anyhow::Result<()> {
    // What has no samples is refused before anything is written.
    model.sample(Seed::new(args.seed), 0, 1)?;
    let overwrite = Overwrite { force: args.overwrite.force };
    let target = Target {
        out: args.out.clone(),
        overwrite,
        format: None,
        quality: Target::QUALITY,
        count: SHOWN,
        show: args.show,
    };
    let name = args.model.display().to_string();
    let mut delivery = Delivery::begin(&target, model.format(), &name)?;
    let mut progress = progress::data(common);
    for first in (0..args.number).step_by(CHUNK) {
        let count = CHUNK.min(args.number - first);
        let images = model.sample(Seed::new(args.seed), first as u64, count)?;
        delivery.add(&images, &[("sample", &images)], &Delivered::numbered(first, count))?;
        progress.read("sampling", (first + count) as u64, args.number as u64);
    }
    delivery.finish(0, &NoiseLevels::default(), common)?;
    Ok(())
}

/// A square grid of samples.
fn figure(model: &Model, args: &Sample, common: &Common) -> anyhow::Result<()> {
    let Some(path) = args.out.as_deref() else { return Ok(()) };
    let shape = model.shape();
    let wanted = (1..=args.number).find(|side| side * side >= args.number).unwrap_or(1);
    let side = square_grid_side(shape.height, shape.width, wanted);
    let count = args.number.min(side * side);
    let images = model.sample(Seed::new(args.seed), 0, count)?;
    let display = Display::of(model.format());
    let rows = images.chunks(side * shape.size());
    let rows = rows.map(|row| Ok(GridRow { label: "", images: display.pictures(row)? }));
    let rows = rows.collect::<anyhow::Result<Vec<_>>>()?;
    let noun = noun_of(model.format());
    let told = first_of(count, args.number, noun);
    let about = format!("{}: {told}, seed {}", args.model.display(), args.seed);
    let figure = reconstruction_grid(&rows, "Samples", &display.caption(&about))?;
    write_figure(path, &figure)?;
    if args.show {
        output::pictures(&rows[..1])?;
    }
    let what = format!("a figure of {told} written");
    output::written(common, path, count, 0, &what, None, &NoiseLevels::default())
}
