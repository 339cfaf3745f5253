//! Figures of autoencoders: plain data in; PNG, SVG, or a picture for a terminal out.
//!
//! Every figure is a pure function from plain data to a [`Figure`]:
//!
//! | function | shows |
//! |---|---|
//! | [`reconstruction_grid()`] | originals over reconstructions; clean, corrupted and reconstructed images |
//! | [`comparison_grid`] | one image a row, one method a column |
//! | [`worst_reconstructions()`] | the images with the largest errors |
//! | [`heat_map()`] | the most anomalous items and the places of their errors |
//! | [`interpolation()`] | what a decoder draws between two codes |
//! | [`filters`] | the weights of an encoder's units |
//! | [`loss_curves`], [`line_chart()`] | learning curves; any other lines |
//! | [`scatter`] | a map of the codes |
//! | [`MapPage`] | the same as an interactive HTML page |
//!
//! [`Figure::png`] draws it at twice its size, so that it is sharp on any screen. [`Figure::svg`] makes one file
//! with embedded images. The same input gives the same bytes. Images are magnified by whole factors, without
//! smoothing. [`half_blocks`] draws the rows of a grid in a terminal, and [`TextTable`] a table as text or Markdown.
//!
//! [`page::Page`] is a self-contained HTML page with figures, tables and curves.
//!
//! A figure has limits of size that hold for any input: large images are averaged to smaller ones, only the first
//! of too many images are drawn, and long texts end in an ellipsis. [`Figure::notes`] says what was changed.
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

// One kind of figure a file.
mod encoder_filters;
mod heat_map;
mod interpolation;
mod line_chart;
mod reconstruction_grid;
mod scatter_plot;
mod worst_reconstructions;

// What figures share: a page, a grid of images, a plot with axes.
mod axis;
mod class_marks;
mod cluster_labels;
mod colour_scale;
mod figure;
mod image_grid;
mod limits;
mod picture;
mod picture_scale;
mod plot_frame;
mod spread;
mod text;

// From a figure to bytes.
mod draw_png;
mod draw_svg;
mod drawing;
mod png_encoding;

// Pictures themselves, as files of other programs.
#[cfg(feature = "picture-files")]
mod picture_file;

// Event files of TensorBoard.
mod tensorboard;

// What is printed in a terminal.
mod terminal_picture;
mod text_table;

// What is read in a browser.
mod map_page;
pub mod page;

mod error;

pub use encoder_filters::filters;
pub use error::ReportError;
pub use figure::Figure;
pub use heat_map::{ErrorScale, HeatMapItem, heat_map};
pub use image_grid::{GridRow, square_grid_side};
pub use interpolation::{InterpolationStep, interpolation};
pub use line_chart::{Reference, Series, line_chart, loss_curves};
pub use map_page::{MapDocument, MapItem, MapPage};
pub use picture::Picture;
#[cfg(feature = "picture-files")]
pub use picture_file::{Kept, PictureDepth, PictureFile, PictureFormat, TiffStack, UnwrittenError};
pub use plot_frame::Axes;
pub use reconstruction_grid::{comparison_grid, reconstruction_grid};
pub use scatter_plot::{Scatter, Thumbnail, scatter};
pub use spread::spread_points;
pub use tensorboard::{
    StoredEvent, event_file_header, histogram_record, image_record, scalar_record, stored_events,
};
pub use terminal_picture::{ColorSupport, half_blocks};
pub use text_table::TextTable;
pub use worst_reconstructions::{WorstReconstruction, worst_reconstructions};

/// The examples of the README are tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
