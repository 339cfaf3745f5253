//! What autoencoders are for, and what they are compared with.
//!
//! Everything is a pure function of plain numbers: [`Rows`] of flattened images or of codes in, numbers
//! out. [`Pca`] is the best linear autoencoder, the yardstick of every other;
//! [`median_filter`] that of every denoiser. [`Tiling`] takes images of any size through a model of one.
//! [`AnomalyScorer`] scores items by how far they are from normal ones, [`Calibration`] turns scores into
//! p-values by those of normals that [`LeaveOneOut`] has scored as if they were new, and [`Ranking`] says how well they tell anomalies from normals.
//! [`tsne`] maps codes into the plane.
//! [`LogisticRegression`] and [`classify_by_neighbours`] say what classes codes hold, [`trustworthiness`] how
//! true their neighbourhoods are.
//!
//! Sums run in an order that the number of threads does not change.
//!
//! ```
//! use ae_analysis::{Pca, Rows};
//!
//! // Points along a line in the plane, and one off it.
//! let points = [0.0, 0.0, 1.0, 1.0, 2.0, 2.0, 3.0, 3.0, 1.0, 2.0];
//! let rows = Rows::new(&points, 2)?;
//! let pca = Pca::fit(rows, 1)?;
//! assert_eq!(pca.encode(rows)?.len(), 5);
//! let error: f32 =
//!     pca.reconstruct(rows)?.iter().zip(points).map(|(a, b)| (a - b) * (a - b)).sum();
//! assert!(error < 0.5);
//! # Ok::<(), ae_analysis::AnalysisError>(())
//! ```
#![deny(missing_docs)]

mod anomaly;
mod error;
mod image;
mod linalg;
mod probe;
mod projection;

pub use anomaly::{
    AnomalyScore, AnomalyScorer, Calibration, Covariance, LeaveOneOut, NormalMoments, Ranking,
    ThresholdRule,
};
pub use error::AnalysisError;
pub use image::{MedianWindow, Tiling, median_filter};
pub use linalg::Rows;
pub use probe::{
    LogisticRegression, MeanInterval, accuracy, classify_by_neighbours, nearest, trustworthiness,
};
pub use projection::{Pca, TSNE_MOST_ROWS, tsne};
