//! `ae encode`

use ae_experiment::{TrainedEncoder, device, write_npy};
use anyhow::bail;

use super::{Status, inputs, written};
use crate::args::{Common, Encode};

pub(crate) fn run(args: &Encode, common: &Common) -> anyhow::Result<Status> {
    if args.output.extension().is_none_or(|ending| ending != "npy") {
        bail!("{}: expected a file that ends with .npy", args.output.display());
    }
    let encoder = TrainedEncoder::open(&args.model, &device(&common.device)?)?;
    let inputs = inputs(&args.images, encoder.image(), common)?;
    let codes = encoder.encode(&inputs.pixels)?;
    write_npy(&args.output, &[inputs.len(), encoder.latent_dim()], &codes)?;
    let facts = format!("encoded to {} numbers each", encoder.latent_dim());
    written(common, &args.output, inputs.len(), &facts)?;
    Ok(Status::Done)
}
