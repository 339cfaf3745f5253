//! What autoencoders are for, and what they are compared with.
//!
//! Everything is a pure function of plain numbers: [`Rows`] of flattened images or of codes in, numbers
//! out. [`Pca`] is the best linear autoencoder, the yardstick of every other;
//! [`median_filter`] that of every denoiser. [`Tiling`] takes images of any size through a model of one.
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

mod error;
mod median;
mod pca;
mod reflection;
mod rows;
mod tiles;

pub use error::AnalysisError;
pub use median::{MedianWindow, median_filter};
pub use pca::Pca;
pub use rows::Rows;
pub use tiles::Tiling;
