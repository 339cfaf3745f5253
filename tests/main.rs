//! The whole program, from outside: `ae` is started as a person would start it.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]

/// A folder for one test, the program in it, and small data.
mod support;

/// `.npy` files, written and read by hand.
mod npy;

/// What a person reads first.
mod help;
/// What all commands have in common.
mod policy;
/// Specs that are written and changed.
mod specs;

/// Files larger than memory.
mod mapped;
mod mapped_tables;
/// Tables in Parquet files.
#[cfg(feature = "parquet")]
mod parquet;

/// Damaged and missing data.
mod damaged_data;
/// Where images come from, and what is said when other ones stand in.
mod data;

/// Pictures of all formats in and out.
mod formats;
/// Pairs of pictures, and noisy pictures alone.
mod learned_from;
/// A person's own pictures.
mod own_data;
/// Patches of pictures of any size.
mod patches;
/// Pictures with pitfalls.
mod photographs;
mod pictures;
mod probe;
/// Tables that were misread once.
mod table_cases;
/// Tables of numbers.
mod tables;

/// The denoiser for photographs.
mod denoiser;
/// The denoiser inside the program.
mod denoiser_inside;
/// Models to other programs and from them.
mod exchange;
/// Numbers that a run must reach.
mod expectations;
/// What a program reads that follows a training.
mod followed;
/// `--force` on what makes no sense.
mod forced;
/// Disks that are full.
mod full_disk;
/// Ctrl-C.
mod interrupted;
/// Runs that were killed.
mod killed;
/// Training that learns nothing, and what nobody has set.
mod learning;
/// Two processes and one folder.
mod locks;
/// What a command says that is given something else than it takes.
mod mistaken;
/// Processes that train together.
#[cfg(feature = "mpi")]
mod mpi;
#[cfg(feature = "mpi")]
mod mpi_mapped;
/// Networks other than dense ones.
mod networks;
/// What a resume keeps and changes.
mod resumed;
/// Runs listed and compared.
mod runs;
/// Specs and flags that make no sense.
mod settings;
/// TensorBoard's event files.
mod tensorboard;
/// What a training leaves, and what it refuses.
mod training;
mod whole_pictures;

/// Anomalies among normal items.
mod advice;
mod anomaly;
/// A trained model at work.
mod apply;
/// Numbers that make no sense, and noise where it makes none.
mod arguments;
/// Images compressed and brought back.
mod compression;
mod continued;
/// Damaged weights, and inputs that do not fit.
mod damaged_weights;
/// Pictures of any size, cleaned.
mod denoise;
/// Figures of what is large, long or not a number.
mod figures;
/// Detectors with more numbers than a header holds.
mod large_detectors;
/// Weights files of earlier versions.
mod old_files;
/// The weights of a small training, bit for bit.
mod pinned;

/// What is written never replaces what is read.
mod outputs;
/// What a model keeps of its training.
mod reading;
/// Shards of an input, joined.
mod shards;

/// Codes of several lengths, beside PCA.
mod dimensionality;
/// Maps of codes, and ways between them.
mod project;
/// The page of a run.
mod report;
/// The experiments that come with the program.
mod reproduce;
/// Several models beside what people use instead.
mod studies;

/// The page of a training that goes on.
mod live;
/// A page and an HTTP API.
mod serve;
/// What the committed model draws.
mod snapshots;
