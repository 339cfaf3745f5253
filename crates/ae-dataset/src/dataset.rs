//! A data set, and where it came from.

use ae_files::hexadecimal;
use sha2::{Digest, Sha256};

use crate::idx;
use crate::{DatasetError, Images, Part, Pixels, Scaling};

/// The most that one half of a data set may take in memory: 8 GiB.
pub(crate) const MAX_MEMORY: u64 = 8 << 30;

/// The names of a data set's IDX files: training images and labels, test images and labels.
pub(crate) const FILE_NAMES: [&str; 4] = [
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
];

/// Images of one shape to train with and to test with, and where they came from.
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    /// The images to train with.
    pub train: Images,
    /// The images to test with.
    pub test: Images,
    /// Where they came from.
    pub origin: Origin,
    /// How many pictures or rows were left out because they could not be read.
    pub skipped: usize,
    /// How many of the pictures have 16 bits a value; then all values are floats.
    pub of_16_bits: usize,
    /// How the columns were scaled, if the data is a table.
    pub scaling: Option<Scaling>,
    /// The part that was held out for testing, if the data did not say which.
    pub held_out: Option<f64>,
    /// What else was read of a table.
    pub table: Option<TableInfo>,
}

/// What is known of a table beside its numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TableInfo {
    /// The column of the classes: its name, or its number counted from 1 where there is no header.
    pub label: Option<String>,
    /// The columns that were left out, named in the same way.
    pub left_out: Vec<String>,
    /// The columns with missing cells, most of them first.
    pub missing: Vec<MissingCells>,
}

/// Cells of a table's column that hold no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingCells {
    /// The column, in words.
    pub column: String,
    /// How many they are.
    pub cells: usize,
}

/// Where a data set came from: what a record and a report say about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// What it is: `mnist`, `fashion-mnist`, `digits` (procedural), `folder` (of IDX files, not
    /// recognised), `pictures`, `images` (an IDX file), `array` (`.npy`) or `table`.
    pub name: String,
    /// Where it lies: a folder, a file, an address, or how it was made.
    pub location: String,
    /// Digests of its files (of images and labels, for each half), which identify the images wherever
    /// they come from.
    pub files: Vec<FileDigest>,
    /// If another data set than the preferred one stands in: one plain sentence that says why.
    pub substituted: Option<String>,
}

/// The SHA-256 of one file of a data set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileDigest {
    /// The usual name of the IDX file, such as `train-images-idx3-ubyte`.
    pub name: String,
    /// The digest of the uncompressed IDX file, in lower-case hexadecimal digits.
    ///
    /// For images that do not come from IDX files, of the IDX file that would hold them: colours take
    /// four dimensions (`idx4`), numbers that are no bytes the type `float`.
    pub sha256: String,
}

impl Dataset {
    /// A data set from its two halves; computes the digests.
    ///
    /// # Errors
    /// If a half takes more than 8 GiB or has more than 2^32 - 1 images, or if the halves are of
    /// different shapes or only one has labels.
    pub fn new(
        name: impl Into<String>,
        location: impl Into<String>,
        train: Images,
        test: Images,
    ) -> Result<Self, DatasetError> {
        check_halves(&train, &test)?;
        let [train_names, test_names] = [&FILE_NAMES[..2], &FILE_NAMES[2..]];
        let (train_digests, test_digests) =
            rayon::join(|| digests(&train, train_names), || digests(&test, test_names));
        let files = [train_digests, test_digests].concat();
        Self::of_files(name.into(), location.into(), train, test, files)
    }

    /// The same with another part to test with; `None` is what is held out. What it came from stays.
    ///
    /// # Errors
    /// If all of it takes more than 8 GiB.
    pub fn with_part(self, part: Option<Part>) -> Result<Self, DatasetError> {
        let test = match part {
            None | Some(Part::Test | Part::Validation) => return Ok(self),
            Some(Part::Train) => self.train.clone(),
            Some(Part::All) => self.train.clone().followed_by(&self.test)?,
        };
        check_memory("test", &test)?;
        Ok(Self { test, ..self })
    }

    /// A data set from its two halves and the digests that were taken of their files.
    pub(crate) fn of_files(
        name: String,
        location: String,
        train: Images,
        test: Images,
        files: Vec<FileDigest>,
    ) -> Result<Self, DatasetError> {
        check_halves(&train, &test)?;
        let origin = Origin { name, location, files, substituted: None };
        Ok(Self {
            train,
            test,
            origin,
            skipped: 0,
            of_16_bits: 0,
            scaling: None,
            held_out: None,
            table: None,
        })
    }
}

fn check_halves(train: &Images, test: &Images) -> Result<(), DatasetError> {
    if train.shape() != test.shape() {
        return Err(DatasetError::DifferentSizes { train: train.shape(), test: test.shape() });
    }
    for (part, images, other) in [("train", train, test), ("test", test, train)] {
        check_memory(part, images)?;
        if images.labels().is_none() && other.labels().is_some() {
            return Err(DatasetError::HalfLabelled { part });
        }
    }
    Ok(())
}

fn check_memory(part: &'static str, images: &Images) -> Result<(), DatasetError> {
    let bytes = images.pixels().memory();
    if bytes > MAX_MEMORY {
        return Err(DatasetError::TooLarge { part, bytes, limit: MAX_MEMORY });
    }
    match u32::try_from(images.len()) {
        Ok(_) => Ok(()),
        Err(_) => Err(DatasetError::TooManyImages { part, images: images.len() }),
    }
}

/// The digests of the IDX files of images and, if there are any, of labels.
fn digests(images: &Images, names: &[&str]) -> Vec<FileDigest> {
    let mut hasher = Sha256::new_with_prefix(idx::images_header(images));
    let mut names = names.iter();
    let mut image_name = names.next().map_or_else(String::new, |&name| name.to_owned());
    if images.channels() > 1 {
        image_name = image_name.replace("idx3", "idx4");
    }
    match images.pixels() {
        Pixels::Bytes(bytes) => hasher.update(bytes),
        Pixels::Floats(floats) => {
            image_name = image_name.replace("ubyte", "float");
            floats.iter().for_each(|value| hasher.update(value.to_be_bytes()));
        }
    }
    let mut files = vec![FileDigest { name: image_name, sha256: hexadecimal(&hasher.finalize()) }];
    if let (Some(labels), Some(&name)) = (images.labels(), names.next()) {
        let hasher = Sha256::new_with_prefix(idx::labels_header(labels)).chain_update(labels);
        files.push(FileDigest { name: name.to_owned(), sha256: hexadecimal(&hasher.finalize()) });
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ImageShape;

    #[test]
    fn halves_that_make_no_data_set_are_refused() {
        let unlabelled = || Images::new(2, 2, vec![0; 8]).unwrap();
        let labelled = || unlabelled().with_labels(vec![0, 1]).unwrap();
        let message = |train, test| Dataset::new("x", "y", train, test).unwrap_err().to_string();
        assert_eq!(
            message(labelled(), unlabelled()),
            "the test images have no labels, the others have some; both need them or neither"
        );
        let coloured = Images::of_shape(
            ImageShape { channels: 3, height: 2, width: 2 },
            Pixels::Bytes(vec![0; 12]),
        );
        assert_eq!(
            message(unlabelled(), coloured.unwrap()),
            "training images are 2 x 2, test images 2 x 2 in colour; they must be of one size"
        );
        // Zeros that are never touched take no memory.
        let giant = Images::new(2, 2, vec![0; (8 << 30) + 4]).unwrap();
        assert_eq!(
            message(giant, unlabelled()),
            "the train images take 8589934596 bytes, more than the 8589934592 that are accepted"
        );
    }

    /// The images' file, in Python: `hashlib.sha256(struct.pack(">4I", 0x0D03, 1, 1, 2) +
    /// struct.pack(">2f", 0.5, 2)).hexdigest()`, and in colour
    /// `hashlib.sha256(struct.pack(">5I", 0x0804, 1, 3, 1, 1) + bytes([1, 2, 3])).hexdigest()`.
    #[test]
    fn colours_and_floats_have_the_digests_of_their_idx_files() {
        let digests = |shape, pixels| {
            let images = Images::of_shape(shape, pixels).unwrap();
            let dataset = Dataset::new("x", "y", images.clone(), images).unwrap();
            let file = dataset.origin.files.first().cloned().unwrap();
            assert_eq!(dataset.origin.files.len(), 2);
            (file.name, file.sha256)
        };
        assert_eq!(
            digests(ImageShape::grey(1, 2), Pixels::Floats(vec![0.5, 2.0])),
            ("train-images-idx3-float".to_owned(), FLOATS.to_owned())
        );
        let colour = ImageShape { channels: 3, height: 1, width: 1 };
        assert_eq!(
            digests(colour, Pixels::Bytes(vec![1, 2, 3])),
            ("train-images-idx4-ubyte".to_owned(), COLOURS.to_owned())
        );
    }

    const FLOATS: &str = "6e3620d58e82d7e502a5b3de2de2fe390996559e840bb73e2dd5928b27cd1639";
    const COLOURS: &str = "7a6ee557e303595a244dc141f7645eb297340d798d445f3ab58abcba346eccdc";
}
