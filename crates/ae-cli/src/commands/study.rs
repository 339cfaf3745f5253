//! `ae study`

use ae_apply::device;
use ae_experiment::Spec;
use ae_studies::{StudyOptions, run_study};

use super::{check_spec, conclude, network, set};
use crate::args::{Common, Study};
use crate::exit_status::Status;
use crate::{interrupt, progress};

pub(crate) fn run(args: &Study, common: &Common) -> anyhow::Result<Status> {
    check_spec("study SPEC", &args.spec)?;
    let mut spec = Spec::read(&args.spec)?;
    args.settings.apply(&mut spec);
    set(&mut spec, &args.settings.set)?;
    let folder = args.folder.of(&spec, common)?;
    interrupt::resumable(&folder.path, true);
    let mut show = progress::steps(common);
    let step = &mut |step: &str| {
        // The first step comes when the folder is the study's.
        interrupt::begun();
        show(step);
    };
    let options = StudyOptions {
        device: device(&common.device)?,
        network: network(common),
        progress: &mut *progress::data(common),
        step,
    };
    let record = run_study(spec, &folder.path, folder.existing, options)?;
    conclude(common, &record, &folder.path)
}
