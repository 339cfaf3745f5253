//! Ctrl-C: says how to go on, and ends the program.
//!
//! Files are written whole or not at all, so the process may end at any moment: what a checkpoint, or a study's
//! finished models, do not hold is computed again.

#[cfg(all(unix, feature = "serve"))]
pub(crate) use unix::first_stops;
#[cfg(unix)]
pub(crate) use unix::{begun, listen, resumable};

#[cfg(not(unix))]
pub(crate) fn listen() {}

#[cfg(not(unix))]
pub(crate) fn resumable(_: &std::path::Path, _: bool) {}

#[cfg(not(unix))]
pub(crate) fn begun() {}

#[cfg(all(not(unix), feature = "serve"))]
pub(crate) fn first_stops(_: Box<dyn FnOnce() + Send>) {}

#[cfg(unix)]
mod unix {
    use std::io::{self, IsTerminal};
    use std::path::{Path, PathBuf};
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::{fs, thread};

    use signal_hook::consts::{SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;

    use crate::output;

    /// The exit status of a program that Ctrl-C has ended: 128 and the number of SIGINT.
    const INTERRUPTED: i32 = 130;

    /// The folder of the run or study that goes on, and whether it is a study.
    static CURRENT: Mutex<Option<(PathBuf, bool)>> = Mutex::new(None);

    /// Whether this process has begun to write into the folder.
    static BEGUN: AtomicBool = AtomicBool::new(false);

    /// What the first signal does instead of ending the program.
    static STOP: Mutex<Option<Box<dyn FnOnce() + Send>>> = Mutex::new(None);

    /// From now on the first signal calls this, and the second one ends the program.
    #[cfg(feature = "serve")]
    pub(crate) fn first_stops(stop: Box<dyn FnOnce() + Send>) {
        if let Ok(mut current) = STOP.lock() {
            *current = Some(stop);
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
                if let Some(stop) = STOP.lock().ok().and_then(|mut stop| stop.take()) {
                    stop();
                    output::progress(&format!("{start}stopping: what is in flight is finished"));
                    continue;
                }
                output::progress(&format!("{start}{}", advice()));
                signal_hook::low_level::exit(INTERRUPTED);
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
        let command = format!("`ae resume {}`", output::quoted(&folder.to_string_lossy()));
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
