//! How far a reconstruction is from its target: pure functions on pixels in [0, 1].
//!
//! Sums are formed in `f64` and in the order of the pixels, so a value does not depend on threads.

mod bce;
mod mae;
mod mse;
mod psnr;
mod ssim;

pub use bce::bce_from_logits;
pub use mae::mae;
pub use mse::{mse, squared_error};
pub use psnr::psnr;
pub use ssim::ssim;
