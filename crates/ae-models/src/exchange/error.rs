//! What can go wrong between this project and other programs.

use std::path::PathBuf;

use ae_files::{FileError, shown};
use safetensors::Dtype;

use crate::ModelError;

/// What can go wrong with a file of another program.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExchangeError {
    /// The file could not be read or is too large.
    #[error(transparent)]
    File(#[from] FileError),
    /// The model that would come out cannot be.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The scaling has another number of columns than the model.
    #[error("the scaling must have {expected} columns, as the model has, but has {found}")]
    Columns {
        /// Columns of the model.
        expected: usize,
        /// Columns of the scaling.
        found: usize,
    },
    /// A parameter that the architecture needs is not there.
    #[error("the model lacks the parameter {name}")]
    MissingParameter {
        /// The parameter's name.
        name: String,
    },
    /// The file is of a format that is not read.
    #[error("{}: expected safetensors or .npz, found {found}", shown(path))]
    Format {
        /// The file.
        path: PathBuf,
        /// What it is, and how to get a file that is read.
        found: &'static str,
    },
    /// The file is damaged.
    #[error("{} is damaged: {reason}", shown(path))]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What was expected and what was found.
        reason: String,
    },
    /// An array has a name that does not say what it is.
    #[error(
        "{}: expected arrays whose names end with .weight or .bias (PyTorch), or arr_0, arr_1, .. (`np.savez` of Keras' \
         `get_weights()`), found {name}",
        shown(path)
    )]
    Name {
        /// The file.
        path: PathBuf,
        /// The array's name.
        name: String,
    },
    /// An array is no part of a dense layer.
    #[error(
        "{}: {name} must be {expected}, but has the shape {found:?}; only dense layers are imported",
        shown(path)
    )]
    Shape {
        /// The file.
        path: PathBuf,
        /// The array's name.
        name: String,
        /// What it must be.
        expected: String,
        /// Its shape.
        found: Vec<usize>,
    },
    /// Numbers are not `f32`, and were not to be converted.
    #[error("{}: {name} must be F32, but is {found}", shown(path))]
    Precision {
        /// The file.
        path: PathBuf,
        /// The array's name.
        name: String,
        /// Its type, which can be converted.
        found: Dtype,
    },
    /// Numbers are of a type that weights do not have.
    #[error("{}: {name} must be F32, F64, F16 or BF16, but is {found}", shown(path))]
    NotFloats {
        /// The file.
        path: PathBuf,
        /// The array's name.
        name: String,
        /// Its type in the file's words.
        found: String,
    },
    /// A number is NaN or infinite, or too large for `f32`.
    #[error("{}: value {index} of {name} must be finite in F32, but is {found}", shown(path))]
    NotFinite {
        /// The file.
        path: PathBuf,
        /// The array's name.
        name: String,
        /// Index of the value in the array, row-major.
        index: usize,
        /// The value in `f32`.
        found: f32,
    },
    /// Two layers that follow each other do not fit together.
    #[error(
        "{}: {later} must take the {expected} numbers that {earlier} before it gives, but takes {found}; the layers \
         were put in the order of their names",
        shown(path)
    )]
    Chain {
        /// The file.
        path: PathBuf,
        /// The layer before.
        earlier: String,
        /// The layer after it.
        later: String,
        /// Numbers that the layer before gives.
        expected: usize,
        /// Numbers that the layer after takes.
        found: usize,
    },
    /// The layers are no autoencoder's.
    #[error("{}: expected {expected}, found {found}", shown(path))]
    Stack {
        /// The file.
        path: PathBuf,
        /// What the layers must be.
        expected: String,
        /// What they are.
        found: String,
    },
    /// It is not known which layer ends the encoder.
    #[error(
        "{}: the code must be one of {candidates} layers whose outputs have {width} numbers; say how many layers the \
         encoder has",
        shown(path)
    )]
    AmbiguousCode {
        /// The file.
        path: PathBuf,
        /// How many layers it could be.
        candidates: usize,
        /// Numbers in each one's output.
        width: usize,
    },
}
