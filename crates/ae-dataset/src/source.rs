//! The names of data sets: words such as `mnist`, or paths.

use std::convert::Infallible;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// The data to use. As text it is `auto`, `mnist`, `fashion-mnist`, `digits`, or a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The first of these that exists: the folder `$AE_DATA`, MNIST in the user's cache, MNIST on the hub, the procedural
    /// digits. Only the digits are a substitution; [`Origin::substituted`](crate::Origin::substituted) says so.
    Auto,
    /// MNIST from the same places; an error if it is nowhere.
    Mnist,
    /// Fashion-MNIST from the user's cache or the hub; an error if it is in neither.
    FashionMnist,
    /// The procedural digits. They need neither files nor a network.
    Digits,
    /// A person's own data: a folder of pictures or of IDX files, a `.npy` file, a table. A path that equals one of the
    /// words above is written with `./`, such as `./mnist`.
    Path(PathBuf),
}

/// Whether data may be downloaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Network {
    /// The hub may be used, for a bounded time.
    Allowed,
    /// Only data on this machine is used.
    Offline,
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
    fn a_source_is_written_as_it_is_read() {
        for text in ["auto", "mnist", "fashion-mnist", "digits", "some/folder", "./mnist", ""] {
            let Ok(source) = text.parse::<Source>();
            assert_eq!(source.to_string(), text);
        }
        let called_like_a_word = Source::Path("digits".into());
        assert_eq!(called_like_a_word.to_string(), "./digits");
    }
}
