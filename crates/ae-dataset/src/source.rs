//! The names of data sets: words such as `mnist`, or paths.

use std::convert::Infallible;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::Variation;
use crate::idx::folder::is_idx_folder;
#[cfg(feature = "pictures")]
use crate::pictures::decode;

/// The data to use. As text it is `auto`, `mnist`, `fashion-mnist`, `digits`, `leaves`, a path, or a [`Variation`] of
/// one of these: `mnist-rot`, `digits-bg-rand`, `rot:some/folder`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The first of these that exists: the folder `$AE_DATA`, MNIST in the user's cache, MNIST on the hub, the
    /// procedural digits. Only the digits are a substitution; [`Origin::substituted`](crate::Origin::substituted) says
    /// so.
    Auto,
    /// MNIST from the same places; an error if it is nowhere.
    Mnist,
    /// Fashion-MNIST from the user's cache or the hub; an error if it is in neither.
    FashionMnist,
    /// The procedural digits. They need neither files nor a network.
    Digits,
    /// Procedural pictures like photographs ([`Leaves`](crate::Leaves)), of the size and the channels that the options
    /// name. They need neither files nor a network.
    Leaves,
    /// A person's own data: a folder of pictures or of IDX files, a `.npy` file, a table. A path that equals one of the
    /// words above is written with `./`, such as `./mnist`.
    Path(PathBuf),
    /// A variation of another source, which is no variation itself. A path must lead to a folder of IDX files.
    Variation {
        /// What is done to the images.
        variation: Variation,
        /// Where they come from.
        of: Box<Source>,
    },
}

impl Source {
    /// The path of a person's own data, if the source is that or a variation of it.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Path(path) => Some(path),
            Self::Variation { of, .. } => of.path(),
            Self::Auto | Self::Mnist | Self::FashionMnist | Self::Digits | Self::Leaves => None,
        }
    }

    /// Whether it is a set of pictures that patches can be cut from: procedural ones, a folder without IDX files, or a
    /// TIFF with several pages.
    pub fn is_of_pictures(&self) -> bool {
        match self {
            Self::Leaves => true,
            Self::Path(path) if path.is_dir() => is_idx_folder(path).is_ok_and(|is_idx| !is_idx),
            #[cfg(feature = "pictures")]
            Self::Path(path) => decode::pages(path).is_ok_and(|pages| pages.len() > 1),
            _ => false,
        }
    }

    /// This source with other data in the place of its own: the same variation of that, if it is one.
    #[must_use]
    pub fn with_data(self, data: Self) -> Self {
        match self {
            Self::Variation { variation, .. } => {
                Self::Variation { variation, of: Box::new(data.without_variation()) }
            }
            _ => data,
        }
    }

    /// The data that a variation is made from; the source itself if it is none.
    #[must_use]
    pub fn without_variation(self) -> Self {
        match self {
            Self::Variation { of, .. } => *of,
            source => source,
        }
    }

    /// The data set of this name, if there is one.
    fn named(text: &str) -> Option<Self> {
        Some(match text {
            "auto" => Self::Auto,
            "mnist" => Self::Mnist,
            "fashion-mnist" => Self::FashionMnist,
            "digits" => Self::Digits,
            "leaves" => Self::Leaves,
            _ => return None,
        })
    }

    /// The variation of this name, if it is one.
    fn varied(text: &str) -> Option<Self> {
        Variation::ALL.into_iter().find_map(|variation| {
            let name = variation.name();
            let of =
                if let Some(source) = text.strip_prefix(name).and_then(|of| of.strip_prefix(':')) {
                    Self::named(source).unwrap_or_else(|| Self::Path(PathBuf::from(source)))
                } else {
                    let source = text.strip_suffix(name).and_then(|of| of.strip_suffix('-'))?;
                    Self::named(source).filter(|of| *of != Self::Auto)?
                };
            Some(Self::Variation { variation, of: Box::new(of) })
        })
    }
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
        let known = Self::named(text).or_else(|| Self::varied(text));
        Ok(known.unwrap_or_else(|| Self::Path(PathBuf::from(text))))
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Mnist => f.write_str("mnist"),
            Self::FashionMnist => f.write_str("fashion-mnist"),
            Self::Digits => f.write_str("digits"),
            Self::Leaves => f.write_str("leaves"),
            Self::Path(folder) => {
                let text = folder.display().to_string();
                match text.parse() {
                    Ok(Self::Path(_)) => f.write_str(&text),
                    _ => write!(f, "./{text}"),
                }
            }
            Self::Variation { variation, of } => match **of {
                Self::Auto | Self::Path(_) | Self::Variation { .. } => {
                    write!(f, "{variation}:{of}")
                }
                Self::Mnist | Self::FashionMnist | Self::Digits | Self::Leaves => {
                    write!(f, "{of}-{variation}")
                }
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_written_as_it_is_read() {
        let plain =
            ["auto", "mnist", "fashion-mnist", "digits", "leaves", "some/folder", "./mnist", ""];
        let varied = [
            "mnist-basic",
            "mnist-rot",
            "fashion-mnist-bg-rand",
            "digits-rot",
            "leaves-bg-rand",
            "rot:auto",
            "bg-rand:some/folder",
            "rot:./mnist",
        ];
        for text in plain.into_iter().chain(varied) {
            let Ok(source) = text.parse::<Source>();
            assert_eq!(source.to_string(), text);
            let is_varied = matches!(source, Source::Variation { .. });
            assert_eq!(is_varied, varied.contains(&text), "{text}");
        }
        for (path, text) in
            [("digits", "./digits"), ("mnist-rot", "./mnist-rot"), ("rot:data", "./rot:data")]
        {
            assert_eq!(Source::Path(path.into()).to_string(), text);
        }
        assert_eq!("rot:mnist".parse(), "mnist-rot".parse::<Source>());
        for path in ["auto-rot", "my-rot", "rot", "-rot", "rotated:mnist"] {
            assert_eq!(path.parse(), Ok(Source::Path(path.into())));
        }
    }

    /// The inner text of a variation is read as plain data, whatever it is, so that reading takes no more memory for a
    /// deeper text.
    #[test]
    fn a_variation_of_a_variation_is_a_path() {
        let Ok(source) = "rot:bg-rand:mnist".parse::<Source>();
        assert_eq!(source.path(), Some(Path::new("bg-rand:mnist")));
        let Ok(again) = source.to_string().parse::<Source>();
        assert_eq!(again.path(), Some(Path::new("./bg-rand:mnist")));
    }

    #[test]
    fn other_data_keeps_the_variation() {
        let of = |text: &str, data: &str| {
            let (Ok(source), Ok(data)) = (text.parse::<Source>(), data.parse());
            source.with_data(data).to_string()
        };
        assert_eq!(of("mnist-rot", "a/folder"), "rot:a/folder");
        assert_eq!(of("rot:auto", "digits"), "digits-rot");
        assert_eq!(of("auto", "digits-rot"), "digits-rot");
        assert_eq!(of("mnist-rot", "digits-basic"), "digits-rot");
    }
}
