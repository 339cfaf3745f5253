//! Probes of codes: simple classifiers, and how well a map keeps neighbourhoods.

mod interval;
mod logistic;
mod neighbours;

pub use interval::MeanInterval;
pub use logistic::LogisticRegression;
pub use neighbours::{accuracy, classify_by_neighbours, nearest, trustworthiness};
