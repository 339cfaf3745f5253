//! Which picture: a file, or a page of a TIFF with several.

use std::fmt;
use std::path::{Path, PathBuf};

use ae_files::shown;

/// A picture of an input: a file, or a page of a TIFF with several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PictureId {
    /// The file.
    pub path: PathBuf,
    /// The page, if the file has several.
    pub page: Option<PageOfFile>,
}

/// A picture with its place in an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PictureOrigin {
    /// The picture.
    pub picture: PictureId,
    /// The path of its file relative to the folder that was named; of a file that was named, its name.
    pub file: PathBuf,
    /// Its place among all items of the input, counted from 0.
    pub item: u64,
}

/// A page of a file with several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageOfFile {
    /// The number of the page among all pages, counted from 1.
    pub number: u32,
    /// How many pages the file has.
    pub of: u32,
    /// The byte of the file at which its directory begins.
    pub(crate) directory: u64,
}

impl PictureId {
    /// A file with one picture, or the first picture of a file.
    pub fn file(path: &Path) -> Self {
        Self { path: path.to_owned(), page: None }
    }

    #[cfg(feature = "pictures")]
    pub(crate) fn directory(&self) -> Option<u64> {
        self.page.map(|page| page.directory)
    }

    /// The name of a picture whose file has this name: that of the file, and of a page `stack-0003.tif`.
    pub fn named(&self, file: &Path) -> PathBuf {
        let Some(PageOfFile { number, .. }) = self.page else { return file.to_owned() };
        let stem = file.file_stem().unwrap_or_default().to_string_lossy();
        let ending = file.extension().unwrap_or_default().to_string_lossy();
        file.with_file_name(format!("{stem}-{number:04}.{ending}"))
    }
}

impl fmt::Display for PictureId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shown(&self.path))?;
        match self.page {
            Some(PageOfFile { number, .. }) => write!(f, ", page {number}"),
            None => Ok(()),
        }
    }
}
