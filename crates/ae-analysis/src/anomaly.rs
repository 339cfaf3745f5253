//! Anomaly detection: scores, p-values calibrated on normal items, and how well a score ranks.

mod calibration;
mod covariance;
mod leave_one_out;
mod moments;
mod ranking;
mod scorer;

pub use calibration::{Calibration, ThresholdRule};
pub use covariance::Covariance;
pub use leave_one_out::LeaveOneOut;
pub use moments::NormalMoments;
pub use ranking::Ranking;
pub use scorer::{AnomalyScore, AnomalyScorer};
