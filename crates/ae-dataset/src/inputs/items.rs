//! The items of an input in memory.

use std::path::PathBuf;

use crate::{ImageShape, Images, PictureOrigin};

/// Items to apply a model to, as floats: images or rows of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Inputs {
    /// The name of the data set or the file, for captions.
    pub name: String,
    /// The shape of an image.
    pub shape: ImageShape,
    /// `n x channels x height x width`, row-major; never empty. Images are in [0, 1], rows of a table are scaled as in the
    /// model's training.
    pub pixels: Vec<f32>,
    /// One label for each item, if the input has labels.
    pub labels: Option<Vec<u8>>,
    /// The names of the classes, if they have names: label `i` stands for the name at `i`.
    pub class_names: Option<Vec<String>>,
    /// The path of each item's file, relative to the named folder, if each item has a file.
    pub files: Option<Vec<PathBuf>>,
    /// The picture that each item was read from, if each is one.
    pub origins: Option<Vec<PictureOrigin>>,
    /// The place of each item among all items of the input, counted from 0. Items that are left out count too.
    pub items: Vec<u64>,
    /// For each item, whether it is a picture with more than 8 bits per value.
    pub has_16_bits: Vec<bool>,
    /// The number of items that were left out because they could not be read.
    pub skipped: usize,
}

impl Inputs {
    /// The images of a data set.
    pub fn from_images(name: &str, images: &Images) -> Self {
        Self {
            name: name.to_owned(),
            shape: images.shape(),
            pixels: images.to_floats(),
            labels: images.labels().map(<[u8]>::to_vec),
            class_names: images.class_names().map(<[String]>::to_vec),
            files: None,
            origins: None,
            items: (0..images.len() as u64).collect(),
            has_16_bits: vec![false; images.len()],
            skipped: 0,
        }
    }

    /// No items, for a chunk of which all were left out.
    pub(crate) fn none(shape: ImageShape) -> Self {
        Self {
            name: String::new(),
            shape,
            pixels: Vec::new(),
            labels: None,
            class_names: None,
            files: None,
            origins: None,
            items: Vec::new(),
            has_16_bits: Vec::new(),
            skipped: 0,
        }
    }

    /// The number of items; never 0.
    #[expect(clippy::len_without_is_empty, reason = "there is always an item")]
    pub fn len(&self) -> usize {
        self.pixels.len() / self.shape.size()
    }

    /// A name for each item: the relative path of its file, or its place in the input with six digits or more.
    pub fn names(&self) -> Vec<PathBuf> {
        let places = || self.items.iter().map(|place| format!("{place:06}").into()).collect();
        self.files.clone().unwrap_or_else(places)
    }

    /// Appends the items of a later chunk.
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
        if let (Some(origins), Some(later)) = (self.origins.as_mut(), later.origins) {
            origins.extend(later);
        }
        self.class_names = later.class_names;
        self.skipped += later.skipped;
    }
}
