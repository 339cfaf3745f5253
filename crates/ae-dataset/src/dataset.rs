//! A data set: training and test images, and where they come from.

use ae_files::hexadecimal;
use sha2::{Digest, Sha256};

use crate::idx::file_names::FILE_NAMES;
use crate::idx::format::{images_header, labels_header};
use crate::limits::MAX_HALF_BYTES;
use crate::{DatasetError, Images, Part, PatchSource, Pixels, Scaling, Variation};

/// Training and test images of one shape, and where they come from.
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    /// The training images.
    pub train: Images,
    /// The test images: held out to the end, or the validation set of a training.
    pub test: Images,
    /// Where the images come from.
    pub origin: Origin,
    /// The number of pictures or rows that were left out because they could not be read.
    pub skipped: usize,
    /// The number of pictures with 16 bits per value. If it is not 0, the values of all images are floats.
    pub of_16_bits: usize,
    /// How the columns were scaled, if the data is a table.
    pub scaling: Option<Scaling>,
    /// The fraction that was held out at random, in (0, 1), unless the data itself says what is for testing.
    pub held_out: Option<f64>,
    /// Facts about the columns, if the data is a table.
    pub table: Option<TableInfo>,
    /// What the training images of every epoch are cut from; [`train`](Self::train) holds those of epoch 0.
    pub patches: Option<PatchSource>,
    /// Of pairs of pictures, the inputs that become the images; without pairs, the images are their own inputs.
    pub inputs: Option<PairedInputs>,
}

/// The inputs of pairs: image `i` is the input of the data set's image `i`, and of the same shape.
#[derive(Debug, Clone, PartialEq)]
pub struct PairedInputs {
    /// The inputs of the training images.
    pub train: Images,
    /// The inputs of the test images.
    pub test: Images,
    /// The folder that the data set's images were read from; [`Origin::location`] is that of the inputs.
    pub target: String,
}

/// Facts about the columns of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TableInfo {
    /// The column of the classes: its name, or its number counted from 1 if there is no header.
    pub label: Option<String>,
    /// The columns that were left out, named the same way.
    pub left_out: Vec<String>,
    /// The columns with missing cells, those with the most first.
    pub missing: Vec<MissingCells>,
}

/// The number of cells without a value in a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingCells {
    /// The column in words, such as "column 2 `pressure`".
    pub column: String,
    /// The number of cells without a value.
    pub cells: usize,
}

/// Where a data set comes from, for records and reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// `mnist`, `fashion-mnist`, `digits` and `leaves` (procedural), `folder` (IDX files that are not MNIST's), `pictures`,
    /// `images` (one IDX file), `array` (`.npy`) or `table`. A [`variation`](Self::variation) follows: `mnist-rot`.
    pub name: String,
    /// A folder, a file, an address, or how the data was made.
    pub location: String,
    /// Digests of the images and labels of both halves. They identify the data wherever it comes from.
    pub files: Vec<FileDigest>,
    /// One sentence that says why, if this data set replaces the one that was asked for.
    pub substituted: Option<String>,
    /// What was done to the images at [`location`](Self::location), if anything was.
    pub variation: Option<Variation>,
}

/// The SHA-256 of one file of a data set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileDigest {
    /// The usual name of the IDX file, such as `train-images-idx3-ubyte`; of patches `train-images-pictures`. Inputs of pairs
    /// have `inputs` in place of `images`.
    pub name: String,
    /// The digest of the uncompressed IDX file, in lower-case hexadecimal digits.
    ///
    /// If the images do not come from IDX files, it is the digest of the IDX file that would hold them: colour images
    /// have four dimensions (`idx4`), floats the type `float`. The digest of patches covers names, shapes and files of the
    /// pictures that they are cut from.
    pub sha256: String,
}

impl Dataset {
    /// A data set from its two halves. The digests of [`Origin::files`] are computed.
    ///
    /// # Errors
    /// If a half takes more than 8 GiB or has more than 2^32 - 1 images, if the halves have different shapes, or if
    /// only one of them has labels.
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

    /// This data set with another part as its test images; `None` keeps them. [`origin`](Self::origin) stays the same.
    ///
    /// # Errors
    /// If [`Part::All`] takes more than 8 GiB.
    pub fn with_part(self, part: Option<Part>) -> Result<Self, DatasetError> {
        let test = match part {
            None | Some(Part::Test | Part::Validation) => return Ok(self),
            Some(Part::Train) => self.train.clone(),
            Some(Part::All) => self.train.clone().followed_by(&self.test)?,
        };
        check_memory("test", &test)?;
        let inputs = self.inputs.map(|inputs| {
            let test = match part {
                Some(Part::All) => inputs.train.clone().followed_by(&inputs.test)?,
                _ => inputs.train.clone(),
            };
            Ok::<_, DatasetError>(PairedInputs { test, ..inputs })
        });
        Ok(Self { test, inputs: inputs.transpose()?, ..self })
    }

    /// This data set of pairs with the inputs of its images. Their digests are added to those of the images.
    #[cfg(feature = "pictures")]
    pub(crate) fn with_inputs(mut self, inputs: PairedInputs, files: Vec<FileDigest>) -> Self {
        self.origin.files.extend(files);
        Self { inputs: Some(inputs), ..self }
    }

    /// A data set from its two halves and the digests of their files.
    pub(crate) fn of_files(
        name: String,
        location: String,
        train: Images,
        test: Images,
        files: Vec<FileDigest>,
    ) -> Result<Self, DatasetError> {
        check_halves(&train, &test)?;
        let origin = Origin { name, location, files, substituted: None, variation: None };
        Ok(Self {
            train,
            test,
            origin,
            skipped: 0,
            of_16_bits: 0,
            scaling: None,
            held_out: None,
            table: None,
            patches: None,
            inputs: None,
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
    if bytes > MAX_HALF_BYTES {
        return Err(DatasetError::TooLarge { part, bytes, limit: MAX_HALF_BYTES });
    }
    match u32::try_from(images.len()) {
        Ok(_) => Ok(()),
        Err(_) => Err(DatasetError::TooManyImages { part, images: images.len() }),
    }
}

impl PairedInputs {
    /// The digests of the IDX files that would hold them.
    #[cfg(feature = "pictures")]
    pub(crate) fn digests(&self) -> Vec<FileDigest> {
        let of = |images, name| digests(images, &[name]);
        let [train, test] = ["train-inputs-idx3-ubyte", "t10k-inputs-idx3-ubyte"];
        [of(&self.train, train), of(&self.test, test)].concat()
    }
}

/// The digests of the IDX file of the images and, if there are labels, of the labels' file.
fn digests(images: &Images, names: &[&str]) -> Vec<FileDigest> {
    let mut hasher = Sha256::new_with_prefix(images_header(images));
    let mut names = names.iter();
    let mut image_name = names.next().map_or_else(String::new, |&name| name.to_owned());
    if images.channels() > 1 {
        image_name = image_name.replace("idx3", "idx4");
    }
    match images.pixels() {
        Pixels::Bytes(bytes) => hasher.update(bytes),
        Pixels::Floats(floats) => {
            floats.iter().for_each(|value| hasher.update(value.to_be_bytes()));
        }
        Pixels::Mapped(mapped) if mapped.are_bytes() => {
            (0..images.len()).for_each(|index| hasher.update(mapped.image_bytes(index)));
        }
        Pixels::Mapped(_) => {
            let mut values = vec![0.0_f32; images.image_size()];
            for index in 0..images.len() as u32 {
                images.gather(&[index], &mut values);
                values.iter().for_each(|value| hasher.update(value.to_be_bytes()));
            }
        }
    }
    if !images.are_bytes() {
        image_name = image_name.replace("ubyte", "float");
    }
    let mut files = vec![FileDigest { name: image_name, sha256: hexadecimal(&hasher.finalize()) }];
    if let (Some(labels), Some(&name)) = (images.labels(), names.next()) {
        let hasher = Sha256::new_with_prefix(labels_header(labels)).chain_update(labels);
        files.push(FileDigest { name: name.to_owned(), sha256: hexadecimal(&hasher.finalize()) });
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ImageShape;

    #[test]
    fn halves_that_do_not_fit_together_are_refused() {
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
        // The operating system gives memory for zeros only when they are touched.
        let giant = Images::new(2, 2, vec![0; (8 << 30) + 4]).unwrap();
        assert_eq!(
            message(giant, unlabelled()),
            "the train images take 8589934596 bytes, more than the 8589934592 that are accepted"
        );
    }

    /// Computed in Python: `hashlib.sha256(struct.pack(">4I", 0x0D03, 1, 1, 2) +
    /// struct.pack(">2f", 0.5, 2)).hexdigest()`, and in colour
    /// `hashlib.sha256(struct.pack(">5I", 0x0804, 1, 3, 1, 1) + bytes([1, 2, 3])).hexdigest()`.
    #[test]
    fn colour_images_and_floats_have_the_digests_of_their_idx_files() {
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
