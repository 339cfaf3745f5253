//! Errors of applying a trained model.

use std::path::PathBuf;

use ae_analysis::AnalysisError;
use ae_compression::CompressionError;
use ae_corruption::CorruptionError;
use ae_dataset::{DatasetError, FormatError, ImageShape};
use ae_files::FileError;
use ae_models::ModelError;
use ae_training::TrainingError;

/// An error of applying a trained model.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ApplyError {
    /// A setting is outside its range.
    #[error("{setting} must be {expected}, found {found}")]
    Setting {
        /// The setting's name.
        setting: &'static str,
        /// The accepted values.
        expected: String,
        /// The value that was given.
        found: String,
    },
    /// A model of pairs is to be judged on images without partners.
    #[error(
        "the model learned from pairs of pictures, and {name} has no clean ones to compare with; name their folder, or a noise \
         to add to clean pictures"
    )]
    NoPartners {
        /// The name of the data.
        name: String,
    },
    /// A folder holds no model.
    #[error("{} holds no model: it has no {missing}", ae_files::shown(path))]
    NoModel {
        /// The folder.
        path: PathBuf,
        /// The file that is missing.
        missing: &'static str,
    },
    /// A probe needs labels, and the images have none.
    #[error(
        "{location} has no labels for its images, which a probe needs: put the pictures of each class into \
         a subfolder, or name the column of the table that holds the classes"
    )]
    NoLabels {
        /// Where the images come from.
        location: String,
    },
    /// Codes of one number cannot be mapped into a plane.
    #[error(
        "a two-dimensional map needs codes of at least 2 numbers; the model's codes have {latent_dim}"
    )]
    NoPlane {
        /// The length of a code.
        latent_dim: usize,
    },
    /// Nothing can be drawn from the distribution of codes that is not known.
    #[error(
        "the model is no variational autoencoder: its codes have no known distribution that others could be drawn from"
    )]
    NotVariational,
    /// A code alone gives no image: the network adds its input to what it makes of the code.
    #[error(
        "the model is residual: it adds its input to what it makes of a code, so that a code alone gives no image; \
         `residual = false` trains one that decodes"
    )]
    Residual,
    /// There are too few items.
    #[error("{what} needs at least {needed} items, found {found}")]
    TooFew {
        /// What needs them.
        what: &'static str,
        /// The fewest items that it needs.
        needed: usize,
        /// The number of items.
        found: usize,
    },
    /// A classifier needs at least two classes.
    #[error("expected at least two classes, found one alone in {what}")]
    OneClass {
        /// Where only one class was found.
        what: String,
    },
    /// The model is one of a table, and the data is none.
    #[error(
        "{} holds no table, and the model is one of a table with {columns} columns; name a table of these columns \
         (.csv, .tsv or .npy)",
        ae_files::shown(path)
    )]
    NeedsTable {
        /// The data.
        path: PathBuf,
        /// Columns of the model's table.
        columns: usize,
    },
    /// The images are of another shape than the model's.
    #[error("{origin} has images of {found} pixels, the model takes {expected}")]
    ImageSize {
        /// Where the images come from.
        origin: String,
        /// The shape that the model takes.
        expected: ImageShape,
        /// The shape of the images.
        found: ImageShape,
    },
    /// A picture is smaller than the model's items.
    #[error(
        "the picture has {found} pixels, expected at least {expected}: its score is that of its strangest window of the \
         model's size, and it has none; leave it out, or resize it to the model's size"
    )]
    SmallPicture {
        /// The shape of the model's items.
        expected: ImageShape,
        /// The picture's shape.
        found: ImageShape,
    },
    /// The level of noise cannot be estimated from so few pixels.
    #[error(
        "expected a picture of at least 3 x 3 pixels, whose noise can be estimated, found {found}; set the level for smaller pictures"
    )]
    NoNoiseLevel {
        /// The picture's shape.
        found: ImageShape,
    },
    /// The feature maps of a picture would be too large.
    #[error(
        "the feature maps of the picture would have {found} numbers, expected at most {most} in all; take a part of the \
         picture"
    )]
    LargeMaps {
        /// Their shape.
        found: ImageShape,
        /// The most numbers.
        most: usize,
    },
    /// A network takes items of its own size alone.
    #[error(
        "the model takes images of {expected} pixels alone: its network has layers that know places, so that pictures of \
         other sizes do not fit"
    )]
    NotSpatial {
        /// The shape that the model takes.
        expected: ImageShape,
    },
    /// The codes are of another length than the model's.
    #[error(
        "{} has codes of length {found}, the model's are of length {expected}",
        ae_files::shown(path)
    )]
    CodeLength {
        /// The file.
        path: PathBuf,
        /// The model's latent dimension.
        expected: usize,
        /// The length that was found.
        found: usize,
    },
    /// An anomaly score is NaN or infinite.
    #[error(
        "the score of item {number}{} is {value}, expected a finite number: the model cannot judge it; \
         look for values far outside of those that it was trained on",
        file.as_ref().map(|file| format!(" ({})", ae_files::shown(file))).unwrap_or_default()
    )]
    Score {
        /// The item's number in the input, counted from 0.
        number: u64,
        /// Its file, if it has one.
        file: Option<PathBuf>,
        /// The score.
        value: f64,
    },
    /// No anomaly detector was fitted in a weights file.
    #[error("{} holds no anomaly detector", ae_files::shown(path))]
    NotFitted {
        /// The file or the folder of the run.
        path: PathBuf,
    },
    /// A noise on neighbouring pixels was given for a table.
    #[error(
        "{noise} works on neighbouring pixels, and the columns of a table have none; take masking, gaussian, \
         salt-and-pepper or speckle, such as masking:0.25"
    )]
    SpatialNoise {
        /// The noise, or the one in a chain or a choice.
        noise: String,
    },
    /// A noise changes no image of this shape.
    #[error("{noise} covers no pixel of images of {shape}; take a larger fraction, or masking")]
    IdleNoise {
        /// The noise, or the one in a chain or a choice.
        noise: String,
        /// The shape of the images.
        shape: ImageShape,
    },
    /// A loss is NaN or infinite.
    #[error(
        "the model's loss on {} is not finite: its weights or the data are far out of range",
        ae_files::printable(name)
    )]
    NotFiniteLoss {
        /// What the model was judged on.
        name: String,
    },
    /// The model has no codec.
    #[error(
        "the model has no codec for compression; a run on 8-bit images attaches one to its model.safetensors when it \
         is finished, or resumed after that"
    )]
    NoCodec,
    /// The decoder has other layers than dense ones.
    #[error(
        "the model cannot compress: a codec needs a decoder of dense layers, and this one has a layer `{found}`; \
         a model with dense layers can"
    )]
    CodecOfDense {
        /// The kind of the first other layer.
        found: &'static str,
    },
    /// A model of a table cannot compress.
    #[error("the model is one of a table; only 8-bit images are compressed")]
    TableCodec,
    /// A pixel is none of the 256 levels of 8-bit images.
    #[error("{origin}: expected 8-bit images, found a pixel of {value} in image {image}")]
    NotBytes {
        /// Where the images come from.
        origin: String,
        /// The image, counted from 0.
        image: usize,
        /// The pixel, from 0 to 1.
        value: f32,
    },
    /// A picture of 16 bits was to be compressed without loss.
    #[error(
        "{picture} has 16 bits a value, and a file of compressed images holds 8: it cannot be kept exactly"
    )]
    DeepPicture {
        /// The picture.
        picture: String,
    },
    /// An analysis failed.
    #[error(transparent)]
    Analysis(#[from] AnalysisError),
    /// Compression failed.
    #[error(transparent)]
    Compression(#[from] CompressionError),
    /// The data failed.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// The noise failed.
    #[error(transparent)]
    Corruption(#[from] CorruptionError),
    /// The model failed.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// Training failed.
    #[error(transparent)]
    Training(#[from] TrainingError),
    /// A file failed.
    #[error(transparent)]
    File(#[from] FileError),
}

impl ApplyError {
    /// A setting outside its range.
    pub fn setting(setting: &'static str, expected: &str, found: &str) -> Self {
        Self::Setting { setting, expected: expected.to_owned(), found: found.to_owned() }
    }

    /// Whether the error is that a table lacks a column of this name or number.
    pub fn lacks_column(&self, column: &str) -> bool {
        match self {
            Self::Dataset(DatasetError::Format { source, .. }) => match source {
                FormatError::NoColumn { name, .. } => name == column,
                FormatError::NoHeader { .. } => true,
                _ => false,
            },
            _ => false,
        }
    }

    /// Whether a setting is wrong, rather than a file or the data.
    pub fn is_about_a_setting(&self) -> bool {
        matches!(
            self,
            Self::Setting { .. }
                | Self::SpatialNoise { .. }
                | Self::IdleNoise { .. }
                | Self::Corruption(_)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_cannot_forge_a_line_of_output() {
        let message = ApplyError::NoModel { path: "a\nb".into(), missing: "x" }.to_string();
        assert!(message.contains("a\\nb") && message.lines().count() == 1, "{message}");
    }
}
