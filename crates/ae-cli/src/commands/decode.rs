//! `ae decode`

use ae_experiment::{Model, device, read_codes};

use super::Status;
use crate::args::{Common, Decode};
use crate::delivery::{self, Delivered, Delivery};

pub(crate) fn run(args: &Decode, common: &Common) -> anyhow::Result<Status> {
    delivery::check(args.target.output.as_deref(), &args.codes)?;
    let model = Model::open(&args.model, &device(&common.device)?)?;
    let codes = read_codes(&args.codes, &model)?;
    let images = model.decode(&codes)?;
    let name = args.codes.display().to_string();
    let mut delivery = Delivery::begin(&args.target, model.format(), &name)?;
    let count = images.len() / model.shape().size();
    delivery.add(&images, &[("decoded", &images)], &Delivered::numbered(0, count))?;
    delivery.finish(0, common)?;
    Ok(Status::Done)
}
