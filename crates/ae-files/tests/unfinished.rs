//! A process that has to end at once leaves no temporary files. A test of its own, as it speaks for the whole process.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;

use ae_files::{AtomicFile, remove_unfinished};

#[test]
fn what_is_begun_is_removed_and_what_is_committed_stays() {
    let folder = tempfile::tempdir().unwrap();
    let names = || {
        let entries = fs::read_dir(folder.path()).unwrap();
        entries.map(|entry| entry.unwrap().file_name()).collect::<Vec<_>>()
    };
    let begin = |name: &str| {
        let mut file = AtomicFile::begin(&folder.path().join(name)).unwrap();
        file.write(b"1").unwrap();
        file
    };
    let done = begin("done");
    let (first, second) = (begin("first"), begin("second"));
    done.commit().unwrap();
    drop(first);
    assert_eq!(names().len(), 2, "{:?}", names());
    remove_unfinished();
    assert_eq!(names(), ["done"]);
    // Nothing can be written after it.
    assert!(second.commit().is_err());
    assert_eq!(names(), ["done"]);
}
