//! One transfer by hf-hub's client, with a bound on how long it may take.
//!
//! The client has no time limits, and a request cannot be taken back. So it works in a thread of its
//! own and reports every piece that arrives; who waits for the reports stops waiting when none comes.
//! The thread then ends with its connection, at the latest with the process. What it leaves is no
//! cached file: the client writes to a `.part` beside it, goes on from there the next time, and
//! renames it when the connection has given everything.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::time::Instant;
use std::{fs, io, thread};

use ae_files::FileError;
use hf_hub::api::Progress as ClientProgress;
use hf_hub::api::sync::{ApiBuilder, ApiError};
use hf_hub::{Cache, Repo};

use super::{Hub, TransferError};
use crate::Progress;

/// What the client's thread reports.
enum Report {
    /// The transfer of a file of so many bytes begins, maybe anew.
    Began(u64),
    /// So many more bytes have arrived.
    Arrived(u64),
    /// It is over; the path in the cache.
    Ended(Result<PathBuf, ApiError>),
}

/// Transfers a file into the cache; `began` is when that of the data set did.
///
/// Gives its path and the size that was announced, with which the client does not compare.
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

/// Removes a file from the cache: the entry and what it links to.
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
        // Nobody may be waiting any more.
        let _ = sender.send(Report::Ended(result));
    };
    thread::Builder::new().name("hub".to_owned()).spawn(work).map_err(TransferError::Thread)?;
    Ok(())
}

/// Removes parts of a repository's files that the client refuses to go on from.
fn discard_parts(hub: &Hub, repo: &Repo) {
    let blobs = Cache::new(hub.cache.clone()).repo(repo.clone()).blob_path("");
    let entries = fs::read_dir(blobs).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    for path in paths.filter(|path| path.extension().is_some_and(|end| end == "part")) {
        if let Err(error) = fs::remove_file(&path) {
            tracing::warn!(path = %path.display(), %error, "cannot be removed");
        }
    }
}

/// The client's progress, sent on.
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
