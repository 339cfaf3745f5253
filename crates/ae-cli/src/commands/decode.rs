//! `ae decode`

use std::path::PathBuf;

use ae_experiment::{Model, device, read_codes};

use super::Status;
use crate::args::{Common, Decode};
use crate::delivery::Delivery;

pub(crate) fn run(args: &Decode, common: &Common) -> anyhow::Result<Status> {
    let model = Model::open(&args.model, &device(&common.device)?)?;
    let codes = read_codes(&args.codes, &model)?;
    let images = model.decode(&codes)?;
    let name = args.codes.display().to_string();
    let mut delivery = Delivery::begin(&args.target, model.format(), &name)?;
    let count = images.len() / model.shape().size();
    let names: Vec<_> = (0..count).map(|place| PathBuf::from(format!("{place:06}"))).collect();
    delivery.add(&images, &[("decoded", &images)], &names)?;
    delivery.finish(0, common)?;
    Ok(Status::Done)
}
