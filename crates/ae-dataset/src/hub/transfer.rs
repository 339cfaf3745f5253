//! One download by hf-hub's client, with time limits.
//!
//! The client has no time limits, and a request cannot be cancelled. So the client works in a thread of its own and
//! reports every piece that arrives; the caller stops waiting when no report comes. The thread then ends with its
//! connection, at the latest with the process. It leaves no broken file in the cache: the client writes to a `.part`
//! file, continues it the next time, and renames it when it is complete.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::time::Instant;
use std::{fs, io, thread};

use ae_files::FileError;
use hf_hub::api::Progress as ClientProgress;
use hf_hub::api::sync::{ApiBuilder, ApiError};
use hf_hub::{Cache, Repo};

use super::Hub;
use crate::{Progress, TransferError};

/// A report of the client's thread.
enum Report {
    /// The transfer of a file of this size begins, or begins again.
    Began(u64),
    /// This number of further bytes has arrived.
    Arrived(u64),
    /// The transfer has ended; the path in the cache.
    Ended(Result<PathBuf, ApiError>),
}

/// Downloads a file into the cache. `began` is the time when the download of the data set began.
///
/// Returns the path and the announced size. The client does not compare the size.
pub(super) fn download(
    hub: &Hub,
    repo: &Repo,
    file: &str,
    began: Instant,
    progress: &mut dyn Progress,
) -> Result<(PathBuf, u64), TransferError> {
    let (sender, reports) = mpsc::channel();
    start_client(hub, repo.clone(), file.to_owned(), sender)?;
    let limits = &hub.limits;
    let (mut total, mut done) = (None, 0);
    loop {
        let left = limits.whole.saturating_sub(began.elapsed());
        let patience = if total.is_none() { limits.answer } else { limits.silence };
        match reports.recv_timeout(patience.min(left)) {
            Ok(Report::Began(size)) => (total, done) = (Some(size), 0),
            Ok(Report::Arrived(bytes)) => {
                done += bytes;
                progress.transferred(file, done, total);
            }
            Ok(Report::Ended(Ok(path))) => return Ok((path, total.unwrap_or_default())),
            Ok(Report::Ended(Err(error))) => {
                if matches!(error, ApiError::InvalidResume) {
                    discard_parts(hub, repo);
                }
                return Err(error.into());
            }
            Err(RecvTimeoutError::Disconnected) => return Err(TransferError::ClientPanicked),
            Err(RecvTimeoutError::Timeout) if left < patience => {
                return Err(TransferError::TooSlow(limits.whole));
            }
            Err(RecvTimeoutError::Timeout) if total.is_none() => {
                return Err(TransferError::NoAnswer(patience));
            }
            Err(RecvTimeoutError::Timeout) => return Err(TransferError::Silent(patience)),
        }
    }
}

/// Removes a file from the cache: the entry and the file that it links to.
pub(super) fn discard(entry: &Path) -> Result<(), FileError> {
    let remove = || -> io::Result<()> {
        let target = fs::canonicalize(entry)?;
        fs::remove_file(entry)?;
        if target.exists() { fs::remove_file(target) } else { Ok(()) }
    };
    remove().map_err(|source| FileError::Write { path: entry.to_owned(), source })
}

fn start_client(
    hub: &Hub,
    repo: Repo,
    file: String,
    sender: Sender<Report>,
) -> Result<(), TransferError> {
    let builder = ApiBuilder::from_cache(Cache::new(hub.cache.clone()))
        .with_endpoint(hub.endpoint.clone())
        .with_token(None)
        .with_progress(false);
    let work = move || {
        let reporter = Reporter(sender.clone());
        let result = builder
            .build()
            .and_then(|client| client.repo(repo).download_with_progress(&file, reporter));
        // Sending fails if the caller has stopped waiting.
        let _ = sender.send(Report::Ended(result));
    };
    thread::Builder::new().name("hub".to_owned()).spawn(work).map_err(TransferError::Thread)?;
    Ok(())
}

/// Removes the `.part` files of a repository, from which the client refuses to continue.
fn discard_parts(hub: &Hub, repo: &Repo) {
    let blobs = Cache::new(hub.cache.clone()).repo(repo.clone()).blob_path("");
    let entries = fs::read_dir(blobs).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    for path in paths.filter(|path| path.extension().is_some_and(|end| end == "part")) {
        if let Err(error) = fs::remove_file(&path) {
            tracing::warn!(path = %path.display(), %error, "the file cannot be removed");
        }
    }
}

/// Sends the client's progress to the caller.
struct Reporter(Sender<Report>);

impl ClientProgress for Reporter {
    fn init(&mut self, size: usize, _: &str) {
        let _ = self.0.send(Report::Began(size as u64));
    }

    fn update(&mut self, size: usize) {
        let _ = self.0.send(Report::Arrived(size as u64));
    }

    fn finish(&mut self) {}
}
