//! The folder of a new run: named with `--out`, or the next free default.

use std::fs::{self, DirEntry};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use ae_experiment::{Existing, Spec, check_name};
use anyhow::Context as _;

use crate::args::{Common, NewFolder};
use crate::{guard, progress};

/// The folder of a new run.
pub(crate) struct ChosenFolder {
    pub(crate) path: PathBuf,
    pub(crate) existing: Existing,
    /// Keeps a default folder from other processes.
    _reserved: Option<ReservedFolder>,
}

/// A folder that this process has made. It is removed again if nothing comes into it.
struct ReservedFolder(PathBuf);

impl Drop for ReservedFolder {
    fn drop(&mut self) {
        let is_hidden = |entry: &DirEntry| entry.file_name().as_encoded_bytes().starts_with(b".");
        let entries = fs::read_dir(&self.0).into_iter().flatten().flatten();
        if entries.into_iter().all(|entry| is_hidden(&entry)) {
            // What cannot be removed is empty.
            drop(fs::remove_dir_all(&self.0));
        }
    }
}

impl NewFolder {
    /// The folder as far as a process beside rank 0 knows it: the named one, or the one with the default folders.
    pub(super) fn of_rank_0(&self) -> &Path {
        self.out.as_deref().unwrap_or(Path::new("runs"))
    }

    /// The folder of an experiment, and what to do if it is taken.
    pub(super) fn of(&self, spec: &Spec, common: &Common) -> anyhow::Result<ChosenFolder> {
        let replaces = self.overwrite.force;
        let existing = if replaces { Existing::Replace } else { Existing::Refuse };
        let (path, reserved) = match self.out.as_deref() {
            Some(folder) => (folder.to_path_buf(), None),
            None if replaces => (default_folder(&spec.name, 1), None),
            None => {
                check_name("name", &spec.name)?;
                let folder = reserve_folder(&spec.name)?;
                progress::data(common).chose(&format!("the run goes to {}", folder.display()));
                (folder.clone(), Some(ReservedFolder(folder)))
            }
        };
        guard::check_run_folder(&path, &spec.data.source)?;
        Ok(ChosenFolder { path, existing, _reserved: reserved })
    }
}

/// `runs/NAME`, `runs/NAME-2`, ...
fn default_folder(name: &str, number: usize) -> PathBuf {
    let folder = PathBuf::from("runs");
    if number == 1 { folder.join(name) } else { folder.join(format!("{name}-{number}")) }
}

/// Makes the first default folder that is not there, which no other process can make too.
fn reserve_folder(name: &str) -> anyhow::Result<PathBuf> {
    ae_files::make_folder(Path::new("runs"))?;
    let mut number = 1;
    loop {
        let folder = default_folder(name, number);
        match fs::create_dir(&folder) {
            Ok(()) => return Ok(folder),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => number += 1,
            Err(error) => {
                return Err(error).with_context(|| format!("cannot make {}", folder.display()));
            }
        }
    }
}
