//! An experiment: a TOML spec in, a trained model, figures and a record out.
//!
//! A [`Spec`] is what a person writes; [`train`] checks it against its data and runs it into a
//! folder; [`resume`] goes on with a run that was interrupted; the [`Record`] says what came out and
//! how it stands to what was [expected](Expectation). [`open_model`] opens the result, which `ae-apply` applies to
//! other data. This is the one place where concrete data, noises and models meet.
//!
//! ```
//! use ae_apply::device;
//! use ae_dataset::Network;
//! use ae_experiment::{Adaptation, Existing, RunOptions, Spec, train};
//! use ae_training::MemoryObserver;
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
//! let options = RunOptions {
//!     device: device("cpu")?,
//!     network: Network::Offline,
//!     progress: &mut (),
//!     observer: Box::new(MemoryObserver::default()),
//! };
//! let folder = dir.path().join("run");
//! let narrow = Adaptation::Widths(vec![3]);
//! let record = train(spec, &narrow, &folder, Existing::Refuse, options)?.record;
//! assert_eq!(record.epochs, 2);
//! assert!(folder.join("model.safetensors").is_file());
//! # Ok(())
//! # }
//! ```
#![deny(missing_docs)]

mod defaults;
mod diagnosis;
mod engine;
mod error;
mod expectation;
mod figures;
mod folder;
mod identity;
mod kept;
mod model_of_run;
mod parallel;
mod plan;
mod preflight;
mod probe_table;
mod record;
mod resume;
mod run;
mod spec;
mod trained;

pub use defaults::{Adaptation, Setting};
pub use diagnosis::{Cause, Diagnosis, Doubt};
pub use engine::EngineKind;
pub use error::ExperimentError;
pub use expectation::{Bound, Expectation, Judgement, Verdict};
pub use figures::display::Display;
pub use figures::latent::{decoded_plane_figure, interpolation_figure, map_figure};
pub use figures::{Kept, keep_figure};
pub use folder::{Claim, Existing, RunFolder, is_file_of_run, is_run, lock_folder, lock_run_of};
pub use model_of_run::{data_of_run, open_detector, open_encoder, open_model, weights_file};
pub use plan::{Plan, check_name};
pub use probe_table::probe_table;
pub use record::{
    DatasetRecord, FigureRecord, FileRecord, ModelRecord, Record, SCHEMA, TableRecord,
};
pub use resume::{ResumeChanges, begun_spec, resume};
pub use run::{RunOptions, fit_plan, initial_state, resolve, train};
pub use spec::{
    AnomalyDetection, Artefacts, CheckpointSpec, Compression, CorruptionSpec, DataSpec,
    DenoisingComparison, DimensionalityReduction, FeatureLearning, NamedScore, NetworkSpec,
    NoiseStrengths, Presence, Spec, SpecKey, StudySpec, TrainingSpec, spec_keys, spec_reference,
};
pub use trained::Outcome;
