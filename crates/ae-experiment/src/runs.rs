//! Runs and studies that are there already: a list of them with their states, and what differs between them.
//!
//! Everything here reads; nothing is written and no lock is taken. All results are plain data, for tables, JSON and pages.

mod better;
mod comparison;
mod look;
mod overlay;
mod settings;
mod survey;

pub use better::{Better, better};
pub use comparison::{BestEpochs, ComparedRun, Comparison, EpochValue, MetricRow, SettingRow};
pub use look::{RunKind, RunState, RunSummary};
pub use overlay::{OverlaidCurves, overlaid_curves};
pub use survey::{RunSurvey, survey_runs};
