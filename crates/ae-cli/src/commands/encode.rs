//! `ae encode`

use ae_experiment::{TrainedEncoder, device, write_npy};

use super::{Status, counted, inputs, written};
use crate::args::{Common, Encode};

pub(crate) fn run(args: &Encode, common: &Common) -> anyhow::Result<Status> {
    let encoder = TrainedEncoder::open(&args.model, &device(&common.device)?)?;
    let inputs = inputs(&args.images, encoder.shape(), common)?;
    let codes = encoder.encode(&inputs.pixels)?;
    write_npy(&args.output, &[inputs.len(), encoder.latent_dim()], &codes)?;
    let images = counted(inputs.len());
    let what = format!("{images} encoded to {} numbers each", encoder.latent_dim());
    written(common, &args.output, inputs.len(), &what)?;
    Ok(Status::Done)
}
