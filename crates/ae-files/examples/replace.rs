//! Two programs that share a folder: the lock keeps the second one out, and a reader never sees half a file.

use std::error::Error;

use ae_files::{AtomicFile, FileError, FolderLock, counted_as, read_bounded, write_atomic};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("curve.csv");
    let lock = FolderLock::acquire(folder.path())?;
    write_atomic(&path, b"epoch,loss\n1,0.25\n")?;

    let mut longer = AtomicFile::begin(&path)?;
    for epoch in 1..=1000 {
        longer.write(format!("{epoch},0.1\n").as_bytes())?;
    }
    let seen = read_bounded(&path, 1 << 20)?;
    say(&format!("before the commit: {}", counted_as(seen.len(), "byte")));
    longer.commit()?;
    let seen = read_bounded(&path, 1 << 20)?;
    say(&format!("after the commit: {}", counted_as(seen.len(), "byte")));

    if let Err(error @ FileError::TooLarge { .. }) = read_bounded(&path, 100) {
        say(&error.to_string());
    }
    if let Err(error @ FileError::InUse { .. }) = FolderLock::acquire(folder.path()) {
        say(&error.to_string());
    }
    drop(lock);
    Ok(())
}

#[expect(clippy::print_stdout, reason = "an example prints")]
fn say(line: &str) {
    println!("{line}");
}
