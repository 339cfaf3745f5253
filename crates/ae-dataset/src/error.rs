//! What can go wrong between a disk or a wire and images.

use std::path::PathBuf;

use ae_files::{FileError, printable, shown};

use crate::dataset::FILE_NAMES;
use crate::images::MAX_CLASSES;
use crate::{FormatError, ImageShape, Part};

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
    /// A part to hold out that is none.
    #[error("the part held out for testing is {found}, expected a number above 0 and below 1")]
    TestFraction {
        /// The part.
        found: f64,
    },
    /// Too little data to hold some out.
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
    /// Nothing is where data was named.
    #[error(
        "there is no {}; data are auto, mnist, fashion-mnist, digits, a folder of pictures or of IDX \
         files, a .npy file or a .csv file",
        shown(path)
    )]
    NoData {
        /// What was named.
        path: PathBuf,
    },
    /// A folder without pictures.
    #[error(
        "{} holds no pictures: neither .png, .jpg or .jpeg files, nor subfolders of them, nor {}",
        shown(folder), list(&FILE_NAMES)
    )]
    NoPictures {
        /// The folder.
        folder: PathBuf,
    },
    /// A part was named that the data does not have.
    #[error("{}: there is no part `{part}`; {found}", shown(path))]
    NoPart {
        /// The file or folder.
        path: PathBuf,
        /// The part.
        part: Part,
        /// What there is instead.
        found: &'static str,
    },
    /// A file stands where one is to be written.
    #[error("{} exists already; choose another folder", shown(path))]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// A folder with pictures in it and in its subfolders.
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
    /// Pictures that cannot be read.
    #[error(
        "{count} of {total} pictures in {} cannot be used (--skip-bad leaves them out): {}{}",
        shown(folder), first.join("; "), and_more(first.len(), *count)
    )]
    BadPictures {
        /// The folder.
        folder: PathBuf,
        /// What is wrong with the first ones.
        first: Vec<String>,
        /// How many they are.
        count: usize,
        /// Of how many.
        total: usize,
    },
    /// Pictures of different sizes.
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
        /// How many they are.
        count: usize,
        /// Of how many.
        total: usize,
    },
    /// Nothing is left after what could not be read was left out.
    #[error("{}: nothing could be read, {count} left out", shown(path))]
    AllSkipped {
        /// The file or folder.
        path: PathBuf,
        /// How many were left out.
        count: usize,
    },
    /// Rows of a table that cannot be used.
    #[error(
        "{}: {count} of {total} rows cannot be used: {}{}{}", shown(path), first.join("; "),
        and_more(first.len(), *count), next_step(missing, arguments.as_deref(), total - count)
    )]
    BadRows {
        /// The file.
        path: PathBuf,
        /// What is wrong with the first ones.
        first: Vec<String>,
        /// How many they are.
        count: usize,
        /// Of how many.
        total: usize,
        /// The columns with most missing cells, and how many.
        missing: Vec<String>,
        /// These columns and those that are left out already, as `--drop-columns` takes them; none if no
        /// column were left.
        arguments: Option<String>,
    },
    /// An item of an array that cannot be used.
    #[error("{}: {source}; --skip-bad leaves it out", shown(path))]
    BadItem {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: FormatError,
    },
    /// Columns of a table that hold text, not numbers.
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
        /// How many they are.
        count: usize,
        /// A cell of the first one.
        example: String,
        /// What can be done about them.
        advice: String,
    },
    /// A file could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The bytes of a file are not what they should be.
    #[error("{}: {source}", shown(path))]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong with its bytes.
        source: FormatError,
    },
    /// The files of a data set are each sound but do not belong together.
    #[error("the files in {} do not belong together: {source}", shown(folder))]
    Mismatch {
        /// The data folder.
        folder: PathBuf,
        /// What does not fit.
        source: Box<DatasetError>,
    },
    /// A folder was named that is none.
    #[error(
        "there is no folder {}; data are auto, mnist, fashion-mnist, digits, or a folder with {}",
        shown(path), list(&FILE_NAMES)
    )]
    NoFolder {
        /// What was named.
        path: PathBuf,
    },
    /// A data folder without some of its files.
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
    /// An input's images are of another size than the model's.
    #[error("{} holds images of {found}, expected {expected}{}", shown(path), resizing(*expected, *found))]
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
    #[error("{} does not hold MNIST: the digest of {file} is another", printable(location))]
    NotMnist {
        /// The folder or address.
        location: String,
        /// The first file that differs.
        file: &'static str,
    },
    /// The data set is neither on this machine nor to be had from the hub.
    #[error(
        "{name} was not found and could not be downloaded: {source}; put {} (each raw or .gz) into {} or any other folder \
         and name that",
        list(&FILE_NAMES), shown(folder)
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
    #[error("it is not on this machine, and downloads are switched off")]
    Offline,
    /// This build has no hub.
    #[error("it is not on this machine, and this build cannot download it")]
    NoHub,
}

/// What helps against another size.
fn resizing(expected: ImageShape, found: ImageShape) -> &'static str {
    let is_size = (expected.height, expected.width) != (found.height, found.width);
    if is_size { "; --resize fit or --resize crop brings them to it" } else { "" }
}

/// ", and 3 more".
fn and_more(named: usize, count: usize) -> String {
    if count > named { format!(" and {} more", count - named) } else { String::new() }
}

/// What can be done about rows that cannot be used.
fn next_step(missing: &[String], arguments: Option<&str>, left: usize) -> String {
    let skip = match left {
        0 => String::new(),
        1 => "; --skip-bad leaves these rows out, and 1 row remains".to_owned(),
        _ => format!("; --skip-bad leaves these rows out, and {left} rows remain"),
    };
    if missing.is_empty() {
        return skip;
    }
    let cells = missing.join(", ");
    let drop = arguments.map(|names| format!("; --drop-columns {names} leaves such columns out"));
    format!("; missing cells: {cells}{skip}{}", drop.unwrap_or_default())
}

/// "a, b and c".
fn list(names: &[&str]) -> String {
    match names {
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        _ => names.concat(),
    }
}
