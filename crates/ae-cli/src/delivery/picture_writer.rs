//! Pictures as files: each in the format that the name says, with the colour profile, the resolution and the depth of
//! that which it was made of, as far as the format has a place for them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use ae_dataset::{ColourProfile, Depth, ImageShape, PictureMetadata, PictureOrigin};
use ae_files::{AtomicFile, counted_as, write_atomic};
use ae_report::{PictureDepth, PictureFile, PictureFormat, TiffStack};

/// A picture that was made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Made<'a> {
    pub(super) shape: ImageShape,
    /// `channels x height x width`.
    pub(super) values: &'a [f32],
    /// What it was made of, if that was a picture.
    pub(super) origin: Option<&'a PictureOrigin>,
    /// Whether that had more than 8 bits a value.
    pub(super) has_16_bits: bool,
}

/// Writes pictures, and counts what their formats cannot hold.
#[derive(Debug)]
pub(super) struct PictureWriter {
    quality: u8,
    /// The TIFF to which pages are being added.
    stack: Option<Stack>,
    /// The values of all pages of a file, where their sizes are known.
    values: HashMap<PathBuf, u64>,
    /// Pages of a file that has no name yet.
    pending: usize,
    rounded: Lost,
    without_profile: Lost,
    without_resolution: Lost,
}

#[derive(Debug)]
struct Stack {
    path: PathBuf,
    file: TiffStack<AtomicFile>,
}

/// Pictures that lost something: how many, and the format of the last.
type Lost = Option<(usize, PictureFormat)>;

impl PictureWriter {
    pub(super) fn new(quality: u8) -> Self {
        let (rounded, without_profile, without_resolution) = (None, None, None);
        let values = HashMap::new();
        let (stack, pending) = (None, 0);
        Self { quality, stack, values, pending, rounded, without_profile, without_resolution }
    }

    /// The pages of a file that is not finished.
    pub(super) fn pending(&self) -> usize {
        self.pending
    }

    /// Says that a picture or page of this size will be written to a file. What a TIFF may hold is decided before its first
    /// page.
    pub(super) fn announce(&mut self, path: PathBuf, shape: ImageShape) {
        *self.values.entry(path).or_default() += shape.size() as u64;
    }

    /// Writes a picture; as a page of several where `pages` are to come with this path, one after the other.
    pub(super) fn write(
        &mut self,
        path: &Path,
        made: Made<'_>,
        pages: usize,
    ) -> anyhow::Result<()> {
        let format = PictureFormat::of_name(path).unwrap_or(PictureFormat::Png);
        // A damaged header was found before; there is nothing to be carried over then.
        let read = made.origin.map(|origin| PictureMetadata::read(&origin.picture));
        let metadata = read.transpose().unwrap_or_default().unwrap_or_default();
        let ImageShape { channels, height, width } = made.shape;
        let depth = match (metadata.depth, made.has_16_bits) {
            (Depth::Floats, _) => PictureDepth::Floats,
            (Depth::Bits16, _) | (_, true) => PictureDepth::Bits16,
            (Depth::Bits8, false) => PictureDepth::Bits8,
        };
        let profile = metadata.profile.as_ref().filter(|profile| profile.is_for(channels));
        let picture = PictureFile {
            channels,
            height,
            width,
            values: made.values,
            depth,
            profile: profile.map(ColourProfile::bytes),
            dots_per_inch: metadata.dots_per_inch,
        };
        let kept = format.keeps(depth);
        count(&mut self.rounded, kept.depth < depth, format);
        let has_lost = metadata.profile.is_some() && (profile.is_none() || !kept.profile);
        count(&mut self.without_profile, has_lost, format);
        let has_lost = metadata.dots_per_inch.is_some() && !kept.resolution;
        count(&mut self.without_resolution, has_lost, format);
        if format == PictureFormat::Tiff && pages > 1 {
            return self.add_page(path, &picture, pages);
        }
        self.finish_stack()?;
        Ok(write_atomic(path, &picture.encoded(format, self.quality)?)?)
    }

    fn add_page(
        &mut self,
        path: &Path,
        picture: &PictureFile<'_>,
        pages: usize,
    ) -> anyhow::Result<()> {
        if self.stack.as_ref().is_none_or(|stack| stack.path != path) {
            self.finish_stack()?;
            // Pages of unknown sizes are as large as the first.
            let alike = picture.values.len().saturating_mul(pages) as u64;
            let values = self.values.get(path).map_or(alike, |&values| values);
            let file = TiffStack::new(AtomicFile::begin(path)?, values)?;
            self.stack = Some(Stack { path: path.to_owned(), file });
        }
        if let Some(stack) = &mut self.stack {
            stack.file.add(picture)?;
            self.pending += 1;
        }
        Ok(())
    }

    /// Gives the file of pages its name.
    pub(super) fn finish_stack(&mut self) -> anyhow::Result<()> {
        if let Some(Stack { file, .. }) = self.stack.take() {
            file.finish()?.commit()?;
            self.pending = 0;
        }
        Ok(())
    }

    /// Finishes the last file and says what was lost.
    pub(super) fn finish(mut self) -> anyhow::Result<()> {
        self.finish_stack()?;
        let pictures = |count: usize| counted_as(count, "picture");
        if let Some((count, format)) = self.rounded {
            let format = format.name();
            tracing::warn!(
                "the values of {} are rounded to the bits that {format} has (png keeps 16, tiff floats too)",
                pictures(count)
            );
        }
        if let Some((count, format)) = self.without_profile {
            let format = format.name();
            tracing::warn!(
                "the colour profile of {} is not carried over: {format} has no place for it, or it is one for \
                 other channels",
                pictures(count)
            );
        }
        if let Some((count, format)) = self.without_resolution {
            let format = format.name();
            tracing::warn!(
                "the resolution of {} is not carried over: {format} has no place for it",
                pictures(count)
            );
        }
        Ok(())
    }
}

fn count(lost: &mut Lost, is_lost: bool, format: PictureFormat) {
    if is_lost {
        *lost = Some((lost.map_or(0, |(count, _)| count) + 1, format));
    }
}
