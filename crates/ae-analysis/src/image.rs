//! Whole images: the median filter, the level of the noise, and pictures of any size as overlapping tiles.

mod median;
mod noise_level;
mod tiles;

pub use median::{MedianWindow, median_filter};
pub use noise_level::noise_level;
pub use tiles::Tiling;
