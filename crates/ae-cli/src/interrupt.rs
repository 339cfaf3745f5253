//! Ctrl-C: says how to go on, and ends the program; a training first stops with a checkpoint.
//!
//! Files are written whole or not at all, so the process may end at any moment: what a checkpoint, or a study's
//! finished models, do not hold is computed again.

use std::path::Path;

use ae_experiment::{LivePhase, LiveTraining};

use crate::output;

#[cfg(unix)]
pub(crate) use unix::{begun, first_ends, first_stops, listen, resumable};

#[cfg(not(unix))]
pub(crate) fn listen() {}

#[cfg(not(unix))]
pub(crate) fn resumable(_: &std::path::Path, _: bool) {}

#[cfg(not(unix))]
pub(crate) fn begun() {}

#[cfg(not(unix))]
pub(crate) fn first_stops(_: &'static str, _: Box<dyn FnOnce() + Send>) {}

#[cfg(not(unix))]
pub(crate) fn first_ends() {}

/// The command that goes on with a run or a study.
fn resume(folder: &Path) -> String {
    format!("`ae resume {}`", output::quoted(&folder.to_string_lossy()))
}

/// How to go on with a training that has stopped with a checkpoint.
pub(crate) fn stopped(folder: &Path, live: &LiveTraining) -> String {
    let command = resume(folder);
    let (LivePhase::Stopped { completed, batches }, Some(progress)) =
        (live.phase(), live.progress())
    else {
        return format!("interrupted; {command} continues after the last checkpoint");
    };
    let epochs = progress.epochs;
    match batches {
        0 => format!("interrupted after epoch {completed} of {epochs}; {command} continues there"),
        _ => format!(
            "interrupted in epoch {} of {epochs}, after {batches} of {} batches; {command} continues there",
            completed + 1,
            progress.batches
        ),
    }
}

#[cfg(unix)]
mod unix {
    use std::io::{self, IsTerminal};
    use std::path::{Path, PathBuf};
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::{fs, thread};

    use signal_hook::consts::{SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;

    use super::resume;
    use crate::exit_status::INTERRUPTED;
    use crate::{output, processes};

    /// The folder of the run or study that goes on, and whether it is a study.
    static CURRENT: Mutex<Option<(PathBuf, bool)>> = Mutex::new(None);

    /// Whether this process has begun to write into the folder.
    static BEGUN: AtomicBool = AtomicBool::new(false);

    /// What a signal does instead of ending the program.
    struct OnSignal {
        /// What is said before.
        message: &'static str,
        stop: Box<dyn FnOnce() + Send>,
    }

    /// What the first signal does instead of ending the program.
    static STOP: Mutex<Option<OnSignal>> = Mutex::new(None);

    /// From now on the first signal calls this, and the second one ends the program.
    pub(crate) fn first_stops(message: &'static str, stop: Box<dyn FnOnce() + Send>) {
        if let Ok(mut current) = STOP.lock() {
            *current = Some(OnSignal { message, stop });
        }
    }

    /// From now on the first signal ends the program.
    pub(crate) fn first_ends() {
        if let Ok(mut current) = STOP.lock() {
            *current = None;
        }
    }

    /// A run or a study will be trained in this folder; Ctrl-C says how to resume it.
    pub(crate) fn resumable(folder: &Path, is_study: bool) {
        BEGUN.store(false, Ordering::Relaxed);
        if let Ok(mut current) = CURRENT.lock() {
            *current = Some((folder.to_owned(), is_study));
        }
    }

    /// From now on there is a run or a study in the folder that can be resumed.
    pub(crate) fn begun() {
        BEGUN.store(true, Ordering::Relaxed);
    }

    /// Waits for SIGINT and SIGTERM on a thread of its own, which ends the program with one line.
    pub(crate) fn listen() {
        let wanted = [SIGINT, SIGTERM].into_iter().filter(|&signal| !is_ignored(signal));
        let mut signals = match Signals::new(wanted) {
            Ok(signals) => signals,
            Err(error) => {
                tracing::warn!("Ctrl-C will end the program without a word: {error}");
                return;
            }
        };
        thread::spawn(move || {
            for _ in signals.forever() {
                // Behind a progress bar, or ^C.
                let start = if io::stderr().is_terminal() { "\n" } else { "" };
                let tell = |message: &str| {
                    if !processes::is_silent() {
                        output::progress(&format!("{start}{message}"));
                    }
                };
                let on_signal = STOP.lock().ok().and_then(|mut current| current.take());
                if let Some(OnSignal { message, stop }) = on_signal {
                    // What follows from it is told after it.
                    tell(message);
                    stop();
                    continue;
                }
                tell(&advice());
                ae_files::remove_unfinished();
                signal_hook::low_level::exit(i32::from(INTERRUPTED));
            }
        });
    }

    /// Whether whoever has started the program wants it to ignore a signal, such as a shell for a command in the
    /// background.
    fn is_ignored(signal: i32) -> bool {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
        mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
    }

    fn advice() -> String {
        let current = CURRENT.lock().ok().and_then(|current| current.clone());
        let Some((folder, is_study)) = current else {
            return "interrupted; outputs that were not complete are not written".to_owned();
        };
        if !BEGUN.load(Ordering::Relaxed) {
            return "interrupted before the training began; nothing is lost".to_owned();
        }
        let command = resume(&folder);
        match (is_study, has_weights(&folder, is_study)) {
            (false, true) => format!("interrupted; {command} continues after the last checkpoint"),
            (false, false) => {
                format!("interrupted before the first checkpoint; {command} begins again")
            }
            (true, true) => {
                format!("interrupted; {command} continues after the last finished model")
            }
            (true, false) => {
                format!("interrupted before the first model was finished; {command} begins again")
            }
        }
    }

    fn has_weights(folder: &Path, is_study: bool) -> bool {
        let (inner, beginning) = if is_study { ("models", "") } else { ("checkpoints", "epoch-") };
        let entries = fs::read_dir(folder.join(inner)).into_iter().flatten().flatten();
        let mut names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
        names.any(|name| {
            name.starts_with(beginning) && name.ends_with(".safetensors") && !name.starts_with('.')
        })
    }
}
