//! What can go wrong between bytes on a disk or a wire and images.

use std::io;
use std::path::{Path, PathBuf};

use ae_files::FileError;

use crate::ImageShape;
use crate::dataset::FILE_NAMES;
use crate::images::MAX_CLASSES;

/// Why there are no images.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DatasetError {
    /// A number of pixels that is no whole, positive number of images.
    #[error("{pixels} pixels are not a whole, positive number of images of {shape}")]
    NotWholeImages {
        /// The shape of an image.
        shape: ImageShape,
        /// Values in all.
        pixels: usize,
    },
    /// A value that is NaN or infinite.
    #[error("the value at index {index} is {found}, expected a finite number")]
    NotFinite {
        /// Where it stands.
        index: usize,
        /// The value.
        found: f32,
    },
    /// More classes than labels can tell apart.
    #[error("{found} classes, more than the {MAX_CLASSES} that labels tell apart")]
    TooManyClasses {
        /// How many there are.
        found: usize,
    },
    /// A label whose class has no name.
    #[error("the label {label} has no name among {names} classes")]
    UnnamedClass {
        /// The label.
        label: u8,
        /// How many names there are.
        names: usize,
    },
    /// Another number of labels than of images.
    #[error("{images} images have {labels} labels; every image needs one")]
    LabelCount {
        /// The number of images.
        images: usize,
        /// The number of labels.
        labels: usize,
    },
    /// One half of a data set has labels, the other none.
    #[error("the {part} images have no labels, the others have some; both need them or neither")]
    HalfLabelled {
        /// "train" or "test": the half without.
        part: &'static str,
    },
    /// More images than can be numbered.
    #[error("{images} {part} images, more than the 4294967295 that are accepted")]
    TooManyImages {
        /// "train" or "test".
        part: &'static str,
        /// How many there are.
        images: usize,
    },
    /// One half of a data set has no labels where they are needed.
    #[error("the {part} images have no labels, which IDX files need")]
    Unlabelled {
        /// "train" or "test".
        part: &'static str,
    },
    /// One half of a data set is of a kind that IDX files of images do not hold.
    #[error("the {part} images are {found}; IDX files hold grey images of 8 bits")]
    NotGreyBytes {
        /// "train" or "test".
        part: &'static str,
        /// What they are.
        found: &'static str,
    },
    /// One half of a data set is larger than is accepted.
    #[error("the {part} images take {bytes} bytes, more than the {limit} that are accepted")]
    TooLarge {
        /// "train" or "test".
        part: &'static str,
        /// What they take.
        bytes: u64,
        /// The largest accepted size in bytes.
        limit: u64,
    },
    /// Training and test images of different sizes.
    #[error("training images are {train}, test images {test}; they must be of one size")]
    DifferentSizes {
        /// The shape of the training images.
        train: ImageShape,
        /// The shape of the test images.
        test: ImageShape,
    },
    /// A file could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The bytes of a file are not what they should be.
    #[error("{}: {source}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong with its bytes.
        source: FormatError,
    },
    /// The files of a data set are each sound but do not belong together.
    #[error("the files in {} do not belong together: {source}", folder.display())]
    Mismatch {
        /// The data folder.
        folder: PathBuf,
        /// What does not fit.
        source: Box<DatasetError>,
    },
    /// A folder was named that is none.
    #[error(
        "there is no folder {}; data are auto, mnist, fashion-mnist, digits, or a folder with {}",
        path.display(), list(&FILE_NAMES)
    )]
    NoFolder {
        /// What was named.
        path: PathBuf,
    },
    /// A data folder without some of its files.
    #[error(
        "{} lacks {}; a data folder holds {}, each raw or .gz",
        folder.display(), list(missing), list(&FILE_NAMES)
    )]
    MissingFiles {
        /// The data folder.
        folder: PathBuf,
        /// The usual names of the files that are missing.
        missing: Vec<&'static str>,
    },
    /// An input's images are of another size than the model's.
    #[error("{} holds images of {found}, expected {expected}", path.display())]
    InputSize {
        /// The file or folder.
        path: PathBuf,
        /// The shape that was asked for.
        expected: ImageShape,
        /// The shape that the input has.
        found: ImageShape,
    },
    /// The folder that the environment names cannot be used.
    #[error("$AE_DATA: {0}")]
    Environment(#[source] Box<DatasetError>),
    /// Images that are said to be MNIST's but differ.
    #[error("{location} does not hold MNIST: the digest of {file} is another")]
    NotMnist {
        /// The folder or address.
        location: String,
        /// The first file that differs.
        file: &'static str,
    },
    /// The data set is neither on this machine nor to be had from the hub.
    #[error(
        "{name} is not to be had: {source}; put {} (each raw or .gz) into {} or any other folder \
         and name that",
        list(&FILE_NAMES), folder.display()
    )]
    Unavailable {
        /// The data set.
        name: &'static str,
        /// The folder in which it is looked for.
        folder: PathBuf,
        /// Why the hub did not give it.
        source: Box<DatasetError>,
    },
    /// A tensor of another data set cannot be taken over.
    #[cfg(feature = "candle-datasets")]
    #[error("the tensor {name} has {found}, expected {expected}")]
    Tensor {
        /// The field of `candle_datasets::vision::Dataset`.
        name: &'static str,
        /// What is accepted.
        expected: String,
        /// What it has.
        found: String,
    },
    /// candle refused an operation.
    #[cfg(feature = "candle-datasets")]
    #[error(transparent)]
    Candle(#[from] candle_core::Error),
    /// The hub or its cache gave no data set.
    #[cfg(feature = "hub")]
    #[error(transparent)]
    Hub(#[from] crate::HubError),
    /// The network is not to be used.
    #[error("it is not on this machine, and the network is not to be used")]
    Offline,
    /// This build has no hub.
    #[error("it is not on this machine, and this build cannot reach the hub")]
    NoHub,
}

/// What is wrong with the bytes of a file, whichever file they come from.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    /// The bytes are of no kind that is understood.
    #[error("neither IDX, .npy, PNG nor JPEG")]
    Unrecognised,
    /// The magic number of an IDX file is another.
    #[error(
        "magic number {found:#010x} ({}), expected {expected:#010x} ({})",
        kind_of(*found), kind_of(*expected)
    )]
    Magic {
        /// The magic number of what was asked for.
        expected: u32,
        /// The first four bytes.
        found: u32,
    },
    /// There are fewer bytes than the header, or what it claims, takes.
    #[error("cut short: {found} bytes, expected {expected}")]
    Truncated {
        /// How many bytes there should be, or at least be.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// There are more bytes than the header claims.
    #[error("bytes after the end: {found} bytes, expected {expected}")]
    TrailingBytes {
        /// How many bytes there should be.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// The header claims more than is accepted.
    #[error("claims {claimed} bytes, more than the {limit} that are accepted")]
    TooLarge {
        /// What the header claims, in bytes.
        claimed: u128,
        /// The largest accepted size in bytes.
        limit: u64,
    },
    /// There is no image, or images without pixels.
    #[error("holds no images")]
    NoImages,
    /// The compressed data end too early.
    #[error("the gzip data are cut short")]
    GzipTruncated,
    /// The compressed data are damaged, or their checksum is another.
    #[error("damaged gzip data: {0}")]
    GzipDamaged(#[source] io::Error),
    /// The compressed data hold more than their contents' header claims.
    #[error("the gzip data hold more than the {expected} bytes that the header in them claims")]
    GzipTooLong {
        /// How many bytes there should be.
        expected: usize,
    },
    /// Something follows the compressed data.
    #[error("{bytes} bytes after the end of the gzip data")]
    GzipTrailing {
        /// How many bytes follow.
        bytes: usize,
    },
    /// The file does not begin as a `.npy` file does.
    #[error("not a .npy file")]
    NotNpy,
    /// The header of a `.npy` file lacks something.
    #[error("the .npy header lacks {missing}")]
    NpyHeader {
        /// What it lacks.
        missing: &'static str,
    },
    /// The numbers of a `.npy` file are of another type.
    #[error("numbers of type {found}, expected |u1, <f4 or <f8 (numpy: x.astype('<f4'))")]
    NpyType {
        /// The type's name in the header.
        found: String,
    },
    /// The numbers of a `.npy` file are stored column by column.
    #[error("stored in Fortran order, expected C order (numpy: np.ascontiguousarray(x))")]
    NpyOrder,
    /// The array of a `.npy` file has another shape.
    #[error("an array of shape {found:?}, expected {expected}")]
    NpyShape {
        /// The shapes that are understood.
        expected: String,
        /// The array's shape.
        found: Vec<usize>,
    },
    /// A number of a `.npy` file is not acceptable.
    #[error("the number at index {index} is {found}, expected {expected}")]
    Value {
        /// Where it stands in the flat array.
        index: usize,
        /// The number.
        found: f32,
        /// What is accepted.
        expected: &'static str,
    },
    /// A PNG or JPEG cannot be decoded.
    #[error("cannot be decoded as an image: {0}")]
    Picture(#[source] image::ImageError),
    /// A PNG is partly transparent.
    #[error("partly transparent; put the image on a background first")]
    Transparent,
}

impl FormatError {
    /// The same error with the file it is about.
    pub(crate) fn in_file(self, path: &Path) -> DatasetError {
        DatasetError::Format { path: path.to_owned(), source: self }
    }
}

/// "a, b and c".
fn list(names: &[&str]) -> String {
    match names {
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        _ => names.concat(),
    }
}

fn kind_of(magic: u32) -> &'static str {
    match magic {
        0x801 => "IDX labels",
        0x803 => "IDX images",
        _ => "not IDX",
    }
}
