//! The Hugging Face hub, <https://huggingface.co>, as a source of MNIST and Fashion-MNIST.
//!
//! Proxies are those of the environment (`ALL_PROXY`, `HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`). No token is sent, because
//! the data is public and the client would pass the token on to any host that it is redirected to.

mod fetch;
mod parquet;
mod transfer;

use std::env;
use std::path::PathBuf;
use std::time::Duration;

/// The hub, and the folder of its cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hub {
    /// The address, by default `https://huggingface.co`.
    pub endpoint: String,
    /// The folder of the cache, by default `~/.cache/huggingface/hub`.
    pub cache: PathBuf,
    /// Time limits and the number of tries.
    pub limits: HubLimits,
}

/// Time limits for the hub, and the number of tries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HubLimits {
    /// The longest time from a request to the first news of the file, by default 10 s.
    pub answer: Duration,
    /// The longest time between two pieces of the file, by default 20 s.
    pub silence: Duration,
    /// The longest time for a whole data set with all tries, by default 5 minutes.
    pub whole: Duration,
    /// The number of tries for a file, by default 3. There is no further try if the hub refuses a file (status 400 to
    /// 499) or is silent.
    pub attempts: u32,
    /// The time between two tries, by default 0.5 s.
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
    /// The name in [`Origin::name`](crate::Origin::name).
    fn name(self) -> &'static str {
        match self {
            Self::Mnist => "mnist",
            Self::FashionMnist => "fashion-mnist",
        }
    }

    /// The name of the repository on the hub.
    fn repository(self) -> &'static str {
        match self {
            Self::Mnist => "ylecun/mnist",
            Self::FashionMnist => "zalando-datasets/fashion_mnist",
        }
    }
}

impl Hub {
    /// The hub of the environment: its address is `$HF_ENDPOINT`, its cache `$HF_HOME/hub`.
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
}
