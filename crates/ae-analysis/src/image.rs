//! Whole images: the median filter, and pictures of any size as overlapping tiles.

mod median;
mod tiles;

pub use median::{MedianWindow, median_filter};
pub use tiles::Tiling;
