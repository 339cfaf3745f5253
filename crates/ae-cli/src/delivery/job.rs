//! A folder of pictures as a job that can be interrupted: a mark stands in it until all are written. It names the command,
//! the folder in which that was typed, and the model's weights, so that no results of others are mixed with it.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use ae_apply::Model;
use ae_files::{read_bounded, write_atomic};
use anyhow::{Context as _, bail};

use crate::output::quoted;
use crate::shards::PartRecord;

/// The file that says that a folder is not finished, and by which command it was begun.
const MARK: &str = ".ae-unfinished";
/// The longest command that is compared.
const MAX_COMMAND: u64 = 1 << 20;
/// The beginning of the line with the folder in which the command was typed.
const TYPED_IN: &str = "\ntyped in ";
/// The beginning of the line with the digest of the weights.
const WEIGHTS: &str = "\nweights ";
/// Flags that do not change what is made.
const NO_MATTER: [&str; 2] = ["--continue", "--force"];

/// Whether a folder holds what an interrupted command has made.
pub(crate) fn is_unfinished(folder: &Path) -> bool {
    folder.join(MARK).is_file()
}

/// Whether a command goes on with what it has begun, and with which model.
#[derive(Debug)]
pub(crate) struct Continuation {
    pub(super) continues: bool,
    /// The SHA-256 of the model's weights.
    weights: String,
}

impl Continuation {
    pub(crate) fn new(continues: bool, model: &Model) -> Self {
        Self { continues, weights: model.saved().parameters.sha256() }
    }
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
    pub(super) fn begin(folder: &Path, continuation: &Continuation) -> anyhow::Result<Self> {
        let (mark, shown) = (folder.join(MARK), folder.display());
        let Continuation { continues, weights } = continuation;
        let (command, place) = (command(), std::env::current_dir()?);
        let continues = *continues;
        let is_kept = continues && mark.is_file();
        if is_kept {
            let bytes = read_bounded(&mark, MAX_COMMAND)?;
            check(&String::from_utf8_lossy(&bytes), &command, &place, weights)
                .with_context(|| format!("{shown} cannot be continued"))?;
        } else if continues && holds_files(folder)? {
            bail!(
                "{shown} holds files, but nothing in it is unfinished; --force makes all pictures anew, or choose \
                 another folder"
            );
        } else {
            let place = place.display();
            let text = format!("{command}{TYPED_IN}{place}{WEIGHTS}{weights}\n");
            write_atomic(&mark, text.as_bytes())?;
        }
        let begun = fs::metadata(&mark).and_then(|found| found.modified());
        let begun = begun.with_context(|| format!("cannot read {}", mark.display()))?;
        Ok(Self { mark, begun, is_kept })
    }

    /// A file is written.
    pub(super) fn wrote(&mut self) {
        self.is_kept = true;
    }

    /// Whether the job has written a file, and what it was made of has not been written since.
    pub(super) fn has_written(&self, path: &Path, input: &Path) -> bool {
        // A crash of the machine may leave the name of a file without its contents.
        let output = fs::metadata(path).ok().filter(|found| found.len() > 0);
        let input = fs::metadata(input).and_then(|found| found.modified()).ok();
        match (output.and_then(|found| found.modified().ok()), input) {
            // Files that are written within a tick of the clock have the same time: such a picture is made anew.
            (Some(written), Some(input)) => written >= self.begun && input < written,
            _ => false,
        }
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

/// Whether a folder holds anything but the record of a shard.
fn holds_files(folder: &Path) -> anyhow::Result<bool> {
    let record = PartRecord::place(folder);
    for entry in fs::read_dir(folder)? {
        if entry?.path() != record {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Refuses to go on with what another command, another model or the same command in another folder has begun.
fn check(mark: &str, command: &str, place: &Path, weights: &str) -> anyhow::Result<()> {
    let mark = mark.trim_end();
    // Earlier versions wrote the command alone.
    let (rest, earlier_weights) = mark.rsplit_once(WEIGHTS).unwrap_or((mark, weights));
    let place = place.display().to_string();
    let (earlier, earlier_place) = rest.rsplit_once(TYPED_IN).unwrap_or((rest, &place));
    if earlier != command {
        bail!(
            "it was begun by another command, `{earlier}`; type that one with --continue, or begin anew with --force"
        );
    }
    if earlier_place != place {
        bail!(
            "the command that began it was typed in {earlier_place}; go there, or begin anew with --force"
        );
    }
    if earlier_weights != weights {
        bail!(
            "it was begun with another model: the weights have changed since; put them back, or begin anew with --force"
        );
    }
    Ok(())
}

/// The command that was typed, without flags that do not change what is made.
fn command() -> String {
    let words = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned());
    let words = words.filter(|word| !NO_MATTER.contains(&word.as_str()));
    let words: Vec<String> = words.map(|word| quoted(&word)).collect();
    format!("ae {}", words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_that_of_one_command_in_one_folder_with_one_model() {
        let told = |mark: &str| {
            let checked = check(mark, "ae denoise run in", Path::new("/a b"), "ab12");
            checked.err().map(|error| error.to_string()).unwrap_or_default()
        };
        assert_eq!(told("ae denoise run in\ntyped in /a b\nweights ab12\n"), "");
        assert_eq!(told("ae denoise run in\n"), "");
        assert!(
            told("ae denoise run on\ntyped in /a b\nweights ab12\n")
                .contains("`ae denoise run on`")
        );
        assert!(told("ae denoise run in\ntyped in /c\nweights ab12\n").contains("typed in /c;"));
        assert!(told("ae denoise run in\ntyped in /a b\nweights cd34\n").contains("another model"));
    }
}
