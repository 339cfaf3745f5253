//! Reads pictures one by one, each in its own size.

use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::file_kind::FileKind;
use crate::idx::folder::is_idx_folder;
use crate::inputs::identity;
use crate::pictures::decode::{self, Decoded, Header, Wanted};
use crate::pictures::headers::PictureHeaders;
use crate::pictures::id::PictureOrigin;
use crate::pictures::list::PictureList;
use crate::pictures::parts;
use crate::pictures::remark::warn_of_remarks;
use crate::skipped::warn_of_skipped;
use crate::{
    Background, BadItems, DatasetError, ImageShape, Inputs, PictureId, Pixels, Progress,
    ReadOptions, Shard, ShardItems,
};

/// An iterator over pictures, each in its own size, as one [`Inputs`] of length 1. Only one picture is in memory at a
/// time, so the folder may have any size.
///
/// # Errors
/// The iterator yields an error if a picture cannot be decoded and such pictures are refused, or if all were left out.
#[derive(Debug)]
pub struct PictureReader {
    path: PathBuf,
    list: PictureList,
    shapes: Vec<ImageShape>,
    bad: BadItems,
    background: Option<Background>,
    /// The number of pictures that were tried.
    done: usize,
    /// The number of pictures that were returned.
    given: usize,
    skipped: usize,
    /// The number of all pictures, including those that are left out.
    total: usize,
    /// Whether the warning of skipped pictures was given.
    said: bool,
}

impl PictureReader {
    /// Whether a path is a picture or a folder of pictures of which at least one, by its header, has another shape.
    ///
    /// # Errors
    /// If the path cannot be read, or is a folder without pictures.
    pub fn has_another_shape(
        path: &Path,
        shape: ImageShape,
        options: &ReadOptions,
    ) -> Result<bool, DatasetError> {
        let Some(list) = list(path, options, &mut ())? else { return Ok(false) };
        // Headers that cannot be read are reported when the pictures are read.
        let other = |file: &PictureId| decode::header(file).is_ok_and(|found| found.shape != shape);
        Ok(list.files.par_iter().any(other))
    }

    /// Whether a path is a picture or a folder of pictures of which at least one, by its header, has another height or width.
    ///
    /// # Errors
    /// If the path cannot be read, or is a folder without pictures.
    pub fn has_another_size(
        path: &Path,
        [height, width]: [usize; 2],
        options: &ReadOptions,
    ) -> Result<bool, DatasetError> {
        let Some(list) = list(path, options, &mut ())? else { return Ok(false) };
        let other = |file: &PictureId| {
            let found = decode::header(file).map(|found| found.shape);
            found.is_ok_and(|found| found.height != height || found.width != width)
        };
        Ok(list.files.par_iter().any(other))
    }

    /// Whether a path is a picture or a folder of pictures.
    ///
    /// # Errors
    /// As [`has_another_size`](Self::has_another_size).
    pub fn are_pictures(path: &Path, options: &ReadOptions) -> Result<bool, DatasetError> {
        Ok(list(path, options, &mut ())?.is_some())
    }

    /// The same pictures, all with so many channels: 1 makes them grey, 3 coloured.
    #[must_use]
    pub fn in_channels(mut self, channels: usize) -> Self {
        self.shapes.iter_mut().for_each(|shape| shape.channels = channels);
        self
    }

    /// Opens a picture of at most 32 768 pixels a side and 268 435 456 in all, a TIFF with several pages, or a folder of
    /// them as [`InputReader::open`](crate::InputReader::open) does.
    ///
    /// Grey pictures are read with `channels` channels, coloured ones with three.
    ///
    /// # Errors
    /// If the path is neither, a folder cannot be listed, or a header cannot be read and such pictures are refused.
    pub fn open(
        path: &Path,
        channels: usize,
        options: &ReadOptions,
        progress: &mut dyn Progress,
    ) -> Result<Self, DatasetError> {
        let bad = options.bad;
        let list = list(path, options, progress)?
            .ok_or_else(|| DatasetError::NoPictures { folder: path.to_owned() })?;
        let PictureHeaders { list, headers, skipped } =
            PictureHeaders::read(path, list, bad, progress)?;
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
            background: options.background,
            done: 0,
            given: 0,
            skipped,
            total,
            said: false,
        })
    }

    /// The shapes of all pictures whose headers can be read, in order.
    pub fn shapes(&self) -> &[ImageShape] {
        &self.shapes
    }

    /// All pictures whose headers can be read, in order.
    pub fn origins(&self) -> Vec<PictureOrigin> {
        self.list.origins()
    }

    /// Leaves out the pictures at places for which `is_read` is false; they are not counted as bad. See
    /// [`PictureOrigin::item`].
    #[must_use]
    pub fn only(mut self, is_read: &dyn Fn(u64) -> bool) -> Self {
        let places = self.list.places.iter().zip(&self.shapes);
        self.shapes =
            places.filter(|(place, _)| is_read(**place)).map(|(_, shape)| *shape).collect();
        self.list = self.list.filtered(is_read);
        // Nothing is left to be read, and that is no error.
        self.given += usize::from(self.shapes.is_empty());
        self
    }

    /// Which pictures are in a shard. The input is cut where `may_cut` allows it for an index of [`shapes`](Self::shapes),
    /// and never within a file of several pages; see [`Shard::range`].
    pub fn shard(&self, shard: Shard, may_cut: &dyn Fn(usize) -> bool) -> ShardItems {
        let cut = |index: usize| !self.list.is_within_file(index) && may_cut(index);
        let range = shard.range(self.shapes.len(), &cut);
        let of = self.total as u64;
        let place = |index: usize| match index {
            0 => 0,
            _ => self.list.places.get(index).copied().unwrap_or(of),
        };
        ShardItems { first: place(range.start), end: place(range.end), of }
    }

    /// The pictures of a shard alone. Pictures whose headers cannot be read are counted by the first shard.
    #[must_use]
    pub fn within(self, items: ShardItems) -> Self {
        let skipped = if items.first == 0 && items.end > 0 { self.skipped } else { 0 };
        let only = self.only(&|item| items.contains(item));
        Self { skipped, given: 1, total: only.shapes.len() + skipped, ..only }
    }

    /// A digest of the names and the lengths of the pictures.
    pub fn identity(&self) -> String {
        identity::of_pictures(&self.list)
    }

    /// The number of pictures that were left out until now because they could not be read.
    pub fn skipped(&self) -> usize {
        self.skipped
    }

    fn read(&self, place: usize) -> Result<Inputs, DatasetError> {
        let shape = self.shapes[place];
        let list = self.list.select(&[place as u32]);
        let wanted = Wanted { channels: shape.channels, background: self.background };
        let picture = &self.list.files[place];
        let Decoded { images, remark } = decode::read(picture, wanted)?;
        warn_of_remarks(&self.path, std::iter::once((picture, remark)));
        let (names, origins) = (list.names(), list.origins());
        let PictureList { labels, class_names, places, .. } = list;
        let has_classes = !class_names.is_empty();
        Ok(Inputs {
            labels: has_classes.then_some(labels),
            class_names: has_classes.then_some(class_names),
            files: Some(names),
            origins: Some(origins),
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
            warn_of_skipped(&self.path, "pictures", self.skipped, self.total);
        }
        // If all were left out, that is an error, once.
        (std::mem::replace(&mut self.given, 1) == 0)
            .then(|| Err(DatasetError::AllSkipped { path: self.path.clone(), count: self.skipped }))
    }
}

/// The pictures at a path; `None` if it is neither a picture nor a folder of pictures.
fn list(
    path: &Path,
    options: &ReadOptions,
    progress: &mut dyn Progress,
) -> Result<Option<PictureList>, DatasetError> {
    if path.is_dir() && !is_idx_folder(path)? {
        return parts::list(path, options.part, progress).map(Some);
    }
    Ok((path.is_file() && FileKind::of_file(path)?.is_picture())
        .then(|| PictureList::of_file(path)))
}
