//! Figures of autoencoders: plain data in, PNG, SVG or a terminal picture out.
//!
//! Every figure is a pure function from plain data to a [`Figure`]: [`reconstruction_grid`],
//! [`comparison_grid`], [`interpolation`], [`worst`], [`heat_map`], [`filters`], [`loss_curves`], [`line_chart`] and [`scatter`]. A figure is drawn by [`Figure::png`] (at twice the
//! figure's size, so that it is crisp on any screen) or [`Figure::svg`] (one file, images embedded);
//! the same input gives the same bytes. Images are magnified by whole factors and not smoothed.
//! A figure keeps within bounds of its own, whatever it is to show: large images are averaged to smaller
//! ones, only the first of many are drawn, long texts end in an ellipsis, and [`Figure::notes`] say so.
//! [`half_blocks`] draws the rows of a grid in a terminal.
//!
//! ```
//! use ae_report::{GridRow, Picture, reconstruction_grid};
//!
//! # fn main() -> Result<(), ae_report::ReportError> {
//! let original = Picture::from_unit(1, 2, 2, &[0.0, 1.0, 1.0, 0.0])?;
//! let reconstruction = Picture::from_unit(1, 2, 2, &[0.1, 0.8, 0.9, 0.2])?;
//! let rows = [
//!     GridRow { label: "original", images: vec![original] },
//!     GridRow { label: "reconstruction", images: vec![reconstruction] },
//! ];
//! let figure = reconstruction_grid(&rows, "Reconstructions", "a toy, epoch 50")?;
//! assert!(figure.svg()?.starts_with("<svg"));
//! assert!(figure.png()?.starts_with(b"\x89PNG"));
//! # Ok(())
//! # }
//! ```
#![deny(missing_docs)]

mod axis;
mod bitmap;
mod curves;
mod error;
mod figure;
mod filters;
mod fit;
mod grid;
mod image;
mod plot;
mod scatter;
mod svg;
mod terminal;
mod text;

pub use curves::{Reference, Series, line_chart, loss_curves};
pub use error::ReportError;
pub use figure::Figure;
pub use filters::filters;
pub use grid::{
    GridRow, HeatMapItem, WorstItem, comparison_grid, heat_map, interpolation, reconstruction_grid,
    square_grid_side, worst,
};
pub use image::{Picture, png_of_16_bits};
pub use plot::Axes;
pub use scatter::{Scatter, scatter};
pub use terminal::{ColorSupport, half_blocks};
