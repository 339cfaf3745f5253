//! Models opened by the folder of their run or by a weights file in it; both mean the same.

use std::path::{Path, PathBuf};

use ae_apply::{
    AnomalyDetector, ApplyError, DataOfRun, Model, RunOrigin, TrainedEncoder, model_file,
};
use ae_dataset::Source;
use ae_models::Device;

use crate::folder::is_run;
use crate::resume::begun_spec;
use crate::{ExperimentError, Spec};

/// Opens a model by its weights file or by the folder of its run.
///
/// # Errors
/// As [`weights_file`], and if the file is damaged or holds an encoder alone.
pub fn open_model(path: &Path, device: &Device) -> Result<Model, ExperimentError> {
    Ok(Model::open_on(&weights_file(path)?, device)?.with_run(origin(path)?))
}

/// Opens an encoder by its weights file, by that of a whole model, or by the folder of its run.
///
/// # Errors
/// As [`weights_file`], and if the file is damaged.
pub fn open_encoder(path: &Path, device: &Device) -> Result<TrainedEncoder, ExperimentError> {
    Ok(TrainedEncoder::open_on(&weights_file(path)?, device)?.with_run(origin(path)?))
}

/// Opens the anomaly detector of a model by the model's weights file or by the folder of its run.
///
/// # Errors
/// As [`open_model`], and [`ApplyError::NotFitted`] if no detector was fitted.
pub fn open_detector(path: &Path, device: &Device) -> Result<AnomalyDetector, ExperimentError> {
    Ok(AnomalyDetector::of_model(open_model(path, device)?, path)?)
}

/// The weights file that a path means: the file itself, or the `model.safetensors` of a run's folder.
///
/// # Errors
/// [`ExperimentError::ManyModels`] for the folder of a study, [`ExperimentError::Unfinished`] for a run without a model,
/// [`ExperimentError::NoRun`] for any other folder without one.
pub fn weights_file(path: &Path) -> Result<PathBuf, ExperimentError> {
    match model_file(path) {
        Err(ApplyError::NoModel { path, missing }) => Err(match begun_spec(&path) {
            Ok(spec) if spec.study.is_some() => ExperimentError::ManyModels { path },
            // A `spec.toml` alone may be a file that somebody wrote.
            Ok(_) if is_run(&path) => ExperimentError::Unfinished { path },
            _ => ExperimentError::NoRun { path, missing },
        }),
        found => Ok(found?),
    }
}

/// What the run of a weights file adds to it; nothing if the file is in no run's folder.
fn origin(path: &Path) -> Result<RunOrigin, ExperimentError> {
    let Some(place) = RunPlace::of(path) else { return Ok(RunOrigin::default()) };
    let spec = Spec::read(&place.spec)?;
    let settings = place.is_one_model.then(|| spec.run_settings());
    let test_fraction = spec.data.test_fraction;
    let target = spec.data.target.map(PathBuf::from);
    let data = Some(DataOfRun { source: spec.data.source, target, test_fraction });
    Ok(RunOrigin { settings, data })
}

/// The path of the data of a model's run, if the weights file is in the folder of a run and the data exists.
pub fn data_of_run(model: &Path) -> Option<PathBuf> {
    let spec = Spec::read(&RunPlace::of(model)?.spec).ok()?;
    let Ok(source) = spec.data.source.parse::<Source>();
    source.path().map(Path::to_owned).filter(|path| path.exists())
}

/// The run that a weights file belongs to.
struct RunPlace {
    spec: PathBuf,
    /// Whether the spec is that of one model, not of a study.
    is_one_model: bool,
}

impl RunPlace {
    /// The run of a folder or of a weights file, if there is one.
    fn of(path: &Path) -> Option<Self> {
        let spec = |folder: &Path| Some(folder.join("spec.toml")).filter(|spec| spec.is_file());
        if path.is_dir() {
            return Some(Self { spec: spec(path)?, is_one_model: true });
        }
        let file = path.canonicalize().ok()?;
        let folder = file.parent()?;
        let names = ["model.safetensors", "encoder.safetensors"].map(Path::new);
        if names.iter().any(|name| file.file_name() == Some(name.as_os_str())) {
            return Some(Self { spec: spec(folder)?, is_one_model: true });
        }
        let is_one_model = folder.ends_with("checkpoints");
        let is_inner = is_one_model || folder.ends_with("models");
        is_inner.then(|| Some(Self { spec: spec(folder.parent()?)?, is_one_model }))?
    }
}
