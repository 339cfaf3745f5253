//! The folders of a reproduction: it replaces those that it made itself, which a marker file tells.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use ae_files::{FileError, make_folder, remove_for_rewrite, write_atomic};

use crate::StudyError;

const MARKER: &str = ".reproduce";
const MARKER_TEXT: &str = "\
`ae reproduce` made this folder's results and replaces them when it runs again.
Remove this file, and it will leave them alone.
";

/// The files that a reproduction writes beside the folders of its runs.
pub(super) const SUMMARY: &str = "summary.json";
pub(super) const REPORT: &str = "report.html";

/// Refuses a run's folder that holds what somebody else has put there.
pub(super) fn check_run(folder: &Path) -> Result<(), StudyError> {
    match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(source) => Err(FileError::Read { path: folder.to_owned(), source }.into()),
        Ok(mut entries) => match entries.next() {
            Some(_) if !is_ours(folder) => {
                Err(StudyError::NotReproduced { path: folder.to_owned() })
            }
            _ => Ok(()),
        },
    }
}

/// Refuses a results folder whose summary or report somebody else has put there.
pub(super) fn check(folder: &Path) -> Result<(), StudyError> {
    if folder.exists() && !folder.is_dir() {
        return Err(StudyError::NotAFolder { path: folder.to_owned() });
    }
    let is_foreign = |path: &Path| !is_ours(folder) && fs::symlink_metadata(path).is_ok();
    match [SUMMARY, REPORT].map(|name| folder.join(name)).into_iter().find(|path| is_foreign(path))
    {
        Some(path) => Err(StudyError::NotReproduced { path }),
        None => Ok(()),
    }
}

/// Makes a run's folder, if need be, and marks it.
pub(super) fn claim_run(folder: &Path) -> Result<(), StudyError> {
    check_run(folder)?;
    mark(folder)
}

/// Makes the results folder, if need be, and marks it.
///
/// An older summary and report are removed: they would speak of runs that are about to be replaced.
pub(super) fn claim(folder: &Path) -> Result<(), StudyError> {
    check(folder)?;
    mark(folder)?;
    for path in [SUMMARY, REPORT].map(|name| folder.join(name)) {
        if fs::symlink_metadata(&path).is_ok() {
            remove_for_rewrite(&path)?;
        }
    }
    Ok(())
}

fn mark(folder: &Path) -> Result<(), StudyError> {
    make_folder(folder)?;
    if !is_ours(folder) {
        write_atomic(&folder.join(MARKER), MARKER_TEXT.as_bytes())?;
    }
    Ok(())
}

fn is_ours(folder: &Path) -> bool {
    folder.join(MARKER).is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_s_folder_is_ours_when_new_empty_or_marked() {
        let dir = tempfile::tempdir().unwrap();
        let run = dir.path().join("out/regular");
        claim_run(&run).unwrap();
        fs::write(run.join("record.json"), "{}").unwrap();
        claim_run(&run).unwrap();

        fs::remove_file(run.join(MARKER)).unwrap();
        let error = claim_run(&run).unwrap_err().to_string();

        assert!(error.contains("regular was not made by `ae reproduce`"), "{error}");
        let left: Vec<_> = fs::read_dir(&run).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(left, ["record.json"]);
    }

    #[test]
    fn a_file_in_a_folder_s_place_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("taken");
        fs::write(&file, "old").unwrap();
        assert!(check_run(&file).is_err());
        assert!(check(&file).is_err());
        assert_eq!(fs::read_to_string(&file).unwrap(), "old");
    }

    #[test]
    fn a_foreign_summary_is_kept_and_an_old_one_of_ours_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let summary = dir.path().join(SUMMARY);
        fs::write(&summary, "foreign").unwrap();
        assert!(claim(dir.path()).is_err());
        assert_eq!(fs::read_to_string(&summary).unwrap(), "foreign");

        fs::remove_file(&summary).unwrap();
        claim(dir.path()).unwrap();
        fs::write(&summary, "ours").unwrap();
        claim(dir.path()).unwrap();
        assert!(!summary.exists());
    }
}
