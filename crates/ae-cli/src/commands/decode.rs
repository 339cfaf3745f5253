//! `ae decode`

use ae_experiment::{Model, device, read_codes};

use super::Status;
use super::reconstruct::deliver;
use crate::args::{Common, Decode};

pub(crate) fn run(args: &Decode, common: &Common) -> anyhow::Result<Status> {
    let model = Model::open(&args.model, &device(&common.device)?)?;
    let codes = read_codes(&args.codes, &model)?;
    let images = model.decode(&codes)?;
    let name = args.codes.display().to_string();
    deliver(&images, &[("decoded", &images)], model.shape(), &name, &args.target, common)?;
    Ok(Status::Done)
}
