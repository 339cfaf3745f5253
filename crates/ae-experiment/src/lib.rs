//! An experiment: a TOML spec in, a trained model, figures and a record out.
//!
//! # Map
//! - **The spec.** [`Spec`] is read from TOML. An [`Adaptation`] completes it from the data. A [`Plan`] is a spec that was
//!   checked against its data; only a plan is trained.
//! - **Running it.** [`train`] runs a spec into a folder; [`resume`] goes on with a run that was interrupted; [`fit_plan`]
//!   trains a plan without a folder.
//! - **The folder.** [`Claim`] checks and locks a folder before a run; [`RunFolder`] names its files.
//! - **The result.** The [`Record`] holds metrics, digests and figures. An [`Expectation`] is a number that must be reached;
//!   a [`Diagnosis`] compares the model with baselines.
//! - **Looking at runs.** [`survey_runs`] lists those below a folder; a [`Comparison`] says what differs between some.
//! - **Opening it.** [`open_model`], [`open_encoder`] and [`open_detector`] open a model by the folder of its run; `ae-apply`
//!   applies it.
//! - **While it goes on.** A [`LiveTraining`] says how far a training of this process is, and stops it; a [`LiveFolder`]
//!   does so for one of another process.
//! - **The page.** [`page_of_run`] makes `report.html` from the files in the folder of a run or a study.
//! - **Figures.** [`keep_figure`] draws a figure into a run's folder; [`Display`] says what is black and what is white.
//!
//! # Features
//! | feature | default | what |
//! |---|---|---|
//! | `candle` | yes | the autograd engine, and devices other than the CPU |
//! | `hub` | yes | data sets by name are downloaded from the Hugging Face hub |
//! | `cuda` | no | training on NVIDIA GPUs |
//! | `metal` | no | training on Apple GPUs |
//!
//! ```
//! use ae_experiment::{Adaptation, Existing, RunOptions, Spec, train};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let dir = tempfile::tempdir()?;
//! # let data = dir.path().join("data");
//! # let pixels: Vec<u8> = (0..20 * 16).map(|i| (i * 37 % 256) as u8).collect();
//! # let images = ae_dataset::Images::new(4, 4, pixels)?.with_labels(vec![0; 20])?;
//! # ae_dataset::write_folder(&ae_dataset::Dataset::new("toy", "here", images.clone(), images)?, &data)?;
//! let mut spec = Spec::tutorial();
//! spec.data.source = data.display().to_string();
//! spec.training.epochs = 2;
//! let folder = dir.path().join("run");
//! let narrow = Adaptation::Widths(vec![3]);
//! let record = train(spec, &narrow, &folder, Existing::Refuse, RunOptions::default())?.record;
//! assert_eq!(record.epochs, 2);
//! assert!(folder.join("model.safetensors").is_file());
//! # Ok(())
//! # }
//! ```
#![deny(missing_docs)]

mod defaults;
mod expectation;
mod spec;

mod engine;
mod network_text;
mod plan;
mod preflight;

mod finish;
mod identity;
mod kept_attachments;
mod learned_from;
mod machine;
mod resume;
mod run;
mod tensorboard;
mod together;

mod folder;
mod live;
mod model_of_run;

mod diagnosis;
mod error_parts;
mod figures;
mod page;
mod probe_table;
mod record;

mod runs;

mod error;
mod parallel;

pub use ae_apply::{
    AnomalyDetector, ApplyError, Device, Model, ProbeResult, Projection, Seed, TrainedEncoder,
};
pub use ae_dataset::{Dataset, Network, Progress};
pub use ae_files::FolderLock;
pub use ae_models::{Architecture, ModelSpec, Objective, Parameters, SavedModel};
pub use ae_report::{Figure, GridRow, Picture};
pub use ae_training::{Checkpoints, FitConfig, Identity, Observer, Samples, TrainingState};
pub use defaults::{Adaptation, Setting};
pub use diagnosis::{Cause, Diagnosis, Doubt, NoPca};
pub use engine::EngineKind;
pub use error::ExperimentError;
pub use error_parts::{ClassError, ErrorParts};
pub use expectation::{Bound, Expectation, Judgement, Verdict};
pub use figures::display::Display;
pub use figures::latent::{PointClasses, decoded_plane_figure, interpolation_figure, map_figure};
pub use figures::{FigureText, KeptFigures, keep_figure};
pub use finish::Outcome;
pub use folder::{Claim, Existing, RunFolder, is_file_of_run, is_run, lock_folder, lock_run_of};
pub use live::{
    EpochPace, LiveFolder, LivePhase, LiveProgress, LiveState, LiveTraining, Pace, StopRequest,
};
pub use machine::machine_in_words;
pub use model_of_run::{data_of_run, open_detector, open_encoder, open_model, weights_file};
pub use page::{
    LivePage, ValidationLoss, bound_in_words, expectation_table, finding_of_record,
    page_of_comparison, page_of_run, section_of_run, try_to_write_page, write_page,
};
pub use plan::{Plan, check_name};
pub use probe_table::probe_table;
pub use record::{
    DatasetRecord, FigureRecord, FileRecord, ModelRecord, PatchRecord, Record, SCHEMA, TableRecord,
};
pub use resume::{ResumeChanges, begun_spec, resume};
pub use run::{RunOptions, fit_plan, resolve, train};
pub use runs::{
    BestEpochs, Better, ComparedRun, Comparison, EpochValue, MetricRow, OverlaidCurves, RunKind,
    RunState, RunSummary, RunSurvey, SettingRow, better, overlaid_curves, survey_runs,
};
pub use spec::{
    AnomalyDetection, Artefacts, CheckpointSpec, Classification, ClassifiedNetwork, Compression,
    ConvForm, ConvVaeForm, CorruptionSpec, DataSpec, DenoisingComparison, DenseForm,
    DimensionalityReduction, FeatureLearning, FineTuningSpec, LayersForm, NamedScore, NetworkForm,
    NetworkName, NetworkSpec, NoiseStrengths, PhotographNetwork, Photographs, Presence,
    PretrainingKind, Spec, SpecKey, StudySpec, TrainingSpec, VaeForm, spec_keys, spec_reference,
};
pub use tensorboard::TensorBoard;
pub use together::{resume_beside, train_beside};

/// Compiles the example of README.md.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeExample;
