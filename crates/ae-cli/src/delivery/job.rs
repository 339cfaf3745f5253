//! A folder of pictures as a job that can be interrupted: a mark stands in it until all are written.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use ae_files::{read_bounded, write_atomic};
use anyhow::{Context as _, bail};

use crate::output::quoted;

/// The file that says that a folder is not finished, and by which command it was begun.
const MARK: &str = ".ae-unfinished";
/// The longest command that is compared.
const MAX_COMMAND: u64 = 1 << 20;
/// Flags that do not change what is made.
const NO_MATTER: [&str; 2] = ["--continue", "--force"];

/// Whether a folder holds what an interrupted command has made.
pub(crate) fn is_unfinished(folder: &Path) -> bool {
    folder.join(MARK).is_file()
}

/// The writing of pictures into a folder.
#[derive(Debug)]
pub(super) struct Job {
    mark: PathBuf,
    /// Files that are older were there before.
    begun: SystemTime,
    /// Whether the mark stays if the command ends early: there is something to go on with.
    is_kept: bool,
}

impl Job {
    /// Begins, or goes on with what the same command has begun. Files are written whole, so a file that is there is
    /// finished.
    pub(super) fn begin(folder: &Path, continues: bool) -> anyhow::Result<Self> {
        let (mark, shown) = (folder.join(MARK), folder.display());
        let command = command();
        let is_kept = continues && mark.is_file();
        if is_kept {
            let bytes = read_bounded(&mark, MAX_COMMAND)?;
            let earlier = String::from_utf8_lossy(&bytes);
            if earlier.trim_end() != command {
                bail!(
                    "{shown} was begun by another command, `{}`; type that one with --continue, or begin anew \
                     with --force",
                    earlier.trim_end()
                );
            }
        } else if continues && fs::read_dir(folder)?.next().is_some() {
            bail!(
                "{shown} holds files, but nothing in it is unfinished; --force makes all pictures anew, or choose \
                 another folder"
            );
        } else {
            write_atomic(&mark, format!("{command}\n").as_bytes())?;
        }
        let begun = fs::metadata(&mark).and_then(|found| found.modified());
        let begun = begun.with_context(|| format!("cannot read {}", mark.display()))?;
        Ok(Self { mark, begun, is_kept })
    }

    /// A file is written.
    pub(super) fn wrote(&mut self) {
        self.is_kept = true;
    }

    /// Whether the job has written a file.
    pub(super) fn has_written(&self, path: &Path) -> bool {
        let written = fs::metadata(path).and_then(|found| found.modified());
        written.is_ok_and(|written| written >= self.begun)
    }

    /// All is written.
    pub(super) fn finish(mut self) -> anyhow::Result<()> {
        self.is_kept = true;
        fs::remove_file(&self.mark)
            .with_context(|| format!("cannot remove {}", self.mark.display()))
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        if !self.is_kept {
            // The command failed before its first picture: nothing is left of it.
            let _ = fs::remove_file(&self.mark);
        }
    }
}

/// The command that was typed, without flags that do not change what is made.
fn command() -> String {
    let words = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned());
    let words = words.filter(|word| !NO_MATTER.contains(&word.as_str()));
    let words: Vec<String> = words.map(|word| quoted(&word)).collect();
    format!("ae {}", words.join(" "))
}
