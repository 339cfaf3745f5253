//! Lists the pictures of a folder and their classes.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use ae_files::{FileError, counted_as, shown};

use crate::limits::MAX_CLASSES;
#[cfg(feature = "pictures")]
use crate::pictures::id::{PageOfFile, PictureOrigin};
use crate::{DatasetError, PictureId, Progress};

/// The endings of files that are read. Their first bytes tell what they hold.
const ENDINGS: [&str; 13] =
    ["png", "jpg", "jpeg", "tif", "tiff", "webp", "bmp", "pbm", "pgm", "ppm", "pnm", "pam", "gif"];

/// The endings of files that may hold several pages.
#[cfg(feature = "pictures")]
const STACKS: [&str; 2] = ["tif", "tiff"];

/// The most pictures of a folder.
const MAX_FILES: usize = 1 << 24;

/// Pictures with their classes.
#[derive(Debug, Clone, Default)]
pub(crate) struct PictureList {
    /// Sorted by class, then by path and page; bytes are compared.
    pub(crate) files: Vec<PictureId>,
    /// For each file, its place among all items of the input. It does not change if others are left out.
    pub(crate) places: Vec<u64>,
    /// For each file, the index of its class in `class_names`; empty without classes.
    pub(crate) labels: Vec<u8>,
    /// The names of the subfolders; empty without classes.
    pub(crate) class_names: Vec<String>,
    /// The folder that the user named. The names of pictures are relative to it.
    root: PathBuf,
}

/// What is done with pictures beside subfolders of pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mixed {
    /// They are refused: in a data set, subfolders are classes.
    Refuse,
    /// They are read, and none has a class.
    Read,
}

/// The numbers of entries of a folder that are not read.
#[derive(Debug, Clone, Copy, Default)]
struct NotRead {
    hidden: usize,
    others: usize,
    links: usize,
    empty: usize,
}

/// The entries of a folder, without what is below its subfolders. Sorted.
#[derive(Default)]
struct Entries {
    pictures: Vec<PathBuf>,
    folders: Vec<PathBuf>,
}

impl PictureList {
    /// Lists the pictures of a folder: those directly in it, or those below its subfolders, each of which is a class.
    /// Links to folders are not followed. Names are relative to `root`. A TIFF with several pages is as many pictures.
    ///
    /// # Errors
    /// If a folder cannot be listed, has pictures both directly in it and in subfolders, has none or too many.
    pub(crate) fn of(
        root: &Path,
        folder: &Path,
        mixed: Mixed,
        progress: &mut dyn Progress,
    ) -> Result<Self, DatasetError> {
        let mut not_read = NotRead::default();
        let Entries { pictures, folders } = entries(folder, &mut not_read)?;
        let mut list = Self { root: root.to_owned(), ..Self::default() };
        for path in folders {
            list.add_class(&path, &mut not_read)?;
        }
        if !pictures.is_empty() {
            let (has_classes, pictures) = (!list.files.is_empty(), pages_of(&pictures));
            if has_classes && mixed == Mixed::Refuse {
                let (folder, classes) = (folder.to_owned(), list.class_names.join(", "));
                return Err(DatasetError::MixedFolder { folder, classes });
            }
            if has_classes {
                progress.chose(&format!(
                    "{}: {} beside subfolders of pictures; all are read, without classes",
                    shown(folder),
                    counted_as(pictures.len(), "picture")
                ));
            }
            (list.labels, list.class_names) = (Vec::new(), Vec::new());
            list.files.splice(0..0, pictures);
        }
        not_read.say(folder, progress);
        list.places = (0..list.files.len() as u64).collect();
        match list.files.len() {
            0 => Err(DatasetError::NoPictures { folder: folder.to_owned() }),
            1..=MAX_FILES => Ok(list),
            found => Err(DatasetError::TooManyImages { part: "picture", images: found }),
        }
    }

    /// A list of one picture, or of the pages of a file.
    #[cfg(feature = "pictures")]
    pub(crate) fn of_file(path: &Path) -> Self {
        let root = path.parent().unwrap_or(Path::new("")).to_owned();
        let files = stack(path);
        let places = (0..files.len() as u64).collect();
        Self { files, places, root, ..Self::default() }
    }

    /// Whether the picture at an index is a page of the same file as the one before it.
    pub(crate) fn is_within_file(&self, index: usize) -> bool {
        let path = |index: usize| self.files.get(index).map(|picture| &picture.path);
        index > 0 && path(index - 1) == path(index)
    }

    /// The list without those that are not to be read.
    pub(crate) fn filtered(&self, is_read: &dyn Fn(u64) -> bool) -> Self {
        let places = (0..).zip(&self.places);
        let chosen: Vec<u32> =
            places.filter(|(_, place)| is_read(**place)).map(|(index, _)| index).collect();
        self.select(&chosen)
    }

    /// Concatenates lists, with the classes of all.
    pub(crate) fn united(lists: Vec<Self>) -> Result<Self, DatasetError> {
        let mut lists = lists;
        unite_classes(&mut lists)?;
        let mut lists = lists.into_iter();
        let mut all = lists.next().unwrap_or_default();
        for list in lists {
            let before = all.files.len() as u64;
            all.files.extend(list.files);
            all.places.extend(list.places.iter().map(|place| before + place));
            all.labels.extend(list.labels);
        }
        // Some lists have classes and others do not.
        if all.labels.len() != all.files.len() {
            (all.labels, all.class_names) = (Vec::new(), Vec::new());
        }
        Ok(all)
    }

    /// The names of the pictures: their paths relative to `root`, and of pages `stack-0003.tif`.
    #[cfg(feature = "pictures")]
    pub(crate) fn names(&self) -> Vec<PathBuf> {
        self.files.iter().map(|picture| picture.named(&self.file_name(picture))).collect()
    }

    /// The pictures with the names of their files.
    #[cfg(feature = "pictures")]
    pub(crate) fn origins(&self) -> Vec<PictureOrigin> {
        let origin = |(picture, &item): (&PictureId, &u64)| {
            let (picture, file) = (picture.clone(), self.file_name(picture));
            PictureOrigin { picture, file, item }
        };
        self.files.iter().zip(&self.places).map(origin).collect()
    }

    /// The same items, classes and places, of other files, whose names are relative to `root`.
    #[cfg(feature = "pictures")]
    pub(crate) fn with_files(&self, files: Vec<PictureId>, root: &Path) -> Self {
        Self { files, root: root.to_owned(), ..self.clone() }
    }

    pub(crate) fn file_name(&self, picture: &PictureId) -> PathBuf {
        let path = &picture.path;
        let below = path.strip_prefix(&self.root).map(Path::to_owned);
        below.unwrap_or_else(|_| path.file_name().unwrap_or_default().into())
    }

    /// Adds a subfolder as a class, with everything below it.
    fn add_class(&mut self, path: &Path, not_read: &mut NotRead) -> Result<(), DatasetError> {
        let mut pictures = Vec::new();
        let mut folders = vec![path.to_owned()];
        while let Some(folder) = folders.pop() {
            let found = entries(&folder, not_read)?;
            not_read.empty += usize::from(found.pictures.is_empty() && found.folders.is_empty());
            pictures.extend(found.pictures);
            folders.extend(found.folders);
        }
        if pictures.is_empty() {
            return Ok(());
        }
        pictures.sort_by(|a: &PathBuf, b| a.as_os_str().cmp(b.as_os_str()));
        let pictures = pages_of(&pictures);
        let too_many = |_| DatasetError::TooManyClasses { found: MAX_CLASSES + 1 };
        let label = u8::try_from(self.class_names.len()).map_err(too_many)?;
        self.class_names.push(folder_name(path));
        self.labels.extend(std::iter::repeat_n(label, pictures.len()));
        self.files.extend(pictures);
        Ok(())
    }

    /// The files with these indices, with their classes.
    pub(crate) fn select(&self, chosen: &[u32]) -> Self {
        fn of<'a, T: Clone>(list: &'a [T], chosen: &'a [u32]) -> impl Iterator<Item = T> + 'a {
            chosen.iter().filter_map(|&place| list.get(place as usize).cloned())
        }
        Self {
            files: of(&self.files, chosen).collect(),
            places: of(&self.places, chosen).collect(),
            labels: of(&self.labels, chosen).collect(),
            class_names: self.class_names.clone(),
            root: self.root.clone(),
        }
    }

    /// Replaces the classes by a longer list that contains them.
    fn relabel(&mut self, class_names: &[String]) -> Result<(), DatasetError> {
        let place = |label: &u8| {
            let name = self.class_names.get(usize::from(*label));
            class_names.iter().position(|other| Some(other) == name).unwrap_or_default()
        };
        let too_many = |_| DatasetError::TooManyClasses { found: class_names.len() };
        let labels = self.labels.iter().map(|label| u8::try_from(place(label)).map_err(too_many));
        self.labels = labels.collect::<Result<_, _>>()?;
        self.class_names = class_names.to_vec();
        Ok(())
    }
}

/// Gives all lists the same classes: those of all of them, sorted.
pub(crate) fn unite_classes(lists: &mut [PictureList]) -> Result<(), DatasetError> {
    let names: BTreeSet<&String> = lists.iter().flat_map(|list| &list.class_names).collect();
    let names: Vec<String> = names.into_iter().cloned().collect();
    lists.iter_mut().try_for_each(|list| list.relabel(&names))
}

impl NotRead {
    /// Reports what is not read, if anything.
    fn say(self, folder: &Path, progress: &mut dyn Progress) {
        let Self { hidden, others, links, empty } = self;
        let kinds = [
            (hidden, "hidden"),
            (others, "not called like a picture"),
            (links, if links == 1 { "link to a folder" } else { "links to folders" }),
            (
                empty,
                if empty == 1 { "folder without pictures" } else { "folders without pictures" },
            ),
        ];
        let kinds = kinds.iter().filter(|(count, _)| *count > 0);
        let kinds: Vec<String> = kinds.map(|(count, kind)| format!("{count} {kind}")).collect();
        if !kinds.is_empty() {
            progress.chose(&format!("{}: not read: {}", shown(folder), kinds.join(", ")));
        }
    }
}

fn entries(folder: &Path, not_read: &mut NotRead) -> Result<Entries, DatasetError> {
    let mut list = || -> io::Result<Entries> {
        let mut paths = Vec::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            match entry.file_name().as_encoded_bytes().starts_with(b".") {
                true => not_read.hidden += 1,
                false => paths.push((entry.path(), entry.file_type()?)),
            }
        }
        paths.sort_by(|(a, _), (b, _)| a.as_os_str().cmp(b.as_os_str()));
        let mut entries = Entries::default();
        for (path, kind) in paths {
            if kind.is_dir() {
                entries.folders.push(path);
            } else if path.is_dir() {
                not_read.links += 1;
            } else if is_named_like_a_picture(&path) && is_file_or_nothing(&path) {
                entries.pictures.push(path);
            } else {
                not_read.others += 1;
            }
        }
        Ok(entries)
    };
    let unreadable = |source| FileError::Read { path: folder.to_owned(), source };
    Ok(list().map_err(unreadable)?)
}

/// Excludes pipes and devices, which might never end. A dangling link is reported when it is read.
fn is_file_or_nothing(path: &Path) -> bool {
    path.metadata().map_or(true, |found| found.is_file())
}

/// Whether a file's name ends as that of a picture does: `.png`, `.jpg`, `.jpeg`, `.tif`, `.tiff`, `.webp`, `.bmp`,
/// `.pbm`, `.pgm`, `.ppm`, `.pnm`, `.pam` or `.gif`.
pub fn is_named_like_a_picture(path: &Path) -> bool {
    ends_in(path, &ENDINGS)
}

fn ends_in(path: &Path, endings: &[&str]) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    endings.iter().any(|known| ending.eq_ignore_ascii_case(known))
}

/// The pictures of files: one each, or as many as a TIFF has pages.
#[cfg(feature = "pictures")]
fn pages_of(files: &[PathBuf]) -> Vec<PictureId> {
    use rayon::prelude::*;
    files.par_iter().flat_map_iter(|file| pages_of_file(file)).collect()
}

#[cfg(not(feature = "pictures"))]
fn pages_of(files: &[PathBuf]) -> Vec<PictureId> {
    files.iter().map(|file| PictureId::file(file)).collect()
}

#[cfg(feature = "pictures")]
fn pages_of_file(path: &Path) -> Vec<PictureId> {
    if ends_in(path, &STACKS) { stack(path) } else { vec![PictureId::file(path)] }
}

/// The pages of a TIFF with several, or else the file. A damaged one is reported when it is read.
#[cfg(feature = "pictures")]
fn stack(path: &Path) -> Vec<PictureId> {
    match crate::pictures::decode::pages(path).unwrap_or_default().as_slice() {
        [] | [_] => vec![PictureId::file(path)],
        directories => {
            let of = directories.len() as u32;
            let page = |(number, &directory)| {
                let page = Some(PageOfFile { number, of, directory });
                PictureId { path: path.to_owned(), page }
            };
            (1..).zip(directories).map(page).collect()
        }
    }
}

fn folder_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
