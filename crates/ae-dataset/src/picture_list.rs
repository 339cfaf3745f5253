//! Which pictures a folder holds, and what their classes are.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use ae_files::FileError;

use crate::images::MAX_CLASSES;
use crate::{DatasetError, Progress};

/// Endings of the files that are looked at; what they hold is told by their first bytes.
const ENDINGS: [&str; 3] = ["png", "jpg", "jpeg"];

/// Most pictures of a folder.
const MAX_FILES: usize = 1 << 24;

/// The pictures of a folder: those in it, or those in its subfolders, each of which is a class.
#[derive(Debug, Clone, Default)]
pub(crate) struct PictureList {
    /// Ascending by class and name, bytes compared.
    pub(crate) files: Vec<PathBuf>,
    /// For each file, the place of its class in `class_names`; empty without classes.
    pub(crate) labels: Vec<u8>,
    /// The subfolders' names; empty without classes.
    pub(crate) class_names: Vec<String>,
    /// Files and folders that are neither pictures nor classes.
    ignored: usize,
}

/// What lies directly in a folder, sorted; hidden entries left out.
#[derive(Default)]
struct Entries {
    pictures: Vec<PathBuf>,
    folders: Vec<PathBuf>,
    ignored: usize,
}

/// The parts that a folder is split into by its subfolders `train` and `test`, if it has both.
pub(crate) fn split_folders(folder: &Path) -> Option<[PathBuf; 2]> {
    let parts = ["train", "test"].map(|name| folder.join(name));
    parts.iter().all(|part| part.is_dir()).then_some(parts)
}

impl PictureList {
    /// Lists the pictures of a folder, one level of subfolders deep; links to folders are not followed.
    ///
    /// # Errors
    /// If a folder cannot be listed, or holds pictures beside subfolders with pictures, or too many.
    pub(crate) fn of(folder: &Path, progress: &mut dyn Progress) -> Result<Self, DatasetError> {
        let Entries { pictures, folders, ignored } = entries(folder)?;
        let mut classes = Self { ignored, ..Self::default() };
        for path in folders {
            classes.add_class(&path, entries(&path)?)?;
        }
        let list = match (pictures.is_empty(), classes.files.is_empty()) {
            (_, true) => Self { files: pictures, ignored: classes.ignored, ..Self::default() },
            (true, false) => classes,
            (false, false) => {
                let classes = classes.class_names.join(", ");
                return Err(DatasetError::MixedFolder { folder: folder.to_owned(), classes });
            }
        };
        if list.ignored > 0 {
            progress.chose(&format!(
                "{}: {} that are no .png, .jpg or .jpeg files are not looked at",
                folder.display(),
                list.ignored
            ));
        }
        match list.files.len() {
            0 => Err(DatasetError::NoPictures { folder: folder.to_owned() }),
            1..=MAX_FILES => Ok(list),
            found => Err(DatasetError::TooManyImages { part: "picture", images: found }),
        }
    }

    /// One picture alone.
    pub(crate) fn of_file(path: &Path) -> Self {
        Self { files: vec![path.to_owned()], ..Self::default() }
    }

    fn add_class(&mut self, path: &Path, entries: Entries) -> Result<(), DatasetError> {
        let Entries { pictures, folders, ignored } = entries;
        self.ignored += ignored + folders.len();
        if pictures.is_empty() {
            self.ignored += 1;
            return Ok(());
        }
        let too_many = |_| DatasetError::TooManyClasses { found: MAX_CLASSES + 1 };
        let label = u8::try_from(self.class_names.len()).map_err(too_many)?;
        self.class_names.push(name_of(path));
        self.labels.extend(std::iter::repeat_n(label, pictures.len()));
        self.files.extend(pictures);
        Ok(())
    }

    /// The chosen files with their classes.
    pub(crate) fn select(&self, chosen: &[u32]) -> Self {
        let files = chosen.iter().filter_map(|&place| self.files.get(place as usize).cloned());
        let labels = chosen.iter().filter_map(|&place| self.labels.get(place as usize).copied());
        Self {
            files: files.collect(),
            labels: labels.collect(),
            class_names: self.class_names.clone(),
            ignored: self.ignored,
        }
    }

    /// Labels by a longer list of classes.
    pub(crate) fn relabel(&mut self, class_names: &[String]) -> Result<(), DatasetError> {
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

fn entries(folder: &Path) -> Result<Entries, DatasetError> {
    let list = || -> io::Result<Entries> {
        let mut paths = Vec::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if !entry.file_name().as_encoded_bytes().starts_with(b".") {
                paths.push((entry.path(), entry.file_type()?));
            }
        }
        paths.sort_by(|(a, _), (b, _)| a.as_os_str().cmp(b.as_os_str()));
        let mut entries = Entries::default();
        for (path, kind) in paths {
            if kind.is_dir() {
                entries.folders.push(path);
            } else if is_named_like_a_picture(&path) && !path.is_dir() {
                entries.pictures.push(path);
            } else {
                entries.ignored += 1;
            }
        }
        Ok(entries)
    };
    let unreadable = |source| FileError::Read { path: folder.to_owned(), source };
    Ok(list().map_err(unreadable)?)
}

fn is_named_like_a_picture(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    ENDINGS.iter().any(|known| ending.eq_ignore_ascii_case(known))
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
