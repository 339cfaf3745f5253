//! Studies: experiments that train several autoencoders and compare them with what people use instead.
//!
//! A study is a [`Spec`](ae_experiment::Spec) with a `[study]` table. The table says which models are trained and what
//! is measured; the rest of the spec says how each model is trained. [`run_study`] leaves models, tables, figures and
//! a [`Record`](ae_experiment::Record) in a folder; [`resume_study`] continues a study that was interrupted.
//!
//! [`Experiment::ALL`] are the project's own experiments, single models and studies, with the published numbers that
//! they must reach. [`reproduce`] runs them and compares.
//!
//! | feature | default | what it does |
//! |---|---|---|
//! | `candle` | yes | the autograd engine, and other devices than the CPU |
//! | `hub` | yes | MNIST and Fashion-MNIST are downloaded if they are not on the machine |
//! | `cuda` | no | models are trained on an NVIDIA GPU |
//! | `metal` | no | models are trained on an Apple GPU |
#![deny(missing_docs)]

mod anomaly_detection;
mod baselines;
mod classification;
mod compression;
mod denoising_comparison;
mod dimensionality;
mod error;
mod feature_learning;
mod latent_figures;
mod layer_by_layer;
mod photographs;
mod reproduce;
mod run;
mod setup;
mod study;
mod workbench;

pub use error::StudyError;
pub use reproduce::{
    Beginning, Conclusion, Experiment, PlannedExperiment, ReproduceOptions, Reproduced,
    ReproducedRun, Reproduction, Selection, reproduce,
};
pub use run::{StudyOptions, resume_study, run_study};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
