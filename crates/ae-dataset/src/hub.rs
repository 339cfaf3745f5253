//! MNIST and Fashion-MNIST from the hub, <https://huggingface.co>, by way of its cache.
//!
//! The transfer and the layout of the cache, which other programs share, are hf-hub's. What it lacks
//! is added around it: bounds in time and a second try ([`transfer`]), and a check of what lies in
//! the cache on every read, against the SHA-256 by which the hub names it, so that a damaged file is
//! never believed. Proxies are those of the environment (`ALL_PROXY`, `HTTPS_PROXY`, `HTTP_PROXY`,
//! `NO_PROXY`). No token is sent: the data are public, and the client would pass it on to whichever
//! host it is redirected to.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use ae_files::{hexadecimal, read_bounded};
use hf_hub::{Cache, Repo, RepoType};
use sha2::{Digest, Sha256};

use crate::{Dataset, FormatError, Images, Progress};

mod error;
mod parquet;
mod transfer;

pub use error::{ContentError, HubError, TransferError};

/// The largest accepted file in bytes: 256 MiB, fifteen times MNIST's.
const MAX_BYTES: u64 = 1 << 28;

/// The hub and the folder in which what came from it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hub {
    /// Its address, by default `https://huggingface.co`.
    pub endpoint: String,
    /// The folder of its cache, by default `~/.cache/huggingface/hub`.
    pub cache: PathBuf,
    /// How long it is waited for.
    pub limits: HubLimits,
}

/// How long the hub is waited for, and how often it is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HubLimits {
    /// From the beginning of a request to the first that is heard of the file: 10 s by default.
    pub answer: Duration,
    /// From one piece of the file to the next: 20 s by default.
    pub silence: Duration,
    /// For a whole data set, with all further tries: 5 minutes by default.
    pub whole: Duration,
    /// How often a file is tried; 3 by default. What the hub refuses (a status from 400 to 499), and
    /// a hub that is silent, are not tried again.
    pub attempts: u32,
    /// Between two tries: 0.5 s by default.
    pub pause: Duration,
}

/// A data set on the hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HubDataset {
    /// `ylecun/mnist`
    Mnist,
    /// `zalando-datasets/fashion_mnist`
    FashionMnist,
}

/// A revision of a data set, and its two files.
struct Location {
    repo: Repo,
    train: String,
    test: String,
}

impl Default for HubLimits {
    fn default() -> Self {
        Self {
            answer: Duration::from_secs(10),
            silence: Duration::from_secs(20),
            whole: Duration::from_secs(300),
            attempts: 3,
            pause: Duration::from_millis(500),
        }
    }
}

impl HubDataset {
    fn name(self) -> &'static str {
        match self {
            Self::Mnist => "mnist",
            Self::FashionMnist => "fashion-mnist",
        }
    }

    fn repository(self) -> &'static str {
        match self {
            Self::Mnist => "ylecun/mnist",
            Self::FashionMnist => "zalando-datasets/fashion_mnist",
        }
    }

    /// Where the files are: those that the hub makes of every data set, and the data set's own.
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
    /// The hub as the environment has it: at `$HF_ENDPOINT`, with its cache in `$HF_HOME/hub`.
    pub fn from_env() -> Self {
        let variable = |name| env::var_os(name).filter(|value| !value.is_empty());
        let endpoint = variable("HF_ENDPOINT").map_or_else(
            || "https://huggingface.co".to_owned(),
            |endpoint| endpoint.to_string_lossy().trim_end_matches('/').to_owned(),
        );
        let home = variable("HF_HOME").map_or_else(
            || env::home_dir().unwrap_or_default().join(".cache").join("huggingface"),
            PathBuf::from,
        );
        Self { endpoint, cache: home.join("hub"), limits: HubLimits::default() }
    }

    /// A data set from the cache, without a network; `None` if it is not there.
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

    /// A data set from the cache, or else from the hub, after which it is in the cache.
    ///
    /// A damaged file in the cache is fetched again. `progress` hears of each file by its path in
    /// the repository.
    ///
    /// # Errors
    /// If the hub cannot be reached, refuses, is too slow, or what it gives is damaged.
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

    /// One try: the outer error is this machine's, the inner one the hub's.
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

/// Reads a file in the cache; `size` is what the hub announced, if it was just asked.
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

/// Compares the contents with the SHA-256 after which the hub's client names a large file.
///
/// Where links are not to be had, the file lies under its own name and there is nothing to compare.
fn check_digest(path: &Path, bytes: &[u8]) -> Result<(), ContentError> {
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let expected = target.file_name().unwrap_or_default().to_string_lossy();
    if expected.len() != 64 || !expected.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(());
    }
    let digest = Sha256::digest(bytes);
    let found = hexadecimal(&digest);
    if found == expected {
        return Ok(());
    }
    Err(ContentError::Digest { expected: expected.into_owned(), found })
}

fn is_missing(error: &HubError) -> bool {
    matches!(error, HubError::Transfer { source, .. } if source.status() == Some(404))
}
