//! An experiment: a TOML spec in, a trained model, figures and a record out.
//!
//! A [`Spec`] is what a person writes; [`train`] checks it against its data and runs it into a
//! folder; [`resume`] goes on with a run that was interrupted; the [`Record`] says what came out and
//! how it stands to what was [expected](Expectation). [`Model`] and [`TrainedEncoder`] apply the
//! result to other images. This is the one place where concrete data, noises and models meet.
//!
//! ```
//! use ae_experiment::{Adaptation, Existing, Network, RunOptions, Spec, device, train};
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

mod spec;

mod expectation;
mod plan;
mod resume;
mod run;
mod run_settings;

mod anomaly;
mod apply;
mod compression;
mod defaults;
mod describe;
mod device;
mod diagnosis;
mod display;
mod engine;
mod error;
mod figures;
mod folder;
mod identity;
mod inputs;
mod interpolation;
mod judged;
mod kept;
mod latent_map;
mod names;
mod preflight;
mod probe;
mod record;

mod study;
mod trained;

pub use ae_analysis::{AnomalyScore, Mode, Quality, Ranking, ThresholdRule};
pub use ae_corruption::{Draw, Noise};
pub use ae_dataset::{
    BadItems, ColumnScaling, Dataset, DatasetError, Delimiter, Header, ImageShape, Images,
    InputFormat, InputReader, Inputs, LoadOptions, Network, NpyWriter, Origin, Part, PictureReader,
    Progress, ReadOptions, Resize, Scaling, Source, TableInfo, TableWriter, load, refuse_existing,
    write_folder,
};
pub use ae_files::{
    AtomicFile, counted_as, make_folder, printable, read_bounded as read_file, shown,
    write_atomic as write_file,
};
pub use ae_models::{Loss, ModelKind};
pub use ae_random::Seed;
pub use ae_report::{
    ColorSupport, Figure, GridRow, HeatMapItem, Picture, half_blocks, heat_map, png_of_16_bits,
    reconstruction_grid, square_grid_side,
};
pub use ae_training::{Event, Metrics, Observer, TrainingError};
pub use anomaly::{
    AnomalyDetector, AnomalyFit, AnomalyVerdict, CalibratedBy, ErrorSpec, NoiseDraws, Normals,
    weights_file,
};
pub use apply::{Model, TrainedEncoder, read_codes};
pub use compression::{MAX_ARCHIVE_BYTES, to_bytes};
pub use defaults::{Adaptation, Setting};
pub use describe::{Description, TensorDescription, describe};
pub use device::device;
pub use diagnosis::{Cause, Diagnosis, Doubt};
pub use display::Display;
pub use engine::EngineKind;
pub use error::ExperimentError;
pub use expectation::{Bound, Expectation, Judgement, Verdict};
pub use folder::{Existing, is_file_of_run, lock_folder, lock_run_of};
pub use inputs::{check_noise, corrupt, input_images, input_reader, load_options};
pub use interpolation::{interpolate, interpolation_figure};
pub use judged::{JudgedData, JudgedPart, judged_data};
pub use latent_map::{CodeSample, CodedItem, Projection, decoded_plane_figure, map_figure};
pub use names::file_names;
pub use probe::{ProbeSpec, Probed, probe, probe_table};
pub use record::{DatasetRecord, FigureRecord, FileRecord, ModelRecord, Record, TableRecord};
pub use resume::{ResumeChanges, begun_spec, resume};
pub use run::{Outcome, RunOptions, train};
pub use run_settings::{DataDigests, ModelInput, RunSettings, data_of_run};
pub use spec::{CheckpointSpec, CorruptionSpec, DataSpec, NetworkSpec, Spec, TrainingSpec};
pub use study::{
    AnomalyDetection, Compression, DenoisingComparison, DimensionalityReduction, FeatureLearning,
    NamedScore, NoiseStrengths, StudyOptions, StudySpec, resume_study, run_study,
};
