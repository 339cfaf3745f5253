//! A folder into which pictures are written: which name each gets, which are there already, and how far it came.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

use ae_dataset::{ImageShape, PictureOrigin};
use ae_files::{counted_as, make_folder};
use ae_report::PictureFormat;

use super::job::{Continuation, Job};
use super::names::PictureNames;
use super::picture_writer::{Made, PictureWriter};
use crate::args::Target;

/// Takes pictures one by one; each is a file of its own, or a page of one.
#[derive(Debug)]
pub(super) struct PictureFolder<'a> {
    folder: &'a Path,
    format: Option<PictureFormat>,
    names: PictureNames,
    /// The name of each item that is a picture.
    planned: HashMap<u64, PathBuf>,
    /// The items that were written before.
    there: HashSet<u64>,
    job: Option<Job>,
    writer: PictureWriter,
    written: usize,
    /// The files, relative to the folder.
    files: BTreeSet<PathBuf>,
}

impl<'a> PictureFolder<'a> {
    /// Makes the folder.
    pub(super) fn begin(folder: &'a Path, target: &Target) -> anyhow::Result<Self> {
        make_folder(folder)?;
        Ok(Self {
            folder,
            format: target.format,
            names: PictureNames::default(),
            planned: HashMap::new(),
            there: HashSet::new(),
            job: None,
            writer: PictureWriter::new(target.quality),
            written: 0,
            files: BTreeSet::new(),
        })
    }

    /// Gives all pictures of an input their names, and finds those that an interrupted command has written. `channels`
    /// are those of what is made of the picture at a place.
    pub(super) fn plan(
        &mut self,
        origins: &[PictureOrigin],
        channels: impl Fn(usize) -> usize,
        continuation: &Continuation,
    ) -> anyhow::Result<()> {
        let job = Job::begin(self.folder, continuation)?;
        let mut stack: Option<(&Path, PathBuf)> = None;
        for (place, PictureOrigin { picture, file, item }) in origins.iter().enumerate() {
            let own = self.format.or(PictureFormat::of_name(file).map(|own| {
                // A model for colours makes a coloured picture of a grey one.
                if own.holds(channels(place)) { own } else { PictureFormat::Ppm }
            }));
            let is_page = picture.page.is_some() && own == Some(PictureFormat::Tiff);
            let name = match &stack {
                // The pages of a file are in one file again.
                Some((path, name)) if is_page && *path == picture.path => name.clone(),
                _ if is_page => self.names.next(file, own),
                _ => self.names.next(&picture.named(file), own),
            };
            stack = is_page.then(|| (picture.path.as_path(), name.clone()));
            if continuation.continues && job.has_written(&self.folder.join(&name), &picture.path) {
                self.there.insert(*item);
                self.files.insert(name.clone());
            }
            self.planned.insert(*item, name);
        }
        self.job = Some(job);
        Ok(())
    }

    /// Tells the sizes of the pictures that were planned.
    pub(super) fn announce(&mut self, origins: &[PictureOrigin], shapes: &[ImageShape]) {
        for (PictureOrigin { item, .. }, shape) in origins.iter().zip(shapes) {
            if let Some(name) = self.planned.get(item) {
                self.writer.announce(self.folder.join(name), *shape);
            }
        }
    }

    /// Whether an item is still to be made.
    pub(super) fn is_wanted(&self, item: u64) -> bool {
        !self.there.contains(&item)
    }

    /// How many pictures were there.
    pub(super) fn there(&self) -> usize {
        self.there.len()
    }

    /// Writes a picture under the name that was planned, or under that of an item which is no picture's file.
    pub(super) fn add(&mut self, made: Made<'_>, name: &Path) -> anyhow::Result<()> {
        let planned = made.origin.and_then(|origin| self.planned.get(&origin.item)).cloned();
        let png = self.format.or(Some(PictureFormat::Png));
        let name = planned.unwrap_or_else(|| self.names.next(name, png));
        let path = self.folder.join(&name);
        self.files.insert(name);
        let pages = made.origin.and_then(|origin| origin.picture.page).map_or(1, |page| page.of);
        let write = |writer: &mut PictureWriter| {
            make_folder(path.parent().unwrap_or(self.folder))?;
            writer.write(&path, made, pages as usize)
        };
        write(&mut self.writer).map_err(|error| self.interrupted(error))?;
        self.written += 1;
        if self.finished() > 0 {
            self.job.iter_mut().for_each(Job::wrote);
        }
        Ok(())
    }

    /// The pictures that are in files with names.
    fn finished(&self) -> usize {
        self.written.saturating_sub(self.writer.pending())
    }

    /// An error, with what was written before it and what to do next.
    pub(super) fn interrupted(&self, error: anyhow::Error) -> anyhow::Error {
        let finished = self.finished() + self.there();
        if finished == 0 {
            return error;
        }
        let written = counted_as(finished, "picture");
        let next = match self.job {
            Some(_) => {
                " (when the cause is gone, the same command with --continue makes the others)"
            }
            None => "",
        };
        error
            .context(format!("stopped after {written}, written to {}{next}", self.folder.display()))
    }

    /// Finishes the last file; all files, relative to the folder.
    pub(super) fn finish(mut self) -> anyhow::Result<Vec<PathBuf>> {
        if let Err(error) = self.writer.finish_stack() {
            return Err(self.interrupted(error));
        }
        self.writer.finish()?;
        self.job.map_or(Ok(()), Job::finish)?;
        Ok(self.files.into_iter().collect())
    }
}
