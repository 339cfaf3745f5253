//! Probes of codes: simple classifiers, and how true neighbourhoods are.

mod interval;
mod logistic;
mod neighbours;

pub use interval::MeanInterval;
pub use logistic::LogisticRegression;
pub use neighbours::{accuracy, classify_by_neighbours, nearest, trustworthiness};
