//! The kinds of files that are read, and how they are recognised.
//!
//! A data set is opened in `own_data.rs`, an input of a trained model in `inputs/source.rs`. Both decide by this kind.

use std::fmt;
use std::path::Path;

use crate::arrays::npy::is_npy;
use crate::idx::gzip::is_gzip;

/// The kind of a file: of a table by the ending of its name, of any other file by its first bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum FileKind {
    /// A picture.
    Png,
    /// A picture.
    Jpeg,
    /// A table: `.csv` or `.tsv`.
    Table,
    /// NumPy's array: images, or rows of a table.
    Npy,
    /// Images or labels in MNIST's format.
    Idx,
    /// Compressed data, read if they are an IDX file.
    Gzip,
    /// A file that is not read, with the lower-case ending of its name; empty without one.
    Other(String),
}

impl FileKind {
    /// The kind of a file.
    ///
    /// # Errors
    /// If the file cannot be read.
    #[cfg(feature = "pictures")]
    pub(crate) fn of_file(path: &Path) -> Result<Self, ae_files::FileError> {
        use std::io::Read as _;

        /// The number of first bytes that decide.
        const FIRST_BYTES: u64 = 16;

        if crate::tables::is_table(path) {
            return Ok(Self::Table);
        }
        let begin = || {
            let mut bytes = Vec::new();
            std::fs::File::open(path)?.take(FIRST_BYTES).read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        let unreadable = |source| ae_files::FileError::Read { path: path.to_owned(), source };
        let bytes = begin().map_err(unreadable)?;
        Ok(Self::of_bytes(path, &bytes))
    }

    /// The kind of a file that begins with these bytes and is not a table.
    pub(crate) fn of_bytes(path: &Path, bytes: &[u8]) -> Self {
        if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
            Self::Png
        } else if bytes.starts_with(b"\xff\xd8\xff") {
            Self::Jpeg
        } else if is_npy(bytes) {
            Self::Npy
        } else if is_gzip(bytes) {
            Self::Gzip
        } else if bytes.starts_with(&[0, 0, 8]) {
            Self::Idx
        } else {
            let ending = path.extension().unwrap_or_default();
            Self::Other(ending.to_string_lossy().to_ascii_lowercase())
        }
    }

    /// Whether this is a picture that is read.
    pub fn is_picture(&self) -> bool {
        matches!(self, Self::Png | Self::Jpeg)
    }
}

impl fmt::Display for FileKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Png => f.write_str("PNG"),
            Self::Jpeg => f.write_str("JPEG"),
            Self::Table => f.write_str("table"),
            Self::Npy => f.write_str(".npy"),
            Self::Idx => f.write_str("IDX"),
            Self::Gzip => f.write_str("gzip"),
            Self::Other(ending) if ending.is_empty() => f.write_str("no ending"),
            Self::Other(ending) => write!(f, ".{ending}"),
        }
    }
}
