//! Files that grow at their end.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::FileError;

/// A file that grows at its end while others read it. A process that is killed may leave half of what it appended, so
/// this is for formats whose readers recognise a torn end; all other files are [`AtomicFile`](crate::AtomicFile)s.
#[derive(Debug)]
pub struct AppendedFile {
    path: PathBuf,
    file: File,
}

impl AppendedFile {
    /// Opens a file, or makes it, and cuts it after its first `kept` bytes.
    ///
    /// # Errors
    /// If it is shorter than `kept`, is no regular file, or the operating system fails.
    pub fn open(path: &Path, kept: u64) -> Result<Self, FileError> {
        let open = || -> io::Result<File> {
            let mut file =
                File::options().read(true).write(true).create(true).truncate(false).open(path)?;
            let found = file.metadata()?;
            if !found.is_file() {
                return Err(io::Error::other("it is not a regular file"));
            }
            if found.len() < kept {
                return Err(io::Error::other("it has become shorter"));
            }
            file.set_len(kept)?;
            file.seek(SeekFrom::End(0))?;
            Ok(file)
        };
        let file = open().map_err(|source| FileError::Write { path: path.to_owned(), source })?;
        Ok(Self { path: path.to_owned(), file })
    }

    /// Appends bytes, in one call of the operating system.
    ///
    /// # Errors
    /// If the operating system fails, such as for a full disk.
    pub fn append(&mut self, bytes: &[u8]) -> Result<(), FileError> {
        let written = self.file.write_all(bytes);
        written.map_err(|source| FileError::Write { path: self.path.clone(), source })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_stays_and_the_rest_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        AppendedFile::open(&path, 0).unwrap().append(b"one two").unwrap();
        let mut file = AppendedFile::open(&path, 4).unwrap();
        file.append(b"three").unwrap();
        file.append(b" four").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"one three four");
        let error = AppendedFile::open(&path, 100).unwrap_err().to_string();
        assert!(error.contains("log") && error.contains("shorter"), "{error}");
        assert_eq!(std::fs::read(&path).unwrap(), b"one three four");
    }
}
