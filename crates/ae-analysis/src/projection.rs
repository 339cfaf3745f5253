//! Projections of rows: principal components, and maps into the plane.

mod pca;
mod tsne;

pub use pca::Pca;
pub use tsne::{TSNE_MOST_ROWS, tsne};
