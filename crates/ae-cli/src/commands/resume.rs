//! `ae resume`

use ae_apply::device;
use ae_dataset::DatasetError;
use ae_experiment::{ExperimentError, ResumeChanges, begun_spec, resume, resume_beside};
use ae_studies::{StudyError, StudyOptions, resume_study};

use super::{conclude, finish, follow, network};
use crate::args::{Common, Resume};
use crate::exit_status::Status;
use crate::{interrupt, processes, progress};

pub(crate) fn run(args: &Resume, common: &Common) -> anyhow::Result<Status> {
    let (data, target) = (args.data.clone(), args.target.clone());
    let changes = ResumeChanges { epochs: args.epochs, data, target };
    let is_study = begun_spec(&args.run)?.study.is_some();
    interrupt::resumable(&args.run, is_study);
    interrupt::begun();
    let hint = |error: anyhow::Error| match is_without_data(&error)
        && args.data.is_none()
        && args.target.is_none()
    {
        true => {
            anyhow::anyhow!(
                "{error}\nif the data was moved, say where it is now with --data (its partners: --target)"
            )
        }
        false => error,
    };
    if !is_study {
        return processes::together(args.together.patience(), |peers| match peers {
            Some(peers) if peers.rank() > 0 => follow(common, peers, |options| {
                resume_beside(&args.run, &changes, options).map_err(|error| hint(error.into()))
            }),
            peers => finish(common, &args.run, &args.shown, peers, |options| {
                resume(&args.run, &changes, options).map_err(|error| hint(error.into()))
            }),
        });
    }
    processes::refuse("a study")?;
    let options = StudyOptions {
        device: device(&common.device)?,
        network: network(common),
        progress: &mut *progress::data(common),
        step: &mut *progress::steps(common),
    };
    let record = resume_study(&args.run, &changes, options).map_err(|error| hint(error.into()))?;
    conclude(common, &record, &args.run)
}

/// Whether the data of a run or of a study is not where it was.
fn is_without_data(error: &anyhow::Error) -> bool {
    let of_run = match error.downcast_ref() {
        Some(StudyError::Experiment(error)) => Some(error.as_ref()),
        _ => error.downcast_ref(),
    };
    matches!(of_run, Some(ExperimentError::Dataset(DatasetError::NoData { .. })))
}
