//! What a user gives to apply a model to.

use std::borrow::Cow;
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

impl InputFormat {
    /// What a network of this format is shown of items, `n x channels x height x width`: images as they
    /// are, rows of a table as [`Scaling::network_input`] bounds them.
    pub fn network_input<'a>(&self, items: &'a [f32]) -> Cow<'a, [f32]> {
        match &self.scaling {
            Some(scaling) => scaling.network_input(items),
            None => Cow::Borrowed(items),
        }
    }

    /// Puts what is known for sure into items that a network made: see [`Scaling::restore_constants`].
    pub fn restore_constants(&self, items: &mut [f32]) {
        if let Some(scaling) = &self.scaling {
            scaling.restore_constants(items);
        }
    }

    /// How much of each item the network is not shown: 0 for images, for rows of a table as
    /// [`Scaling::hidden_deviations`] has it.
    pub fn hidden_deviations(&self, items: &[f32]) -> Vec<f64> {
        match &self.scaling {
            Some(scaling) => scaling.hidden_deviations(items),
            None => vec![0.0; items.len() / self.shape.size().max(1)],
        }
    }
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
    /// The path of each image's file below what was named, if each has a file.
    pub files: Option<Vec<PathBuf>>,
    /// The place of each among all items of the input, counted from 0; those that are left out count too.
    pub items: Vec<u64>,
    /// Whether each is a picture of 16 bits a value.
    pub has_16_bits: Vec<bool>,
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
            items: (0..images.len() as u64).collect(),
            has_16_bits: vec![false; images.len()],
            skipped: 0,
        }
    }

    /// No images, as where all of a chunk were left out.
    pub(crate) fn none(shape: ImageShape) -> Self {
        Self {
            name: String::new(),
            shape,
            pixels: Vec::new(),
            labels: None,
            class_names: None,
            files: None,
            items: Vec::new(),
            has_16_bits: Vec::new(),
            skipped: 0,
        }
    }

    /// The number of images; never 0.
    #[expect(clippy::len_without_is_empty, reason = "there is always an image")]
    pub fn len(&self) -> usize {
        self.pixels.len() / self.shape.size()
    }

    /// A name for each image: that of its file, in its folders, or its place in the input.
    pub fn names(&self) -> Vec<PathBuf> {
        let places = || self.items.iter().map(|place| format!("{place:06}").into()).collect();
        self.files.clone().unwrap_or_else(places)
    }

    /// Puts those of a later chunk behind these.
    pub(crate) fn append(&mut self, later: Self) {
        self.pixels.extend(later.pixels);
        self.items.extend(later.items);
        self.has_16_bits.extend(later.has_16_bits);
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
