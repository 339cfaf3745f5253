//! Folders that `reproduce` may replace: those that it made itself, which a marker file tells.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use ae_files::write_atomic;

const MARKER: &str = ".reproduce";
const MARKER_TEXT: &str = "\
`cargo xtask reproduce` made this folder's results and replaces them when it runs again.
Remove this file, and it will leave them alone.
";

/// The files that `reproduce` itself writes beside the runs.
pub(crate) const SUMMARY: &str = "summary.json";
pub(crate) const REPORT: &str = "report.html";

/// Refuses a run's folder that holds what somebody else has put there.
pub(crate) fn check_run(folder: &Path) -> Result<()> {
    match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error).with_context(|| format!("cannot use {}", folder.display())),
        Ok(mut entries) => {
            ensure!(
                entries.next().is_none() || is_ours(folder),
                "{} was not made by `cargo xtask reproduce`, so it is left as it is; \
                 move it away or choose another folder with --out",
                folder.display()
            );
            Ok(())
        }
    }
}

/// Refuses a results folder whose summary or report somebody else has put there.
pub(crate) fn check_out(out: &Path) -> Result<()> {
    ensure!(
        out.is_dir() || !out.exists(),
        "{} is not a folder; choose another one with --out",
        out.display()
    );
    for file in [SUMMARY, REPORT].map(|name| out.join(name)) {
        ensure!(
            is_ours(out) || fs::symlink_metadata(&file).is_err(),
            "{} was not written by `cargo xtask reproduce`, so it is left as it is; \
             move it away or choose another folder with --out",
            file.display()
        );
    }
    Ok(())
}

/// Makes a run's folder, if need be, and marks it.
pub(crate) fn claim_run(folder: &Path) -> Result<()> {
    check_run(folder)?;
    claim(folder)
}

/// Makes the results folder, if need be, and marks it.
///
/// An older summary and report are removed: they would speak of runs that are about to be replaced.
pub(crate) fn claim_out(out: &Path) -> Result<()> {
    check_out(out)?;
    claim(out)?;
    for file in [SUMMARY, REPORT].map(|name| out.join(name)) {
        match fs::remove_file(&file) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("cannot remove {}", file.display()));
            }
            _ => {}
        }
    }
    Ok(())
}

fn claim(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)
        .with_context(|| format!("cannot make the folder {}", folder.display()))?;
    if is_ours(folder) {
        Ok(())
    } else {
        Ok(write_atomic(&folder.join(MARKER), MARKER_TEXT.as_bytes())?)
    }
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

        assert!(error.contains("regular was not made by `cargo xtask reproduce`"), "{error}");
        let left: Vec<_> = fs::read_dir(&run).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(left, ["record.json"]);
    }

    #[test]
    fn a_file_in_a_folder_s_place_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("taken");
        fs::write(&file, "old").unwrap();
        assert!(check_run(&file).is_err());
        assert!(check_out(&file).is_err());
        assert_eq!(fs::read_to_string(&file).unwrap(), "old");
    }

    #[test]
    fn a_foreign_summary_is_kept_and_an_old_one_of_ours_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let summary = dir.path().join(SUMMARY);
        fs::write(&summary, "foreign").unwrap();
        assert!(claim_out(dir.path()).is_err());
        assert_eq!(fs::read_to_string(&summary).unwrap(), "foreign");

        fs::remove_file(&summary).unwrap();
        claim_out(dir.path()).unwrap();
        fs::write(&summary, "ours").unwrap();
        claim_out(dir.path()).unwrap();
        assert!(!summary.exists());
    }
}
