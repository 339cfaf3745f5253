//! Matrix products on the calling thread.
//!
//! [`multiply()`](multiply::multiply) computes one product, and it alone decides whether terms that are 0 are skipped
//! ([`sparse`]). An [`Operand`] knows its zeros, so the callers of `multiply` do not.
//!
//! An element of a product is `start + x_0 w_0 + x_1 w_1 + ...`, added in this order for every shape of the
//! matrices. Each term is a fused multiply-add where the machine has one (AVX2, AVX-512 and NEON give the same bits).
//!
//! | file | what |
//! |---|---|
//! | `definition.rs` | what a product is |
//! | `matrix.rs` | layouts of the factors and of the output, checked when they are made |
//! | `multiply.rs` | one product: the choice between the two loops below |
//! | `dense.rs` | the loop over all terms |
//! | `sparse/` | the loop over terms that are not 0, where they are, and what skipping costs |
//! | `operand.rs` | rows of a slice as a factor |
//! | `panels.rs` | weights rearranged as right factors |
//! | `weight_gradient.rs` | sums of products `left^T right` |

mod definition;
mod dense;
mod matrix;
mod multiply;
mod operand;
mod panels;
mod rows;
mod scratch;
mod sparse;
mod transpose;
mod weight_gradient;

pub(crate) use definition::{Product, Start};
pub(crate) use matrix::{Output, PANEL, RowMajor};
pub(crate) use multiply::{multiply, multiply_with};
pub(crate) use operand::Operand;
pub(crate) use panels::{Orientation, PanelCopy, PanelMatrix};
pub(crate) use sparse::{Nonzeros, ScannedAxes};
pub(crate) use weight_gradient::{OuterProduct, add_outer_products};
