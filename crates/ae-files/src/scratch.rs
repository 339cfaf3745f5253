//! Files without a name, for data that a process keeps on the disk while it runs.

use std::fs::File;
use std::path::Path;

use crate::FileError;

/// Creates an empty file in a folder, for reading and writing. It has no name there, so that it disappears with the
/// process, however that ends.
///
/// # Errors
/// If the operating system fails, such as for a missing folder.
///
/// ```
/// use std::io::{Read, Seek, Write};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let folder = tempfile::tempdir()?;
/// let mut file = ae_files::scratch_file(folder.path())?;
/// file.write_all(b"rows")?;
/// file.rewind()?;
/// let mut text = String::new();
/// file.read_to_string(&mut text)?;
/// assert_eq!((text.as_str(), folder.path().read_dir()?.count()), ("rows", 0));
/// # Ok(())
/// # }
/// ```
pub fn scratch_file(folder: &Path) -> Result<File, FileError> {
    tempfile::tempfile_in(folder)
        .map_err(|source| FileError::Write { path: folder.to_owned(), source })
}
