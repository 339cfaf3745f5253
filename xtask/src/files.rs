//! Files that are written whole or not at all.
//!
//! The workspace's crate for this is `ae-files`, which xtask does not link.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};

/// Writes a file at once: under a temporary name beside it, synced to the disk, then renamed.
pub(crate) fn write_atomic(path: &Path, text: &str) -> Result<()> {
    let temporary = path.with_extension(format!("tmp-{}", std::process::id()));
    let write = || {
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(true).open(&temporary)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&temporary, path)
    };
    write()
        .inspect_err(|_| {
            // Whether or not it was made: the error that is reported is the first one.
            let _ = fs::remove_file(&temporary);
        })
        .with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_that_fails_leaves_everything_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let taken = dir.path().join("summary.json");
        fs::create_dir(&taken).unwrap();

        let error = write_atomic(&taken, "{}").unwrap_err();

        assert!(format!("{error:#}").starts_with("cannot write "), "{error:#}");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("summary.json");
        write_atomic(&path, "a longer old text").unwrap();
        write_atomic(&path, "new").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
