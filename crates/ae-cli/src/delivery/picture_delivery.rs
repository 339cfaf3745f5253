//! Pictures of any sizes, one by one.

use std::path::Path;

use ae_dataset::{ImageShape, PictureOrigin};
use ae_files::counted_as;
use ae_report::PictureFormat;
use anyhow::bail;

use super::job::Continuation;
use super::picture_folder::PictureFolder;
use super::picture_writer::{Made, PictureWriter};
use super::{Outcome, is_folder, there_already};
use crate::args::{Common, Target};
use crate::noise_levels::NoiseLevels;
use crate::output;

/// Takes pictures of any sizes one by one; each is a file of its own, or a page of a TIFF.
pub(crate) struct PictureDelivery<'a> {
    path: &'a Path,
    sink: Sink<'a>,
    delivered: usize,
}

enum Sink<'a> {
    Folder(Box<PictureFolder<'a>>),
    /// One file, of so many pages.
    File(PictureWriter, usize),
}

impl<'a> PictureDelivery<'a> {
    /// Begins for these pictures of these shapes; what cannot be written is refused before anything is computed.
    pub(crate) fn begin(
        target: &'a Target,
        continuation: &Continuation,
        origins: &[PictureOrigin],
        shapes: &[ImageShape],
    ) -> anyhow::Result<Self> {
        let mut delivery = Self::of_made(target, shapes)?;
        match &mut delivery.sink {
            Sink::Folder(folder) => {
                let channels = |place: usize| shapes.get(place).map_or(1, |shape| shape.channels);
                folder.plan(origins, channels, continuation)?;
                folder.announce(origins, shapes);
            }
            Sink::File(..) => super::check_continues(continuation)?,
        }
        Ok(delivery)
    }

    /// Begins for pictures of these shapes that are made of no pictures' files.
    pub(crate) fn of_made(target: &'a Target, shapes: &[ImageShape]) -> anyhow::Result<Self> {
        super::check_format(target)?;
        for shape in shapes {
            super::check_colours(target, shape.channels)?;
        }
        let path = match target.out.as_deref() {
            Some(path) if !target.show => path,
            _ => bail!(
                "--show draws images of the model's size alone; write pictures of other sizes with -o, \
                 or resize them with --resize"
            ),
        };
        if is_folder(path) {
            let folder = PictureFolder::begin(path, target)?;
            return Ok(Self { path, sink: Sink::Folder(Box::new(folder)), delivered: 0 });
        }
        let format = PictureFormat::of_name(path);
        let takes_all = shapes.len() == 1 || format == Some(PictureFormat::Tiff);
        if format.is_none() || !takes_all {
            bail!(
                "{}: pictures of other sizes than the model's go into a folder, such as out/, or one alone \
                 into a .png file or another picture, and several into the pages of a .tif",
                path.display()
            );
        }
        let mut writer = PictureWriter::new(target.quality);
        shapes.iter().for_each(|shape| writer.announce(path.to_owned(), *shape));
        let sink = Sink::File(writer, shapes.len());
        Ok(Self { path, sink, delivered: 0 })
    }

    /// Whether an item is still to be made.
    pub(crate) fn is_wanted(&self, item: u64) -> bool {
        match &self.sink {
            Sink::Folder(folder) => folder.is_wanted(item),
            Sink::File(..) => true,
        }
    }

    /// Writes a picture, `channels x height x width`, with as many bits as that which it was made of.
    pub(crate) fn add(
        &mut self,
        shape: ImageShape,
        values: &[f32],
        origin: &PictureOrigin,
        has_16_bits: bool,
    ) -> anyhow::Result<()> {
        self.write(Made { shape, values, origin: Some(origin), has_16_bits }, &origin.file)
    }

    /// Writes a picture of this name, `channels x height x width`, that was made of no picture's file.
    pub(crate) fn add_made(
        &mut self,
        shape: ImageShape,
        values: &[f32],
        name: &Path,
    ) -> anyhow::Result<()> {
        self.write(Made { shape, values, origin: None, has_16_bits: false }, name)
    }

    fn write(&mut self, made: Made<'_>, name: &Path) -> anyhow::Result<()> {
        match &mut self.sink {
            Sink::Folder(folder) => folder.add(made, name)?,
            Sink::File(writer, pages) => writer.write(self.path, made, *pages)?,
        }
        self.delivered += 1;
        Ok(())
    }

    /// An error, with what was written into the folder before it.
    pub(crate) fn interrupted(&self, error: anyhow::Error) -> anyhow::Error {
        match &self.sink {
            Sink::Folder(folder) => folder.interrupted(error),
            Sink::File(..) => error,
        }
    }

    /// Tells of what was written.
    pub(crate) fn finish(
        self,
        skipped: usize,
        levels: &NoiseLevels,
        common: &Common,
    ) -> anyhow::Result<Outcome> {
        let mut outcome = Outcome { images: self.delivered, files: Vec::new() };
        let mut what = format!("{} written", counted_as(self.delivered, "picture"));
        match self.sink {
            Sink::Folder(folder) => {
                what = there_already(what, folder.there());
                outcome.images += folder.there();
                outcome.files = folder.finish()?;
            }
            Sink::File(writer, _) => writer.finish()?,
        }
        output::written(common, self.path, self.delivered, skipped, &what, None, levels)?;
        Ok(outcome)
    }
}
