//! What autoencoders are used for and compared with, as pure functions of rows of numbers.
//!
//! Input are [`Rows`]: flattened images, rows of a table, or codes.
//!
//! | module | what | items |
//! |---|---|---|
//! | `anomaly` | scores, thresholds and p-values; how well a score ranks | [`AnomalyScorer`], [`LeaveOneOut`], [`Calibration`], [`ThresholdRule`], [`Ranking`] |
//! | `projection` | PCA, the best linear autoencoder; maps into the plane | [`Pca`], [`tsne()`] |
//! | `probe` | what codes tell about classes; whether a map keeps neighbourhoods; intervals | [`LogisticRegression`], [`classify_by_neighbours`], [`trustworthiness`], [`MeanInterval`] |
//! | `image` | the baselines of a denoiser; the noise of a picture; how alike two pictures are; pictures of any size through a model of one size | [`median_filter`], [`NonLocalMeans`], [`noise_level`], [`gaussian_ssim`], [`Tiling`] |
//! | `linalg` | rows, means and products | [`Rows`] |
//!
//! Sums run in a fixed order: every result has the same bits for any number of threads.
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

/// What [`Pca::network`] returns.
pub use ae_kernels::Chain;
pub use anomaly::{
    AnomalyScore, AnomalyScorer, Calibration, Covariance, CurvePoint, LeaveOneOut, NormalMoments,
    Ranking, ThresholdRule,
};
pub use error::AnalysisError;
pub use image::{MedianWindow, NonLocalMeans, Tiling, gaussian_ssim, median_filter, noise_level};
pub use linalg::Rows;
pub use probe::{
    LogisticRegression, MeanInterval, accuracy, classify_by_neighbours, nearest, trustworthiness,
};
pub use projection::{Pca, TSNE_MOST_ROWS, tsne};

/// The examples of the README are tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
