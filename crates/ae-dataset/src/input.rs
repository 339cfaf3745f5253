//! What a user gives to apply a model to.

use std::path::{Path, PathBuf};

use crate::{DatasetError, ImageShape, Images, InputReader, Progress, ReadOptions, Scaling};

/// What a model takes.
#[derive(Debug, Clone, PartialEq)]
pub struct InputFormat {
    /// The shape of an image; a row of a table is a grey image of one row.
    pub shape: ImageShape,
    /// How the columns are scaled, if the model was trained on a table.
    pub scaling: Option<Scaling>,
}

/// Images to apply a model to, as floats.
#[derive(Debug, Clone, PartialEq)]
pub struct Inputs {
    /// What they are, for a caption: the data set's name or the file's.
    pub name: String,
    /// The shape of an image.
    pub shape: ImageShape,
    /// `n x channels x height x width`, row-major; never empty. Images are in [0, 1], the rows of a
    /// table scaled as the model's were.
    pub pixels: Vec<f32>,
    /// A label for each image, if the input has labels.
    pub labels: Option<Vec<u8>>,
    /// What the labels mean, if the classes have names.
    pub class_names: Option<Vec<String>>,
    /// The file of each image, if each has one.
    pub files: Option<Vec<PathBuf>>,
    /// How many were left out because they could not be read.
    pub skipped: usize,
}

impl Inputs {
    /// Images as they are in a data set.
    pub fn from_images(name: &str, images: &Images) -> Self {
        Self {
            name: name.to_owned(),
            shape: images.shape(),
            pixels: images.to_floats(),
            labels: images.labels().map(<[u8]>::to_vec),
            class_names: images.class_names().map(<[String]>::to_vec),
            files: None,
            skipped: 0,
        }
    }

    /// The number of images; never 0.
    #[expect(clippy::len_without_is_empty, reason = "there is always an image")]
    pub fn len(&self) -> usize {
        self.pixels.len() / self.shape.size()
    }

    /// A name for each image: that of its file, in its class's folder, or its place, of which `first` is
    /// the first one's.
    pub fn names(&self, first: usize) -> Vec<PathBuf> {
        let Some(files) = &self.files else {
            return (first..first + self.len()).map(|place| format!("{place:06}").into()).collect();
        };
        let class = |file: &Path| {
            let folder = file.parent().and_then(Path::file_name).filter(|_| self.labels.is_some());
            PathBuf::from(folder.unwrap_or_default())
        };
        files.iter().map(|file| class(file).join(file.file_name().unwrap_or_default())).collect()
    }

    /// Puts those of a later chunk behind these.
    pub(crate) fn append(&mut self, later: Self) {
        self.pixels.extend(later.pixels);
        let lists = (self.labels.as_mut(), later.labels);
        if let (Some(labels), Some(later)) = lists {
            labels.extend(later);
        }
        if let (Some(files), Some(later)) = (self.files.as_mut(), later.files) {
            files.extend(later);
        }
        self.class_names = later.class_names;
        self.skipped += later.skipped;
    }
}

/// Reads all images of a model's format from whatever a user names; see [`InputReader::open`].
///
/// # Errors
/// As [`InputReader`].
pub fn read_inputs(
    path: &Path,
    format: &InputFormat,
    options: &ReadOptions,
    progress: &mut dyn Progress,
) -> Result<Inputs, DatasetError> {
    InputReader::open(path, format.clone(), options.clone(), progress)?.read_all(progress)
}
