//! Folders of pictures with subfolders for training, validation and testing.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use ae_files::{FileError, shown};

use crate::pictures::list::{Mixed, PictureList};
use crate::{DatasetError, Part, Progress};

/// The accepted names of the validation folder.
const VALIDATION: [&str; 3] = ["val", "valid", "validation"];

/// A folder with the subfolder `train` and one for validation, testing or both.
#[derive(Debug)]
pub(crate) struct SplitFolders {
    folder: PathBuf,
    pub(crate) train: PathBuf,
    validation: Option<PathBuf>,
    test: Option<PathBuf>,
}

/// The parts of a folder; `None` unless it has the subfolder `train`, and `test` or one for validation.
pub(crate) fn split_folders(folder: &Path) -> Option<SplitFolders> {
    let part = |name: &str| Some(folder.join(name)).filter(|path| path.is_dir());
    let split = SplitFolders {
        folder: folder.to_owned(),
        train: part("train")?,
        validation: VALIDATION.into_iter().find_map(part),
        test: part("test"),
    };
    (split.validation.is_some() || split.test.is_some()).then_some(split)
}

impl SplitFolders {
    /// All parts: training, validation, testing.
    #[cfg(feature = "pictures")]
    pub(crate) fn all(&self) -> Vec<PathBuf> {
        let parts = [Some(&self.train), self.validation.as_ref(), self.test.as_ref()];
        parts.into_iter().flatten().cloned().collect()
    }

    /// The folders of the test half of a data set: the named part, both for [`Part::All`], and by default the folder for
    /// validation or else `test`.
    #[cfg(feature = "pictures")]
    pub(crate) fn held_out(&self, part: Option<Part>) -> Result<Vec<&Path>, DatasetError> {
        match part {
            Some(Part::All) => {
                let both = [self.validation.as_deref(), self.test.as_deref()];
                Ok(both.into_iter().flatten().collect())
            }
            Some(part @ (Part::Test | Part::Validation)) => self.applied_to(Some(part)),
            Some(Part::Train) | None => {
                Ok(self.validation.iter().chain(&self.test).map(PathBuf::as_path).take(1).collect())
            }
        }
    }

    /// The folders that a trained model is applied to: the named part, by default `test` or else the folder for
    /// validation.
    fn applied_to(&self, part: Option<Part>) -> Result<Vec<&Path>, DatasetError> {
        let all = [Some(&self.train), self.validation.as_ref(), self.test.as_ref()];
        let one = match part {
            Some(Part::All) => {
                return Ok(all.into_iter().flatten().map(PathBuf::as_path).collect());
            }
            Some(Part::Train) => Some(&self.train),
            Some(Part::Validation) => self.validation.as_ref(),
            Some(Part::Test) => self.test.as_ref(),
            None => self.test.as_ref().or(self.validation.as_ref()),
        };
        let part = part.unwrap_or(Part::Test);
        Ok(vec![one.ok_or_else(|| self.without(part))?])
    }

    fn without(&self, part: Part) -> DatasetError {
        let found = match part {
            Part::Validation => {
                "it has the subfolders train and test, and none called val, valid or validation"
            }
            _ => "it has the subfolder train and one for validation, and none called test",
        };
        DatasetError::NoPart { path: self.folder.clone(), part, found }
    }

    /// Reports which folders are read and which entries are not.
    pub(crate) fn say(
        &self,
        what: &str,
        read: &[&Path],
        progress: &mut dyn Progress,
    ) -> Result<(), DatasetError> {
        let unreadable = |source| FileError::Read { path: self.folder.clone(), source };
        let mut others = Vec::new();
        for entry in fs::read_dir(&self.folder).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            if !read.contains(&entry.path().as_path()) {
                others.push(entry.file_name());
            }
        }
        others.sort();
        let names: Vec<String> = others.iter().map(|name| shown(Path::new(name))).collect();
        let others = match names.len() {
            0 => String::new(),
            1..=5 => format!("; not read: {}", names.join(", ")),
            count => format!("; not read: {} and {} more", names[..5].join(", "), count - 5),
        };
        progress.chose(&format!("{}: {what}{others}", shown(&self.folder)));
        Ok(())
    }
}

/// Lists the pictures of a folder, or of one of its parts.
pub(crate) fn list(
    folder: &Path,
    part: Option<Part>,
    progress: &mut dyn Progress,
) -> Result<PictureList, DatasetError> {
    match (split_folders(folder), part) {
        (None, None | Some(Part::All)) => PictureList::of(folder, folder, Mixed::Read, progress),
        (None, Some(part)) => {
            let found =
                "it has no subfolders train and test (or val) that would say what is for what";
            Err(DatasetError::NoPart { path: folder.to_owned(), part, found })
        }
        (Some(split), part) => {
            let read = split.applied_to(part)?;
            let names: Vec<&str> =
                read.iter().filter_map(|path| path.file_name().and_then(OsStr::to_str)).collect();
            let hint = if part.is_none() { " (--part names another part, or all)" } else { "" };
            let what = format!("the pictures of {} are read{hint}", names.join(", "));
            split.say(&what, &read, progress)?;
            let lists =
                read.into_iter().map(|path| PictureList::of(folder, path, Mixed::Read, progress));
            PictureList::united(lists.collect::<Result<_, _>>()?)
        }
    }
}
