//! Convolutions and transposed convolutions over channels-last feature maps.
//!
//! A feature map is a slice of shape (items, height, width, channels). [`Geometry`] is the geometry of a layer and
//! [`PackedConvolution`] adds the weight, rearranged for the kernels. A transposed convolution is the adjoint of a
//! convolution, so the same kernels serve both with their roles exchanged.
//!
//! An output is `bias + x_0 w_0 + x_1 w_1 + ...` over the rows of the window, its columns and the input channels. Where
//! the output has fewer than four channels, the numbers of a window's row are added in 16 lanes, and then the lanes.
//! Either order is fixed by the geometry, so an item has the same bits alone and in any batch. Each term is a fused
//! multiply-add where the machine has one (AVX2, AVX-512 and NEON give the same bits).
//!
//! No patches are stored: a window is read from the map as it lies, since a row of a window is contiguous. Where
//! windows reach over the border, a block of the map is copied with zeros around it, at most
//! [`ConvolutionScratch::BLOCK`] numbers or one window.
//!
//! | file | what |
//! |---|---|
//! | `geometry.rs` | shapes and paddings, checked |
//! | `packed.rs` | a convolution ready to run: forward pass and gradient at the input |
//! | `weight_gradient.rs` | gradients of weight and bias |
//! | `phase.rs` | a convolution, or a part of its adjoint, as sliding windows |
//! | `block.rs` | blocks of positions, copied with zeros around the map |
//! | `gather.rs` | sums over all windows, block after block |
//! | `weight.rs` | the packed weight, and which kernel it is packed for |
//! | `tile.rs` | kernel: positions x channels in registers |
//! | `dot.rs` | kernel for few channels: a window's numbers side by side |
//! | `gradient_tile.rs` | kernel of the weight's gradient |

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

pub(crate) use block::ConvolutionScratch;
pub(crate) use geometry::Geometry;
pub(crate) use packed::PackedConvolution;
