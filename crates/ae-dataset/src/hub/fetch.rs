//! Fetches a data set from the hub or its cache.
//!
//! hf-hub transfers files and lays out the cache, which other programs share. This module adds time limits and further
//! tries ([`transfer`]). On every read it compares a cached file with the SHA-256 by which the hub names it, so that a
//! damaged file is never believed.

use std::path::Path;
use std::time::Instant;
use std::{fs, thread};

use ae_files::{hexadecimal, read_bounded};
use hf_hub::{Cache, Repo, RepoType};
use sha2::{Digest, Sha256};

use super::{Hub, HubDataset, parquet, transfer};
use crate::{ContentError, Dataset, FormatError, HubError, Images, Progress, TransferError};

/// The largest accepted file in bytes: 256 MiB, fifteen times MNIST's.
const MAX_BYTES: u64 = 1 << 28;

/// A revision of a repository, and two files in it.
struct Location {
    repo: Repo,
    train: String,
    test: String,
}

impl HubDataset {
    /// The parquet files that the hub generates for every data set, and the repository's own.
    fn locations(self) -> [Location; 2] {
        let folder = match self {
            Self::Mnist => "mnist",
            Self::FashionMnist => "fashion_mnist",
        };
        let location = |revision: &str, suffix| Location {
            repo: Repo::with_revision(
                self.repository().to_owned(),
                RepoType::Dataset,
                revision.to_owned(),
            ),
            train: format!("{folder}/train{suffix}"),
            test: format!("{folder}/test{suffix}"),
        };
        [
            location("refs/convert/parquet", "/0000.parquet"),
            location("main", "-00000-of-00001.parquet"),
        ]
    }
}

impl Hub {
    /// Reads a data set from the cache, without a network. `None` if it is not in the cache.
    ///
    /// # Errors
    /// If a file in the cache cannot be read or is damaged.
    pub fn cached(&self, dataset: HubDataset) -> Result<Option<Dataset>, HubError> {
        for location in dataset.locations() {
            let repo = Cache::new(self.cache.clone()).repo(location.repo);
            if let (Some(train), Some(test)) = (repo.get(&location.train), repo.get(&location.test))
            {
                let (train, test) = rayon::join(|| read(&train, None), || read(&test, None));
                return self.dataset(dataset, train?, test?).map(Some);
            }
        }
        Ok(None)
    }

    /// Reads a data set from the cache, or else downloads it into the cache.
    ///
    /// A damaged file in the cache is downloaded again. `progress` receives each file by its path in the repository.
    ///
    /// # Errors
    /// If the hub cannot be reached, refuses a file, is too slow, or sends damaged data.
    pub fn fetch(
        &self,
        dataset: HubDataset,
        progress: &mut dyn Progress,
    ) -> Result<Dataset, HubError> {
        if let Ok(Some(cached)) = self.cached(dataset) {
            return Ok(cached);
        }
        let began = Instant::now();
        let [preferred, other] = dataset.locations();
        let (train, test) = match self.fetch_files(&preferred, began, progress) {
            Err(error) if is_missing(&error) => self.fetch_files(&other, began, progress)?,
            found => found?,
        };
        self.dataset(dataset, train, test)
    }

    fn dataset(
        &self,
        dataset: HubDataset,
        train: Images,
        test: Images,
    ) -> Result<Dataset, HubError> {
        let location = format!("{}/datasets/{}", self.endpoint, dataset.repository());
        Ok(Dataset::new(dataset.name(), location, train, test).map_err(Box::new)?)
    }

    fn fetch_files(
        &self,
        location: &Location,
        began: Instant,
        progress: &mut dyn Progress,
    ) -> Result<(Images, Images), HubError> {
        let train = self.fetch_file(&location.repo, &location.train, began, progress)?;
        let test = self.fetch_file(&location.repo, &location.test, began, progress)?;
        Ok((train, test))
    }

    fn fetch_file(
        &self,
        repo: &Repo,
        file: &str,
        began: Instant,
        progress: &mut dyn Progress,
    ) -> Result<Images, HubError> {
        if let Some(path) = Cache::new(self.cache.clone()).repo(repo.clone()).get(file) {
            match read(&path, None) {
                Err(HubError::Damaged { path, source }) => {
                    tracing::warn!(path = %path.display(), %source, "damaged, fetched again");
                    transfer::discard(&path)?;
                }
                found => return found,
            }
        }
        let mut attempt = 1;
        loop {
            let error = match self.try_file(repo, file, began, progress)? {
                Ok(images) => return Ok(images),
                Err(error) => error,
            };
            if error.is_final() || attempt >= self.limits.attempts {
                let (set, revision) = (repo.url(), repo.url_revision());
                let url = format!("{}/{set}/resolve/{revision}/{file}", self.endpoint);
                return Err(HubError::Transfer { url, source: error });
            }
            tracing::debug!(file, attempt, %error, "tried again");
            thread::sleep(self.limits.pause);
            attempt += 1;
        }
    }

    /// Tries to download a file. The outer error is this machine's, the inner one the hub's.
    fn try_file(
        &self,
        repo: &Repo,
        file: &str,
        began: Instant,
        progress: &mut dyn Progress,
    ) -> Result<Result<Images, TransferError>, HubError> {
        let (path, size) = match transfer::download(self, repo, file, began, progress) {
            Ok(transferred) => transferred,
            Err(error) => return Ok(Err(error)),
        };
        match read(&path, Some(size)) {
            Err(HubError::Damaged { path, source }) => {
                transfer::discard(&path)?;
                Ok(Err(TransferError::Damaged(source)))
            }
            found => found.map(Ok),
        }
    }
}

/// Reads a file in the cache. `size` is the size that the hub announced, after a download.
fn read(path: &Path, size: Option<u64>) -> Result<Images, HubError> {
    let bytes = read_bounded(path, MAX_BYTES)?;
    check_size(size, bytes.len())
        .and_then(|()| check_digest(path, &bytes))
        .and_then(|()| parquet::decode(bytes))
        .map_err(|source| HubError::Damaged { path: path.to_owned(), source })
}

fn check_size(size: Option<u64>, found: usize) -> Result<(), ContentError> {
    match size.map(|size| usize::try_from(size).unwrap_or(usize::MAX)) {
        Some(expected) if found < expected => {
            Err(FormatError::Truncated { expected, found }.into())
        }
        Some(expected) if found > expected => {
            Err(FormatError::TrailingBytes { expected, found }.into())
        }
        _ => Ok(()),
    }
}

/// Compares the contents with the SHA-256 by which the hub's client names a large file.
///
/// Without symbolic links, the file has its own name in the cache, and there is nothing to compare with.
fn check_digest(path: &Path, bytes: &[u8]) -> Result<(), ContentError> {
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let expected = target.file_name().unwrap_or_default().to_string_lossy();
    if expected.len() != 64 || !expected.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(());
    }
    let found = hexadecimal(&Sha256::digest(bytes));
    if found == expected {
        return Ok(());
    }
    Err(ContentError::Digest { expected: expected.into_owned(), found })
}

fn is_missing(error: &HubError) -> bool {
    matches!(error, HubError::Transfer { source, .. } if source.status() == Some(404))
}
