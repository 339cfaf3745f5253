//! Skipping of zeros: a background pixel is 0, and so is about half of what a ReLU lets through, forward and backward.
//!
//! [`Nonzeros`] finds the numbers of a slice that are not 0 and keeps a bit for each. `multiply` asks [`relative_cost`]
//! whether skipping pays; if it does, [`add_nonzero_terms`] computes the product.

mod bits;
mod cost;
mod kernel;
mod nonzeros;

pub(super) use bits::NonzeroBits;
pub(super) use cost::{RelativeCost, relative_cost};
pub(super) use kernel::add_nonzero_terms;
pub(crate) use nonzeros::{Nonzeros, ScannedAxes};
