//! Maps of codes, and ways between them.

use std::path::PathBuf;

use ae_apply::Projection;
use clap::{ValueEnum, ValueHint};

use super::parse::{figure_file, file_that_ends_with, place, seed, whole};
use super::{ModelAndData, OutputPath, Overwrite, Reading};

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  ae project runs/regular mnist -o map.svg
  ae project runs/mine photos/ --method tsne --limit 2000 -o map.html
  ae project runs/plane mnist -o map.csv --grid plane.png")]
pub(crate) struct Project {
    #[command(flatten)]
    pub(crate) applied: ModelAndData,
    /// Where to write the map: .html (interactive), .svg, .png or .csv (item, x, y, label)
    #[arg(long, short, visible_alias = "output", value_name = "FILE", value_hint = ValueHint::FilePath, value_parser = map_file, required_unless_present = "grid")]
    pub(crate) out: Option<OutputPath>,
    #[command(flatten)]
    pub(crate) overwrite: Overwrite,
    /// How codes become points [default: model for codes of 2 numbers, otherwise pca]
    #[arg(long, value_enum, value_name = "METHOD")]
    pub(crate) method: Option<MethodName>,
    /// The largest number of images on the map: 1 to 10000; t-SNE's time grows with its square
    #[arg(long, default_value = "5000", value_name = "N", value_parser = whole::<1, 10_000>)]
    pub(crate) limit: usize,
    /// The seed that chooses the images, if there are more
    #[arg(long, default_value_t = 42, value_name = "N", value_parser = seed)]
    pub(crate) seed: u64,
    /// Pictures of items on the map, spread over it: 0 to 10000, of which .svg and .png show 400 [default: 40, none of
    /// rows; all in .html]
    #[arg(long, value_name = "N", value_parser = whole::<0, 10_000>)]
    pub(crate) thumbnails: Option<usize>,
    /// Also draw what the model decodes at points of the plane: .png or .svg (not with tsne)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, value_parser = figure_file)]
    pub(crate) grid: Option<OutputPath>,
    /// Points of the grid in a row and in a column: 1 to 100
    #[arg(long, default_value = "15", value_name = "N", requires = "grid", value_parser = whole::<1, 100>)]
    pub(crate) side: usize,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

/// The names of the projections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum MethodName {
    /// The codes themselves, if they have 2 numbers
    Model,
    /// The first two principal components of the codes
    Pca,
    /// t-SNE of the codes: neighbours stay neighbours, far distances mean little
    Tsne,
}

impl From<MethodName> for Projection {
    fn from(name: MethodName) -> Self {
        match name {
            MethodName::Model => Self::Model,
            MethodName::Pca => Self::Pca,
            MethodName::Tsne => Self::Tsne,
        }
    }
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  ae interpolate runs/regular a.png b.png -o way.png
  ae interpolate runs/regular mnist --from 7 --to 12 --steps 15 -o way.svg")]
pub(crate) struct Interpolate {
    #[command(flatten)]
    pub(crate) applied: ModelAndData,
    /// The last image, or several of which --to chooses [default: DATA]
    #[arg(value_name = "OTHER", value_hint = ValueHint::AnyPath)]
    pub(crate) other: Option<PathBuf>,
    /// Where to draw the interpolation: .png or .svg
    #[arg(long, short, visible_alias = "output", value_name = "FILE", value_hint = ValueHint::FilePath, value_parser = figure_file)]
    pub(crate) out: OutputPath,
    #[command(flatten)]
    pub(crate) overwrite: Overwrite,
    /// The first image's place in DATA, counted from 0
    #[arg(long, default_value_t = 0, value_name = "N", value_parser = place)]
    pub(crate) from: usize,
    /// The last image's place, counted from 0 [default: 1 in DATA, 0 in OTHER]
    #[arg(long, value_name = "N", value_parser = place)]
    pub(crate) to: Option<usize>,
    /// Points of the interpolation, both ends included: 2 to 100
    #[arg(long, default_value = "9", value_name = "N", value_parser = whole::<2, 100>)]
    pub(crate) steps: usize,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

fn map_file(text: &str) -> Result<OutputPath, String> {
    file_that_ends_with(text, &["html", "svg", "png", "csv"])
        .ok_or_else(|| "expected a file that ends with .html, .svg, .png or .csv".to_owned())
}
