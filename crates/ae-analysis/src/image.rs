//! Whole images: the median filter, non-local means, structural similarity, the level of the noise, and pictures of any
//! size as overlapping tiles.

mod median;
mod noise_level;
mod non_local_means;
mod similarity;
mod tiles;

pub use median::{MedianWindow, median_filter};
pub use noise_level::noise_level;
pub use non_local_means::NonLocalMeans;
pub use similarity::gaussian_ssim;
pub use tiles::Tiling;
