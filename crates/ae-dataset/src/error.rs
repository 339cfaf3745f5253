//! Errors of reading and writing data sets.

pub(crate) mod export;
pub(crate) mod format;
#[cfg(feature = "hub")]
pub(crate) mod hub;
pub(crate) mod mapped;
pub(crate) mod pairs;
pub(crate) mod patches;
mod words;

use std::path::PathBuf;

use ae_files::{FileError, printable, shown};

use crate::idx::file_names::FILE_NAMES;
use crate::limits::MAX_CLASSES;
use crate::{ExportError, FormatError, ImageShape, LeavesError, MappedError, Part};
use words::{and_more, list, next_step, resizing};

/// Why data could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DatasetError {
    /// A data set cannot be written as pictures.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// Procedural pictures are not made.
    #[error(transparent)]
    Leaves(#[from] LeavesError),
    /// The number of values is not a positive multiple of an image's.
    #[error("{pixels} pixels are not a whole, positive number of images of {shape}")]
    NotWholeImages {
        /// The shape of an image.
        shape: ImageShape,
        /// The number of values.
        pixels: usize,
    },
    /// A value, at an index, is NaN or infinite.
    #[error("the value at index {index} is {found}, expected a finite number")]
    #[expect(missing_docs, reason = "the variant's text says it")]
    NotFinite { index: usize, found: f32 },
    /// There are more classes than a label can number.
    #[error("{found} classes, more than the {MAX_CLASSES} that are accepted")]
    TooManyClasses {
        /// How many there are.
        found: usize,
    },
    /// A label has no class name.
    #[error("the label {label} has no name among {names} classes")]
    UnnamedClass {
        /// The label.
        label: u8,
        /// How many names there are.
        names: usize,
    },
    /// The numbers of labels and images differ.
    #[error("{images} images have {labels} labels; every image needs one")]
    LabelCount {
        /// The number of images.
        images: usize,
        /// The number of labels.
        labels: usize,
    },
    /// Only one half of a data set has labels.
    #[error("the {part} images have no labels, the others have some; both need them or neither")]
    HalfLabelled {
        /// "train" or "test": the half without.
        part: &'static str,
    },
    /// There are more images than can be indexed.
    #[error("{images} {part} images, more than the 4294967295 that are accepted")]
    TooManyImages {
        /// "train" or "test".
        part: &'static str,
        /// How many there are.
        images: usize,
    },
    /// One half of a data set has no labels, and they are needed.
    #[error("the {part} images have no labels, which IDX files need")]
    Unlabelled {
        /// "train" or "test".
        part: &'static str,
    },
    /// One half of a data set has images that IDX files cannot hold.
    #[error("the {part} images are {found}; IDX files hold grey images of 8 bits")]
    NotGreyBytes {
        /// "train" or "test".
        part: &'static str,
        /// What they are.
        found: &'static str,
    },
    /// One half of a data set takes too much memory.
    #[error("the {part} images take {bytes} bytes, more than the {limit} that are accepted")]
    TooLarge {
        /// "train" or "test".
        part: &'static str,
        /// What they take in bytes.
        bytes: u64,
        /// The largest accepted size in bytes.
        limit: u64,
    },
    /// Training and test images have different shapes.
    #[error("training images are {train}, test images {test}; they must be of one size")]
    DifferentSizes {
        /// The shape of the training images.
        train: ImageShape,
        /// The shape of the test images.
        test: ImageShape,
    },
    /// The fraction to hold out is not in (0, 1).
    #[error("the fraction held out for testing is {found}, expected a number above 0 and below 1")]
    TestFraction {
        /// The fraction.
        found: f64,
    },
    /// There are too few items to hold some out.
    #[error(
        "{}: {found} item, but two or more are needed: some to train with and some to test with",
        shown(path)
    )]
    TooFew {
        /// Where they are.
        path: PathBuf,
        /// How many there are.
        found: usize,
    },
    /// The path of the data does not exist.
    #[error(
        "there is no {}; data are auto, mnist, mnist-basic, mnist-rot, mnist-bg-rand, fashion-mnist, digits, a folder of \
         pictures or of IDX files, a .npy file or a .csv file",
        shown(path)
    )]
    NoData {
        /// The path.
        path: PathBuf,
    },
    /// The folder has no pictures.
    #[error(
        "{} holds no pictures: neither .png, .jpg, .tif, .webp, .bmp, .pgm or .gif files, nor subfolders of them, nor {}",
        shown(folder), list(&FILE_NAMES)
    )]
    NoPictures {
        /// The folder.
        folder: PathBuf,
    },
    /// The data does not have the named part.
    #[error("{}: there is no part `{part}`; {found}", shown(path))]
    NoPart {
        /// The file or folder.
        path: PathBuf,
        /// The part.
        part: Part,
        /// What there is instead.
        found: &'static str,
    },
    /// A file of images cannot be mapped, or was changed.
    #[error(transparent)]
    Mapped(#[from] MappedError),
    /// A file that is to be written exists already.
    #[error("{} exists already; choose another folder", shown(path))]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The folder has pictures both directly in it and in subfolders.
    #[error(
        "{} holds pictures beside subfolders of pictures ({}); put all into subfolders, which \
         are their classes, or none (within a class of another folder, all are read together)",
        shown(folder),
        printable(classes)
    )]
    MixedFolder {
        /// The folder.
        folder: PathBuf,
        /// The subfolders with pictures.
        classes: String,
    },
    /// Some pictures cannot be read.
    #[error(
        "{count} of {total} pictures in {} cannot be used (--skip-bad leaves them out): {}{}",
        shown(folder), first.join("; "), and_more(first.len(), *count)
    )]
    BadPictures {
        /// The folder.
        folder: PathBuf,
        /// What is wrong with the first ones.
        first: Vec<String>,
        /// The number of them.
        count: usize,
        /// The number of all.
        total: usize,
        /// The number of those that are partly transparent.
        are_transparent: usize,
    },
    /// Some pictures have another size.
    #[error(
        "{count} of {total} pictures in {} are of another size than {} x {}: {}{}; --resize fit or \
         --resize crop brings them to one size",
        shown(folder), expected.0, expected.1, first.join(", "), and_more(first.len(), *count)
    )]
    OtherSizes {
        /// The folder.
        folder: PathBuf,
        /// The wanted height and width.
        expected: (usize, usize),
        /// The first ones with their sizes.
        first: Vec<String>,
        /// The number of them.
        count: usize,
        /// The number of all.
        total: usize,
    },
    /// Patches cannot be cut.
    #[error(transparent)]
    Patches(#[from] crate::PatchError),
    /// Pictures are no pairs.
    #[error(transparent)]
    Pairs(#[from] crate::PairError),
    /// All items were left out because they could not be read.
    #[error("{}: nothing could be read, {count} left out", shown(path))]
    AllSkipped {
        /// The file or folder.
        path: PathBuf,
        /// The number of items that were left out.
        count: usize,
    },
    /// Some rows of a table cannot be used.
    #[error(
        "{}: {count} of {total} rows cannot be used: {}{}{}", shown(path), first.join("; "),
        and_more(first.len(), *count), next_step(missing, arguments.as_deref(), total - count)
    )]
    BadRows {
        /// The file.
        path: PathBuf,
        /// What is wrong with the first ones.
        first: Vec<String>,
        /// The number of them.
        count: usize,
        /// The number of all.
        total: usize,
        /// The columns with the most missing cells, in words with their numbers.
        missing: Vec<String>,
        /// These columns and those that are left out already, as `--drop-columns` takes them; none if no
        /// column were left.
        arguments: Option<String>,
    },
    /// An item of an array cannot be used.
    #[error("{}: {source}; --skip-bad leaves it out", shown(path))]
    BadItem {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: FormatError,
    },
    /// Columns of a table hold text instead of numbers.
    #[error(
        "{}: {columns} {} text such as `{example}`, not numbers{}",
        shown(path), if *count > 1 { "hold" } else { "holds" },
        advice
    )]
    TextColumns {
        /// The file.
        path: PathBuf,
        /// The columns, in words.
        columns: String,
        /// The number of them.
        count: usize,
        /// A cell of the first of these columns.
        example: String,
        /// What can be done about it.
        advice: String,
    },
    /// A file could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The contents of a file are damaged or of the wrong kind.
    #[error("{}: {source}", shown(path))]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: FormatError,
    },
    /// A page of a TIFF cannot be read.
    #[error("{}, page {number}: {source}", shown(path))]
    Page {
        /// The file.
        path: PathBuf,
        /// The page, counted from 1.
        number: u32,
        /// What is wrong.
        source: FormatError,
    },
    /// The files of a data folder are readable but do not belong together.
    #[error("the files in {} do not belong together: {source}", shown(folder))]
    Mismatch {
        /// The data folder.
        folder: PathBuf,
        /// What does not fit.
        source: Box<DatasetError>,
    },
    /// The data folder does not exist or is a file.
    #[error(
        "there is no folder {}; data are auto, mnist, fashion-mnist, digits, or a folder with {}",
        shown(path), list(&FILE_NAMES)
    )]
    NoFolder {
        /// The path.
        path: PathBuf,
    },
    /// A data folder lacks some of its files.
    #[error(
        "{} lacks {}; a data folder holds {}, each raw or .gz",
        shown(folder), list(missing), list(&FILE_NAMES)
    )]
    MissingFiles {
        /// The data folder.
        folder: PathBuf,
        /// The usual names of the files that are missing.
        missing: Vec<&'static str>,
    },
    /// The images have another shape than the wanted one.
    #[error("{} holds images of {found}, expected {expected}{}", shown(path), resizing(*expected, *found))]
    InputSize {
        /// The file or folder.
        path: PathBuf,
        /// The wanted shape.
        expected: ImageShape,
        /// The shape of the images.
        found: ImageShape,
    },
    /// The folder `$AE_DATA` cannot be used.
    #[error("$AE_DATA: {0}")]
    Environment(#[source] Box<DatasetError>),
    /// A variation of a data set that has none.
    #[error("{} has no rotated or noisy variation: {reason}", printable(location))]
    VariationOf {
        /// Where the data set comes from.
        location: String,
        /// Why not.
        reason: &'static str,
    },
    /// A data set that should be MNIST has other checksums.
    #[error("{} does not hold MNIST: the SHA-256 of {file} differs", printable(location))]
    NotMnist {
        /// The folder or address.
        location: String,
        /// The first file that differs.
        file: &'static str,
    },
    /// The data set is not on this machine, and the hub did not provide it.
    #[error(
        "{name} was not found and could not be downloaded: {source}; put {} (each raw or .gz) into {} or any other folder \
         and name that",
        list(&FILE_NAMES), shown(folder)
    )]
    Unavailable {
        /// The data set.
        name: &'static str,
        /// The folder of the user's cache where it is looked for.
        folder: PathBuf,
        /// Why the hub did not provide it.
        source: Box<DatasetError>,
    },
    /// A tensor of another data set cannot be converted.
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
    /// candle reported an error.
    #[cfg(feature = "candle")]
    #[error(transparent)]
    Candle(#[from] candle_core::Error),
    /// The hub or its cache did not provide a data set.
    #[cfg(feature = "hub")]
    #[error(transparent)]
    Hub(#[from] crate::HubError),
    /// The data set would have to be downloaded, and [`Network::Offline`](crate::Network::Offline) forbids it.
    #[error("it is not on this machine, and downloads are switched off")]
    Offline,
    /// The data set would have to be downloaded, and this build lacks the feature `hub`.
    #[error("it is not on this machine, and this build cannot download it")]
    NoHub,
    /// This build lacks a feature of the crate.
    #[error("this build cannot {what} (it lacks the feature `{feature}` of ae-dataset)")]
    NotInThisBuild {
        /// What it cannot do.
        what: &'static str,
        /// The feature.
        feature: &'static str,
    },
}
