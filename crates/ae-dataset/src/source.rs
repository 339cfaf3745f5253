//! From the name of a data set to its images.

use std::convert::Infallible;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use crate::places::Places;
use crate::{Dataset, DatasetError, LoadOptions, Progress};

/// Which data to use; written `auto`, `mnist`, `fashion-mnist`, `digits`, or as a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The first of these: the folder `$AE_DATA`, MNIST from the user's cache, MNIST from the hub,
    /// the procedural digits. Only the last is a substitution, and [`Origin`](crate::Origin) says so.
    Auto,
    /// MNIST, from the same places; an error if it cannot be had.
    Mnist,
    /// Fashion-MNIST, from the user's cache or the hub; an error if it cannot be had.
    FashionMnist,
    /// The procedural digits, which need neither files nor a network.
    Digits,
    /// A person's own data: a folder of pictures or of IDX files, a `.npy` file, a table. One that is
    /// called like a word above is written `./mnist`.
    Path(PathBuf),
}

/// Whether data may be fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Network {
    /// The hub may be asked, for a bounded time.
    Allowed,
    /// Only what is on this machine.
    Offline,
}

/// Loads a data set.
///
/// The user's cache is the folder `ae/mnist` (`ae/fashion-mnist`) in `$XDG_CACHE_HOME` or
/// `~/.cache`, with the four IDX files, and then the hub's own cache. `progress` hears of downloads, of
/// how far the reading is, and of what was chosen where nothing was said. `options` are for a person's
/// own data, and bring any images to another size or other channels if they name these.
///
/// # Errors
/// If the data cannot be had or are damaged. A folder that is there but cannot be used is an error,
/// never a reason to take other data: also `$AE_DATA`, and the one in the user's cache.
///
/// ```
/// use ae_dataset::{LoadOptions, Network, Source, load};
///
/// # fn main() -> Result<(), ae_dataset::DatasetError> {
/// let data = load(&Source::Digits, &LoadOptions::default(), Network::Offline, &mut ())?;
/// assert_eq!((data.train.len(), data.test.len()), (60_000, 10_000));
/// assert_eq!((data.train.height(), data.train.width()), (28, 28));
/// assert_eq!(data.origin.substituted, None);
/// # Ok(())
/// # }
/// ```
pub fn load(
    source: &Source,
    options: &LoadOptions,
    network: Network,
    progress: &mut dyn Progress,
) -> Result<Dataset, DatasetError> {
    Places::from_environment().load(source, options, network, progress)
}

impl FromStr for Source {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text {
            "auto" => Self::Auto,
            "mnist" => Self::Mnist,
            "fashion-mnist" => Self::FashionMnist,
            "digits" => Self::Digits,
            path => Self::Path(PathBuf::from(path)),
        })
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Mnist => f.write_str("mnist"),
            Self::FashionMnist => f.write_str("fashion-mnist"),
            Self::Digits => f.write_str("digits"),
            Self::Path(folder) => {
                let text = folder.display().to_string();
                match text.parse() {
                    Ok(Self::Path(_)) => f.write_str(&text),
                    _ => write!(f, "./{text}"),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_written_as_they_are_read() {
        for text in ["auto", "mnist", "fashion-mnist", "digits", "some/folder", "./mnist", ""] {
            let Ok(source) = text.parse::<Source>();
            assert_eq!(source.to_string(), text);
        }
        let called_like_a_word = Source::Path("digits".into());
        assert_eq!(called_like_a_word.to_string(), "./digits");
    }
}
