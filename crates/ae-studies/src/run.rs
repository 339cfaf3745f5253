//! From a spec with a `[study]` table to a record: studies that begin, and studies that go on.

use std::path::Path;

use ae_dataset::{Network, Progress};
use ae_experiment::{
    Claim, Existing, FileRecord, Record, ResumeChanges, RunFolder, Spec, StudySpec, resolve,
};
use ae_files::file_names;
use ae_models::Device;

use crate::error::{StudyError, setting};
use crate::photographs::TestSet;
use crate::setup::{Setup, StudyModel, check_distinct};
use crate::study::{Study, study_of};
use crate::workbench::{Planned, Workbench};

/// How a study is carried out: nothing here changes its result.
pub struct StudyOptions<'a> {
    /// Where the models are trained.
    pub device: Device,
    /// Whether data may be fetched.
    pub network: Network,
    /// Hears of a download.
    pub progress: &'a mut dyn Progress,
    /// Hears what the study does now, a sentence a step.
    pub step: &'a mut dyn FnMut(&str),
}

/// Runs a study by its spec into a new folder.
///
/// # Errors
/// If the spec is no study, it or its data is invalid, or the folder is taken: then nothing was changed. If a step
/// fails, the models that were trained until then stay, and [`resume_study`] goes on from there.
pub fn run_study(
    spec: Spec,
    folder: &Path,
    existing: Existing,
    options: StudyOptions,
) -> Result<Record, StudyError> {
    let StudyOptions { device, network, progress, step } = options;
    let kind = study_spec(&spec)?;
    // Before anything is fetched.
    let claim = Claim::new(folder, existing)?;
    let spec = study_of(&kind).prepared(spec)?;
    let kind = study_spec(&spec)?;
    let study = study_of(&kind);
    let (spec, dataset) = resolve(spec, folder, network, progress)?;
    let setup = Setup::new(&spec, &dataset, &device)?;
    let models = checked(&setup, study)?;
    let tests = study.test_sets()?;
    let toml = spec.to_toml()?;
    // All that can be refused has been: now an earlier study may go.
    let folder = claim.take()?;
    ae_files::write_atomic(&folder.spec(), toml.as_bytes())?;
    carry_out(study, Workbench::new(setup, Planned { models, tests }, folder, step)?)
}

/// Goes on with a study that was interrupted: models that it has finished are read, the others are trained. It ends
/// with the record, tables and figures of one that was not interrupted.
///
/// # Errors
/// As [`run_study`]; and if the folder holds no study, another process is at work in it, a model in it was trained with
/// other settings or on other data, or the study's test pictures have changed. Nothing was changed then.
pub fn resume_study(
    folder: &Path,
    changes: &ResumeChanges,
    options: StudyOptions,
) -> Result<Record, StudyError> {
    let StudyOptions { device, network, progress, step } = options;
    let (path, folder) = (folder, RunFolder::open(folder)?);
    let written = Spec::read(&folder.spec())?;
    let kind = study_spec(&written)?;
    let study = study_of(&kind);
    if let Some(epochs) = changes.epochs {
        let expected = "left as it is for a study, whose models are compared after the same epochs";
        return Err(setting("training.epochs", expected, &epochs.to_string()));
    }
    let (spec, dataset) = resolve(changes.applied_to(&written), path, network, progress)?;
    let setup = Setup::new(&spec, &dataset, &device)?;
    let mut models = checked(&setup, study)?;
    let tests = study.test_sets()?;
    let digests: Vec<FileRecord> = tests.iter().map(TestSet::digest).collect();
    models.iter_mut().try_for_each(|model| model.find(&folder, &digests))?;
    folder.remove_temporaries()?;
    if spec != written {
        ae_files::write_atomic(&folder.spec(), spec.to_toml()?.as_bytes())?;
    }
    let has_finished =
        models.iter().all(|model| model.found.is_some()) && folder.record().is_file();
    if has_finished {
        progress.chose("the study had finished before: only its tables and figures are made again");
        let planned = Planned { models, tests };
        return carry_out(study, Workbench::new(setup, planned, folder, &mut |_| ())?);
    }
    if models.iter().any(|model| model.found.is_none()) {
        folder.remove_results()?;
    }
    carry_out(study, Workbench::new(setup, Planned { models, tests }, folder, step)?)
}

fn study_spec(spec: &Spec) -> Result<StudySpec, StudyError> {
    spec.study.clone().ok_or_else(|| StudyError::NoStudy { name: spec.name.clone() })
}

fn carry_out(study: &dyn Study, mut bench: Workbench) -> Result<Record, StudyError> {
    study.run(&mut bench)?;
    bench.finish()
}

/// Checks a study and each of its models; the models.
fn checked(setup: &Setup, study: &dyn Study) -> Result<Vec<StudyModel>, StudyError> {
    let mut models = study.check(setup)?;
    check_distinct("the names of a study's models", models.iter().map(|model| model.name.clone()))?;
    let files = file_names(models.iter().map(|model| model.name.as_str()));
    for (model, file) in models.iter_mut().zip(files) {
        model.digest = model.digest_of(&model.plan(setup)?)?;
        model.file = RunFolder::study_model(&file);
    }
    Ok(models)
}
