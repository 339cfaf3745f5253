//! `ae denoise`

use ae_experiment::{Model, ModelKind, Seed, corrupt, device};

use super::reconstruct::deliver;
use super::{Status, inputs};
use crate::args::{Common, Denoise};

pub(crate) fn run(args: &Denoise, common: &Common) -> anyhow::Result<Status> {
    let model = Model::open(&args.apply.model, &device(&common.device)?)?;
    if model.saved().spec.kind == ModelKind::Regular {
        let path = args.apply.model.display();
        tracing::warn!("{path} is a regular autoencoder: it was not trained to remove noise");
    }
    let inputs = inputs(&args.apply.images, model.shape(), common)?;
    let seed = Seed::new(args.seed);
    let noisy = args.noise.as_ref().map(|noise| corrupt(&inputs, noise, seed));
    let seen = noisy.as_deref().unwrap_or(&inputs.pixels);
    let outputs = model.reconstruct(seen)?;
    let mut rows = vec![("noisy", seen), ("denoised", outputs.as_slice())];
    if noisy.is_some() {
        rows.push(("original", &inputs.pixels));
    }
    deliver(&outputs, &rows, model.shape(), &inputs.name, &args.apply.target, common)?;
    Ok(Status::Done)
}
