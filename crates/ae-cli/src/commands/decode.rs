//! `ae decode`

use ae_apply::{device, read_codes};
use ae_experiment::open_model;

use crate::args::{Common, Decode};
use crate::delivery::{Delivered, Delivery};
use crate::exit_status::Status;
use crate::noise_levels::NoiseLevels;

pub(crate) fn run(args: &Decode, common: &Common) -> anyhow::Result<Status> {
    let model = open_model(&args.model, &device(&common.device)?)?;
    let codes = read_codes(&args.codes, &model)?;
    let images = model.decode(&codes)?;
    let name = args.codes.display().to_string();
    let mut delivery = Delivery::begin(&args.target, model.format(), &name)?;
    let count = images.len() / model.shape().size();
    delivery.add(&images, &[("decoded", &images)], &Delivered::numbered(0, count))?;
    delivery.finish(0, &NoiseLevels::default(), common)?;
    Ok(Status::Done)
}
