//! Images: the median filter, and tiles of pictures of any size.

mod median;
mod reflection;
mod tiles;

pub use median::{MedianWindow, median_filter};
pub use tiles::Tiling;
