//! A file as memory that the system fills as it is read.

use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ae_files::{FileError, open_regular};
use memmap2::Mmap;

use crate::{DatasetError, MappedError};

/// The bytes of a file, which the system reads as they are needed and forgets as memory is needed. Clones share them.
#[derive(Debug, Clone)]
pub(super) struct MappedFile {
    map: Arc<Mmap>,
    file: Arc<File>,
    path: PathBuf,
}

impl MappedFile {
    /// Maps a file for reading.
    pub(super) fn open(path: &Path) -> Result<Self, FileError> {
        let open = || {
            let file = open_regular(path)?;
            Ok(Self { map: Arc::new(map(&file)?), file: Arc::new(file), path: path.to_owned() })
        };
        open().map_err(|source| FileError::Read { path: path.to_owned(), source })
    }

    /// Maps the temporary file with the rows of the table at `path`.
    pub(super) fn of_table(file: File, path: &Path) -> Result<Self, FileError> {
        let map = map(&file).map_err(|source| FileError::Read { path: path.to_owned(), source })?;
        Ok(Self { map: Arc::new(map), file: Arc::new(file), path: path.to_owned() })
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.map
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Checks that the file is as long as it was: the system ends a program that reads what was cut off.
    pub(super) fn check_length(&self) -> Result<(), DatasetError> {
        let path = self.path.clone();
        match self.file.metadata() {
            Ok(found) if found.len() == self.map.len() as u64 => Ok(()),
            Ok(found) => {
                let (expected, found) = (self.map.len() as u64, found.len());
                Err(MappedError::Changed { path, expected, found }.into())
            }
            Err(source) => Err(FileError::Read { path, source }.into()),
        }
    }

    /// Asks the system to begin reading bytes. What it makes of it changes no result.
    #[cfg(unix)]
    pub(super) fn will_need(&self, bytes: Range<usize>) {
        let _ = self.map.advise_range(memmap2::Advice::WillNeed, bytes.start, bytes.len());
    }

    #[cfg(not(unix))]
    pub(super) fn will_need(&self, _: Range<usize>) {}
}

/// Maps an open file.
#[expect(unsafe_code, reason = "only a person who writes into the file can make this unsound")]
fn map(file: &File) -> std::io::Result<Mmap> {
    // SAFETY: the bytes are those of another program's file, and a slice of them must not change. This program never writes
    // into a file that it reads (the guard of ae-cli), every one of its own files is replaced by another file and not
    // changed, and the values are plain numbers: bytes that somebody changes during a training are other numbers. A file
    // that is cut short ends the program by SIGBUS; `check_length` finds that before most reads.
    unsafe { Mmap::map(file) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_was_cut_short_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.idx");
        std::fs::write(&path, vec![7; 8192]).unwrap();
        let mapped = MappedFile::open(&path).unwrap();
        mapped.will_need(100..9000);
        mapped.check_length().unwrap();
        assert_eq!(mapped.bytes(), vec![7; 8192]);
        File::options().write(true).open(&path).unwrap().set_len(100).unwrap();
        let told = mapped.check_length().unwrap_err().to_string();
        assert!(
            told.ends_with("a.idx has 100 bytes, expected 8192: it was changed while it was read")
        );
    }
}
