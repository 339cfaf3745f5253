//! A data set, and where it came from.

use sha2::{Digest, Sha256};

use crate::idx::{self, MAX_BYTES};
use crate::{DatasetError, Images};

/// The names of a data set's IDX files: training images and labels, test images and labels.
pub(crate) const FILE_NAMES: [&str; 4] = [
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
];

/// Labelled images of one size to train with and to test with, and where they came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dataset {
    /// The images to train with.
    pub train: Images,
    /// The images to test with.
    pub test: Images,
    /// Where they came from.
    pub origin: Origin,
}

/// Where a data set came from: what a record and a report say about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// What it is: `mnist`, `fashion-mnist`, `digits` (procedural), or `folder` (not recognised).
    pub name: String,
    /// Where it lies: a folder, an address, or how it was made.
    pub location: String,
    /// Digests of the four files, which identify the images wherever they come from.
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
    /// For images that do not come from IDX files, of the file that would be written for them.
    pub sha256: String,
}

impl Dataset {
    /// A data set from its two halves; computes the digests.
    ///
    /// # Errors
    /// If a half has no labels or takes more than 1 GiB, or their images are of different sizes.
    pub fn new(
        name: impl Into<String>,
        location: impl Into<String>,
        train: Images,
        test: Images,
    ) -> Result<Self, DatasetError> {
        let size = |images: &Images| (images.height(), images.width());
        if size(&train) != size(&test) {
            return Err(DatasetError::DifferentSizes { train: size(&train), test: size(&test) });
        }
        let (train_digests, test_digests) =
            rayon::join(|| digests("train", &train), || digests("test", &test));
        let [train_images, train_labels] = train_digests?;
        let [test_images, test_labels] = test_digests?;
        let files = FILE_NAMES
            .into_iter()
            .zip([train_images, train_labels, test_images, test_labels])
            .map(|(name, sha256)| FileDigest { name: name.to_owned(), sha256 })
            .collect();
        let origin =
            Origin { name: name.into(), location: location.into(), files, substituted: None };
        Ok(Self { train, test, origin })
    }
}

/// The digests of the IDX files of images and of labels.
fn digests(part: &'static str, images: &Images) -> Result<[String; 2], DatasetError> {
    // What is written can be read again, and every size fits the header.
    let bytes = images.pixels().len();
    if bytes as u64 > MAX_BYTES {
        return Err(DatasetError::TooLarge { part, bytes, limit: MAX_BYTES });
    }
    let labels = images.labels().ok_or(DatasetError::Unlabelled { part })?;
    let images_digest = sha256(&idx::images_header(images), images.pixels());
    Ok([images_digest, sha256(&idx::labels_header(labels), labels)])
}

fn sha256(header: &[u8], body: &[u8]) -> String {
    let digest = Sha256::new().chain_update(header).chain_update(body).finalize();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_that_make_no_data_set_are_refused() {
        let unlabelled = || Images::new(2, 2, vec![0; 8]).unwrap();
        let labelled = || unlabelled().with_labels(vec![0, 1]).unwrap();
        let message = |train, test| Dataset::new("x", "y", train, test).unwrap_err().to_string();
        assert_eq!(
            message(labelled(), unlabelled()),
            "the test images have no labels; a data set needs them"
        );
        // Zeros that are never touched take no memory.
        let giant = Images::new(2, 2, vec![0; (1 << 30) + 4]).unwrap();
        assert_eq!(
            message(giant, labelled()),
            "the train images take 1073741828 bytes, more than the 1073741824 that are accepted"
        );
    }
}
