//! Anomaly detection: scores, p-values calibrated on normal items, and how well a score ranks.

mod calibration;
mod covariance;
mod leave_one_out;
mod normal_moments;
mod ranking;
mod scorer;
mod threshold;

pub use calibration::Calibration;
pub use covariance::Covariance;
pub use leave_one_out::LeaveOneOut;
pub use normal_moments::NormalMoments;
pub use ranking::{CurvePoint, Ranking};
pub use scorer::{AnomalyScore, AnomalyScorer};
pub use threshold::ThresholdRule;
