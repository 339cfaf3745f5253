//! `ae resume`

use ae_experiment::{
    DatasetError, ExperimentError, ResumeChanges, StudyOptions, begun_spec, device, resume,
    resume_study,
};

use super::{Status, conclude, finish, network};
use crate::args::{Common, Resume};
use crate::{interrupt, progress};

pub(crate) fn run(args: &Resume, common: &Common) -> anyhow::Result<Status> {
    let changes = ResumeChanges { epochs: args.epochs.map(Into::into), data: args.data.clone() };
    let is_study = begun_spec(&args.run)?.study.is_some();
    interrupt::listen(&args.run, is_study);
    interrupt::begun();
    let hint = |error: ExperimentError| match &error {
        ExperimentError::Dataset(DatasetError::NoData { .. }) if args.data.is_none() => {
            anyhow::anyhow!("{error}\nif the data was moved, say where it lies now with --data")
        }
        _ => error.into(),
    };
    if !is_study {
        return finish(common, &args.run, args.show, |options| {
            resume(&args.run, &changes, options).map_err(hint)
        });
    }
    let options = StudyOptions {
        device: device(&common.device)?,
        network: network(common),
        progress: &mut *progress::data(common),
        step: &mut *progress::steps(common),
    };
    let record = resume_study(&args.run, &changes, options).map_err(hint)?;
    conclude(common, &record, &args.run)
}
