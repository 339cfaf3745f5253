//! The exit status: 0 done, 1 something failed, 2 what was typed or set is wrong, 3 an expectation fell short, 130
//! interrupted.

use std::error::Error;
use std::fmt;

use ae_apply::ApplyError;
use ae_experiment::ExperimentError;
use ae_studies::StudyError;

/// How a command ended, if it did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    /// All is well.
    Done,
    /// An expectation of the experiment fell short.
    FellShort,
    /// A training has stopped as it was asked to, by Ctrl-C or on its page.
    Interrupted,
}

/// The exit status of a program that Ctrl-C has ended: 128 and the number of SIGINT.
pub(crate) const INTERRUPTED: u8 = 130;

/// 3 if an expectation fell short, 130 if a training was stopped.
pub(crate) fn of_status(status: Status) -> u8 {
    match status {
        Status::Done => 0,
        Status::FellShort => 3,
        Status::Interrupted => INTERRUPTED,
    }
}

/// What was typed does not fit the rest; the exit status is 2.
#[derive(Debug)]
pub(crate) struct Usage(pub(crate) String);

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Usage {}

/// 2 if an argument or a setting is wrong, whether a flag or a spec holds it; 1 if a file, the data or the machine
/// is what failed.
pub(crate) fn of_error(error: &anyhow::Error) -> u8 {
    if error.chain().any(|cause| cause.is::<Usage>() || is_about_a_setting(cause)) { 2 } else { 1 }
}

fn is_about_a_setting(cause: &(dyn Error + 'static)) -> bool {
    let of_experiment = match cause.downcast_ref() {
        Some(StudyError::Experiment(error)) => Some(error.as_ref()),
        _ => cause.downcast_ref(),
    };
    let of_application = match (of_experiment, cause.downcast_ref()) {
        (Some(ExperimentError::Apply(error)), _) => Some(error.as_ref()),
        (_, Some(StudyError::Apply(error))) => Some(error),
        _ => cause.downcast_ref(),
    };
    // What data has is no setting, but for the name of the data.
    if matches!(of_experiment, Some(ExperimentError::Setting { setting: "data.source", .. })) {
        return false;
    }
    of_experiment.is_some_and(ExperimentError::is_about_a_setting)
        || of_application.is_some_and(ApplyError::is_about_a_setting)
}
