//! `ae denoise`

use ae_experiment::{Model, ModelKind, Seed, corrupt, device};

use super::{Status, inputs};
use crate::args::{Common, Denoise};
use crate::delivery::Delivery;
use crate::progress;

pub(crate) fn run(args: &Denoise, common: &Common) -> anyhow::Result<Status> {
    let model = Model::open(&args.apply.model, &device(&common.device)?)?;
    if model.saved().spec.kind == ModelKind::Regular {
        let path = args.apply.model.display();
        tracing::warn!("{path} is a regular autoencoder: it was not trained to remove noise");
    }
    let mut reader = inputs(&args.apply.images, model.format(), &args.apply.reading, common)?;
    let mut delivery = Delivery::begin(&args.apply.target, model.format(), reader.name())?;
    let mut progress = progress::data(common);
    let seed = Seed::new(args.seed);
    let mut first = 0;
    while let Some(chunk) = reader.next().transpose()? {
        let noisy = args.noise.as_ref().map(|noise| corrupt(&chunk, first, noise, seed));
        let seen = noisy.as_deref().unwrap_or(&chunk.pixels);
        let outputs = model.reconstruct(seen)?;
        let mut rows = vec![("noisy", seen), ("denoised", outputs.as_slice())];
        if noisy.is_some() {
            rows.push(("original", &chunk.pixels));
        }
        delivery.add(&outputs, &rows, &chunk.names(first))?;
        first += chunk.len();
        progress.read("denoising", reader.done() as u64, reader.total() as u64);
    }
    delivery.finish(reader.skipped(), common)?;
    Ok(Status::Done)
}
