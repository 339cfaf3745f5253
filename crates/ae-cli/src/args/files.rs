//! Paths that a command writes.

use std::ops::Deref;
use std::path::{Path, PathBuf};

/// A path that a command writes. The guard over all commands ([`guard`](crate::guard)) looks at every
/// argument of this type before a command begins; a `PathBuf` is a path that is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OutputPath {
    path: PathBuf,
    kind: OutputKind,
}

/// What a command makes of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OutputKind {
    /// A file, which may be there.
    File,
    /// A weights file, which may be the model's own.
    Model,
    /// A folder of files, which is to be empty.
    Folder,
    /// A folder in which other files may be.
    SharedFolder,
    /// The folder of a run, which `ae-experiment` takes.
    Run,
}

impl OutputPath {
    pub(crate) fn new(path: PathBuf, kind: OutputKind) -> Self {
        Self { path, kind }
    }

    /// A path whose name says that it is a file or a folder.
    pub(crate) fn file_or_folder(path: PathBuf) -> Self {
        let is_folder =
            path.is_dir() || path.as_os_str().to_string_lossy().ends_with(std::path::is_separator);
        Self { path, kind: if is_folder { OutputKind::Folder } else { OutputKind::File } }
    }

    pub(crate) fn kind(&self) -> OutputKind {
        self.kind
    }

    pub(crate) fn is_folder(&self) -> bool {
        self.kind == OutputKind::Folder
    }
}

impl Deref for OutputPath {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.path
    }
}

impl AsRef<Path> for OutputPath {
    fn as_ref(&self) -> &Path {
        &self.path
    }
}

/// Parses a folder in which other files may be.
pub(super) fn shared_folder(text: &str) -> Result<OutputPath, String> {
    folder_as(text, OutputKind::SharedFolder)
}

/// Parses the folder of a run.
pub(super) fn run_folder(text: &str) -> Result<OutputPath, String> {
    folder_as(text, OutputKind::Run)
}

fn folder_as(text: &str, kind: OutputKind) -> Result<OutputPath, String> {
    match text {
        "" => Err("expected the name of a folder".to_owned()),
        text => Ok(OutputPath::new(text.into(), kind)),
    }
}
