//! Convolutions and transposed convolutions over channels-last feature maps.
//!
//! A feature map is a slice of shape (items, height, width, channels). [`Convolution`] is the geometry of a layer and
//! [`PackedConvolution`] adds the weight, rearranged for the kernels. A transposed convolution is the adjoint of a
//! convolution, so the same kernels serve both with their roles exchanged.
//!
//! An output is `bias + x_0 w_0 + x_1 w_1 + ...` over the rows of the window, its columns and the input channels, in an
//! order that the geometry fixes. Each term is a fused multiply-add where the machine has one (AVX2, AVX-512 and NEON
//! give the same bits). An item has the same bits alone and in any batch.
//!
//! No patches are stored: a window is read from the map as it lies, since a row of a window is contiguous. Where
//! windows reach over the border, a block of the map is copied with zeros around it, at most
//! [`ConvolutionScratch::BLOCK`] numbers or one window.
//!
//! | file | what |
//! |---|---|
//! | `geometry.rs` | shapes and paddings, checked |
//! | `phase.rs` | an axis of a convolution or of its adjoint as sliding windows |
//! | `block.rs` | blocks of positions, copied with zeros around the map |
//! | `packed.rs` | the packed weight; forward pass and gradient at the input |
//! | `tile.rs` | sums of positions x channels in registers |
//! | `weight_gradient.rs` | gradients of weight and bias |

mod block;
mod dot;
mod gather;
mod geometry;
mod gradient_tile;
mod packed;
mod phase;
mod tile;
mod weight;
mod weight_gradient;

#[cfg(test)]
mod tests;

pub use block::ConvolutionScratch;
pub use geometry::{Convolution, Extent, GeometryError};
#[cfg(test)]
use geometry::{Padding, Shape};
pub use packed::PackedConvolution;
