//! Studies: questions that take several models to answer, each beside what people use instead.
//!
//! A study is a spec with a `[study]` table. The rest of the spec says how its models are trained; the
//! study says which ones and what is measured of them. [`run_study`] leaves models, tables and figures in a
//! folder, and the same record as a run; [`resume_study`] goes on with one that was interrupted.
#![deny(missing_docs)]

mod anomaly_detection;
mod baselines;
mod compression;
mod denoising_comparison;
mod dimensionality;
mod error;
mod feature_learning;
mod latent_figures;
mod run;
mod setup;
mod study;
mod workbench;

pub use error::StudyError;
pub use run::{StudyOptions, resume_study, run_study};
