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
    /// A picture, or several as pages.
    Tiff,
    /// A picture; of an animation the first frame.
    WebP,
    /// A picture.
    Bmp,
    /// A picture: PBM, PGM, PPM or PAM, as bytes or as text.
    Pnm,
    /// A picture; of an animation the first frame.
    Gif,
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
    /// The number of first bytes that decide.
    #[cfg(feature = "pictures")]
    pub(crate) const FIRST_BYTES: u64 = 18;

    /// The kind of a file.
    ///
    /// # Errors
    /// If the file cannot be read.
    #[cfg(feature = "pictures")]
    pub(crate) fn of_file(path: &Path) -> Result<Self, ae_files::FileError> {
        use std::io::Read as _;

        if crate::tables::is_table(path) {
            return Ok(Self::Table);
        }
        let begin = || {
            let mut bytes = Vec::new();
            ae_files::open_regular(path)?.take(Self::FIRST_BYTES).read_to_end(&mut bytes)?;
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
        } else if [b"II\x2a\0", b"MM\0\x2a", b"II\x2b\0", b"MM\0\x2b"]
            .iter()
            .any(|first| bytes.starts_with(*first))
        {
            Self::Tiff
        } else if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
            Self::WebP
        } else if is_bmp(bytes) {
            Self::Bmp
        } else if is_pnm(bytes) {
            Self::Pnm
        } else if bytes.starts_with(b"GIF87a") || bytes.starts_with(b"GIF89a") {
            Self::Gif
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
        match self {
            Self::Png
            | Self::Jpeg
            | Self::Tiff
            | Self::WebP
            | Self::Bmp
            | Self::Pnm
            | Self::Gif => true,
            Self::Table | Self::Npy | Self::Idx | Self::Gzip | Self::Other(_) => false,
        }
    }
}

/// BMP's letters, and a length of its second header.
fn is_bmp(bytes: &[u8]) -> bool {
    bytes.starts_with(b"BM")
        && matches!(bytes.get(14..18), Some([12 | 40 | 52 | 56 | 64 | 108 | 124, 0, 0, 0]))
}

/// P and a digit from 1 to 7, then a space, a line's end or a comment.
fn is_pnm(bytes: &[u8]) -> bool {
    matches!(bytes, [b'P', b'1'..=b'7', after, ..] if after.is_ascii_whitespace() || *after == b'#')
}

impl fmt::Display for FileKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Png => f.write_str("PNG"),
            Self::Jpeg => f.write_str("JPEG"),
            Self::Tiff => f.write_str("TIFF"),
            Self::WebP => f.write_str("WebP"),
            Self::Bmp => f.write_str("BMP"),
            Self::Pnm => f.write_str("PNM"),
            Self::Gif => f.write_str("GIF"),
            Self::Table => f.write_str("table"),
            Self::Npy => f.write_str(".npy"),
            Self::Idx => f.write_str("IDX"),
            Self::Gzip => f.write_str("gzip"),
            Self::Other(ending) if ending.is_empty() => f.write_str("no ending"),
            Self::Other(ending) => write!(f, ".{ending}"),
        }
    }
}
