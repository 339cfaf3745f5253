//! Errors of models and of their files.

use std::error::Error;
use std::path::{Path, PathBuf};

use ae_files::FileError;
use ae_kernels::ChainError;

use crate::{SavedPart, TensorFileError};

/// An error of a model or of its file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// A field of a specification does not fit.
    #[error("the model's {field} must be {expected}, but found {found}")]
    Spec {
        /// The field or fields.
        field: String,
        /// What it must be.
        expected: String,
        /// What it is.
        found: String,
    },
    /// A layer of a network does not fit.
    #[error("the layer {name} (`{kind}`) {reason}")]
    Layer {
        /// Its name, such as `encoder.0`.
        name: String,
        /// Its kind, such as `max-pool`.
        kind: &'static str,
        /// What does not fit.
        reason: String,
    },
    /// A loss or a penalty does not suit the network.
    #[error("{what} {needs}; {advice}")]
    Objective {
        /// The loss, the penalty or the network.
        what: String,
        /// What it needs that is not there.
        needs: String,
        /// What to do about it.
        advice: String,
    },
    /// Two parameters share a name.
    #[error("two parameters are named {name}")]
    DuplicateParameter {
        /// The name.
        name: String,
    },
    /// A buffer does not fit its layout.
    #[error("the layout has {expected} parameters, but found {found} values")]
    ParameterCount {
        /// Numbers in the layout.
        expected: usize,
        /// Numbers given.
        found: usize,
    },
    /// A batch does not fit the model.
    #[error("a batch must have the shape (n, {expected}), but found {found:?}")]
    Batch {
        /// Numbers in a row.
        expected: usize,
        /// The batch's shape.
        found: Vec<usize>,
    },
    /// The buffer for the results has another number of rows than the input.
    #[error(
        "expected room for {expected} numbers, one row of results for each row, but found room for {found}"
    )]
    Rows {
        /// Numbers of all rows of results.
        expected: usize,
        /// Numbers that there is room for.
        found: usize,
    },
    /// Targets do not fit the reconstructions, or both are empty.
    #[error(
        "targets must have the reconstructions' shape {expected:?} and not be empty, but found {found:?}"
    )]
    Targets {
        /// The reconstructions' shape.
        expected: Vec<usize>,
        /// The targets' shape.
        found: Vec<usize>,
    },
    /// An attachment is not of the type that is asked for.
    #[error("the attachment `{name}` cannot be understood: {reason}")]
    Attachment {
        /// Its name.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// candle refused an operation.
    #[error("tensor operation failed: {0}")]
    Tensor(#[source] Box<dyn Error + Send + Sync>),
    /// The CPU kernels cannot compute the model, or the device is not the CPU, and the crate was built without candle.
    #[error(
        "this model and device need candle, and this build has none; build ae-models with the feature `candle`"
    )]
    NeedsCandle,
    /// The architecture does not implement `Architecture::build`.
    #[error("this architecture has no candle model (`Architecture::build`)")]
    NoTensorModel,
    /// The distribution of codes was asked for, and the model has none.
    #[error("this model is not variational: its codes have no distribution")]
    NoPosterior,
    /// There is no such device in this build or in this machine.
    #[error("the device `{name}` cannot be used: {reason}")]
    Device {
        /// The device's name.
        name: String,
        /// Why it cannot be used.
        reason: String,
    },
    /// The fields of a network's specification cannot be used.
    #[error("{reason}")]
    Fields {
        /// What is wrong with them.
        reason: String,
    },
    /// A kind of network is registered already.
    #[error("the kind of network `{kind}` is registered already; choose another tag")]
    KindTaken {
        /// The tag.
        kind: String,
    },

    /// A file could not be read or written, or is too large.
    #[error(transparent)]
    File(#[from] FileError),
    /// A file is of another format.
    #[error("{} is not a safetensors file: {reason}", ae_files::shown(path))]
    NotSafetensors {
        /// The file.
        path: PathBuf,
        /// What gave it away.
        reason: String,
    },
    /// A file was cut, or something follows its tensors.
    #[error(
        "{} must have {expected} bytes by its header, but has {found}; copy or save it again",
        ae_files::shown(path)
    )]
    Length {
        /// The file.
        path: PathBuf,
        /// Bytes by its header.
        expected: usize,
        /// Bytes there.
        found: usize,
    },
    /// A safetensors file of another program.
    #[error(
        "{} has no metadata entry `ae.model`, which must hold the architecture as JSON",
        ae_files::shown(path)
    )]
    NoDescription {
        /// The file.
        path: PathBuf,
    },
    /// The contents are not those that the checksum was taken of.
    #[error(
        "{} does not match its checksum: the file was damaged, or another program changed it; copy it again from where \
         it came from, or, if the change was meant, set its metadata entry `ae.sha256` to {found}",
        ae_files::shown(path)
    )]
    Checksum {
        /// The file.
        path: PathBuf,
        /// The SHA-256 of what the file holds.
        found: String,
    },
    /// A file without the checksum that files of its schema have.
    #[error(
        "{} has no checksum (metadata entry `ae.sha256`), as all files of its schema have: another program changed it; \
         copy it again from where it came from, or, if the change was meant, set the entry to {found}",
        ae_files::shown(path)
    )]
    NoChecksum {
        /// The file.
        path: PathBuf,
        /// The SHA-256 of what the file holds.
        found: String,
    },
    /// A file would be larger than those that are read.
    #[error(
        "{} would have {found} bytes, but files of at most {limit} bytes are read; the file that was there is unchanged",
        ae_files::shown(path)
    )]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The largest file that is read, in bytes.
        limit: u64,
        /// The bytes that it would have.
        found: u64,
    },
    /// The description of the architecture cannot be used.
    #[error("the metadata entry `ae.model` of {} cannot be used: {reason}", ae_files::shown(path))]
    Description {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A file holds a network of a kind that is not registered.
    #[error(
        "{} holds a network of the kind `{found}`, which is not known here; known kinds: {known}",
        ae_files::shown(path)
    )]
    UnknownKind {
        /// The file.
        path: PathBuf,
        /// The tag in the file.
        found: String,
        /// The known tags, separated by commas.
        known: String,
    },
    /// A file of a later version of this project.
    #[error(
        "{} has schema {found}, but this version reads schemas 1 to {expected}; use a later version",
        ae_files::shown(path)
    )]
    LaterSchema {
        /// The file.
        path: PathBuf,
        /// The latest schema that is read.
        expected: u64,
        /// The schema of the file.
        found: u64,
    },
    /// An encoder where a whole model was expected, or the other way round.
    #[error("{} must hold {expected}, but holds {found}", ae_files::shown(path))]
    WrongPart {
        /// The file.
        path: PathBuf,
        /// What was to be loaded.
        expected: SavedPart,
        /// What is there.
        found: SavedPart,
    },
    /// Parameters of another architecture were to be written.
    #[error(
        "{} would not hold {part}: the parameters are not the architecture's",
        ae_files::shown(path)
    )]
    Parameters {
        /// The file.
        path: PathBuf,
        /// What was to be written.
        part: SavedPart,
    },
    /// A tensor of the architecture is not in the file.
    #[error("{} lacks the tensor {name} of shape {expected:?}", ae_files::shown(path))]
    MissingTensor {
        /// The file.
        path: PathBuf,
        /// The tensor.
        name: String,
        /// Its shape.
        expected: Vec<usize>,
    },
    /// A tensor in the file is none of the architecture's.
    #[error(
        "{} holds the tensor {name}, which its architecture does not have",
        ae_files::shown(path)
    )]
    ExtraTensor {
        /// The file.
        path: PathBuf,
        /// The tensor.
        name: String,
    },
    /// A tensor has another shape than the architecture says.
    #[error(
        "{}: the tensor {name} must have the shape {expected:?}, but has {found:?}",
        ae_files::shown(path)
    )]
    TensorShape {
        /// The file.
        path: PathBuf,
        /// The tensor.
        name: String,
        /// The architecture's shape.
        expected: Vec<usize>,
        /// The file's shape.
        found: Vec<usize>,
    },
    /// A tensor is not of `f32`, and conversion was not asked for or is not possible.
    #[error("{}: the tensor {name} must be F32, but is {found}{hint}", ae_files::shown(path))]
    TensorType {
        /// The file.
        path: PathBuf,
        /// The tensor.
        name: String,
        /// The file's type in safetensors' words.
        found: String,
        /// How a file of this type can be read, or nothing.
        hint: &'static str,
    },
    /// A parameter is NaN or infinite.
    #[error("{}: value {index} of {name} must be finite, but is {found}", ae_files::shown(path))]
    NotFinite {
        /// The file.
        path: PathBuf,
        /// The tensor.
        name: String,
        /// Index of the value in the tensor, row-major.
        index: usize,
        /// The value.
        found: f32,
    },
    /// A running variance of a batch normalisation is below 0.
    #[error(
        "{}: value {index} of {name} is a variance and must be at least 0, but is {found}",
        ae_files::shown(path)
    )]
    NegativeVariance {
        /// The file.
        path: PathBuf,
        /// The tensor.
        name: String,
        /// Index of the value in the tensor, row-major.
        index: usize,
        /// The value.
        found: f32,
    },
    /// The network cannot be described to the fused kernels.
    #[error(transparent)]
    Chain(#[from] ChainError),
}

impl ModelError {
    /// What is wrong with the file at this path.
    pub(crate) fn of_file(path: &Path, error: TensorFileError) -> Self {
        let path = path.to_owned();
        match error {
            TensorFileError::Header { reason } => Self::NotSafetensors { path, reason },
            TensorFileError::Length { expected, found } => Self::Length { path, expected, found },
        }
    }
}
