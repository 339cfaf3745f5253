//! Pictures as they are, each in its own size, one after the other.

use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::own_data::say_skipped;
use crate::picture::Header;
use crate::picture_list::PictureList;
use crate::pictures::Survey;
use crate::{
    BadItems, DatasetError, ImageShape, Inputs, Pixels, Progress, ReadOptions, folder, picture,
    picture_parts,
};

/// Pictures in their own sizes, one at a time, so that a folder of any length fits into memory.
///
/// # Errors
/// The iterator's: if a picture cannot be decoded and that is not to be skipped.
#[derive(Debug)]
pub struct PictureReader {
    path: PathBuf,
    list: PictureList,
    shapes: Vec<ImageShape>,
    bad: BadItems,
    done: usize,
    given: usize,
    skipped: usize,
    /// All pictures, those that are left out too.
    total: usize,
    said: bool,
}

impl PictureReader {
    /// Whether a path is a PNG, a JPEG or a folder of them of which one, by its header, is not of this
    /// shape.
    ///
    /// # Errors
    /// If the path cannot be read, or is a folder that holds something else.
    pub fn finds_other_shapes(
        path: &Path,
        shape: ImageShape,
        options: &ReadOptions,
    ) -> Result<bool, DatasetError> {
        let Some(list) = list(path, options, &mut ())? else { return Ok(false) };
        // What cannot be read is told by the one who reads it.
        let other = |file: &PathBuf| picture::header(file).is_ok_and(|found| found.shape != shape);
        Ok(list.files.par_iter().any(other))
    }

    /// Opens a PNG or JPEG of at most 8192 x 8192 pixels, or a folder of them as
    /// [`InputReader::open`](crate::InputReader::open) does.
    ///
    /// Grey pictures are read in `channels` channels, coloured ones in three.
    ///
    /// # Errors
    /// If the path is neither, a folder cannot be listed, or a header cannot be read and that is not to
    /// be skipped.
    pub fn open(
        path: &Path,
        channels: usize,
        options: &ReadOptions,
        progress: &mut dyn Progress,
    ) -> Result<Self, DatasetError> {
        let bad = options.bad;
        let list = list(path, options, progress)?
            .ok_or_else(|| DatasetError::NoPictures { folder: path.to_owned() })?;
        let Survey { list, headers, skipped } = Survey::of(path, list, bad, progress)?;
        let in_channels = |header: Header| match header.shape.channels {
            1 => ImageShape { channels, ..header.shape },
            _ => header.shape,
        };
        let total = headers.len() + skipped;
        Ok(Self {
            path: path.to_owned(),
            list,
            shapes: headers.into_iter().map(in_channels).collect(),
            bad,
            done: 0,
            given: 0,
            skipped,
            total,
            said: false,
        })
    }

    /// The shape of every picture whose header can be read, in order.
    pub fn shapes(&self) -> &[ImageShape] {
        &self.shapes
    }

    /// How many pictures were left out because they could not be read.
    pub fn skipped(&self) -> usize {
        self.skipped
    }

    fn read(&self, place: usize) -> Result<Inputs, DatasetError> {
        let shape = self.shapes[place];
        let list = self.list.select(&[place as u32]);
        let images = picture::read(&self.list.files[place], shape.channels)?;
        let names = list.names();
        let PictureList { labels, class_names, places, .. } = list;
        let has_classes = !class_names.is_empty();
        Ok(Inputs {
            labels: has_classes.then_some(labels),
            class_names: has_classes.then_some(class_names),
            files: Some(names),
            items: places,
            has_16_bits: vec![matches!(images.pixels(), Pixels::Floats(_))],
            ..Inputs::from_images(&self.path.to_string_lossy(), &images)
        })
    }
}

impl Iterator for PictureReader {
    type Item = Result<Inputs, DatasetError>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.done < self.shapes.len() {
            let read = self.read(self.done);
            self.done += 1;
            match (read, self.bad) {
                (Err(error), BadItems::Skip) => {
                    tracing::warn!("left out: {error}");
                    self.skipped += 1;
                }
                (read, _) => {
                    self.given += 1;
                    return Some(read);
                }
            }
        }
        if !std::mem::replace(&mut self.said, true) {
            say_skipped(&self.path, "pictures", self.skipped, self.total);
        }
        // All could be left out; that is said once.
        (std::mem::replace(&mut self.given, 1) == 0)
            .then(|| Err(DatasetError::AllSkipped { path: self.path.clone(), count: self.skipped }))
    }
}

/// The pictures that a path is or holds.
fn list(
    path: &Path,
    options: &ReadOptions,
    progress: &mut dyn Progress,
) -> Result<Option<PictureList>, DatasetError> {
    if path.is_dir() && !folder::is_idx_folder(path)? {
        return picture_parts::list(path, options.part, progress).map(Some);
    }
    Ok((path.is_file() && picture::is_picture_file(path)?).then(|| PictureList::of_file(path)))
}
