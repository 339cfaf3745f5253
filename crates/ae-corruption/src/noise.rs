//! Any noise, with its text form.

use std::fmt;
use std::str::FromStr;

use ae_random::Stream;

use crate::parameter::Parameter;
use crate::{
    Chain, Choice, Corruption, CorruptionError, Gaussian, GaussianBlur, Masking, Occlusion,
    Poisson, SaltAndPepper, Speckle,
};

/// Any noise of this crate.
///
/// As text, `NAME:NUMBER`, several joined by `+` and applied in order; such chains joined by `|` are a
/// choice, of which each sample gets one. `Display` writes what `FromStr` reads as the same noise again.
///
/// | text | noise | its number | range |
/// |---|---|---|---|
/// | `gaussian:0.5` | [`Gaussian`] | factor | 0 to 100 |
/// | `masking:0.25` | [`Masking`] | probability | 0 to 1 |
/// | `salt-and-pepper:0.1` | [`SaltAndPepper`] | probability | 0 to 1 |
/// | `speckle:0.3` | [`Speckle`] | factor | 0 to 100 |
/// | `poisson:30` | [`Poisson`] | peak | 0.1 to 500 |
/// | `occlusion:0.4` | [`Occlusion`] | fraction | 0 to 1 |
/// | `blur:1` | [`GaussianBlur`] | sigma | 0 to 100 |
///
/// serde reads the text, or a table `{ kind = "gaussian", factor = 0.5 }`, or a list of either that is
/// a chain; it writes the text.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Noise {
    /// Additive Gaussian noise.
    Gaussian(Gaussian),
    /// Pixels set to 0.
    Masking(Masking),
    /// Pixels set to 0 or 1.
    SaltAndPepper(SaltAndPepper),
    /// Multiplicative Gaussian noise.
    Speckle(Speckle),
    /// Shot noise.
    Poisson(Poisson),
    /// A rectangle set to 0.
    Occlusion(Occlusion),
    /// Gaussian blur.
    Blur(GaussianBlur),
    /// Several in order.
    Chain(Chain),
    /// One of several, chosen sample by sample.
    Choice(Choice),
}

/// A noise's parameter, whose `noise` is the name in texts, and the noise of a value.
struct Kind {
    parameter: Parameter,
    with_value: fn(f32) -> Result<Noise, CorruptionError>,
}

const KINDS: [Kind; 7] = [
    Kind { parameter: Gaussian::FACTOR, with_value: |x| Gaussian::new(x).map(Noise::Gaussian) },
    Kind { parameter: Masking::PROBABILITY, with_value: |x| Masking::new(x).map(Noise::Masking) },
    Kind {
        parameter: SaltAndPepper::PROBABILITY,
        with_value: |x| SaltAndPepper::new(x).map(Noise::SaltAndPepper),
    },
    Kind { parameter: Speckle::FACTOR, with_value: |x| Speckle::new(x).map(Noise::Speckle) },
    Kind { parameter: Poisson::PEAK, with_value: |x| Poisson::new(x).map(Noise::Poisson) },
    Kind {
        parameter: Occlusion::FRACTION,
        with_value: |x| Occlusion::new(x).map(Noise::Occlusion),
    },
    Kind { parameter: GaussianBlur::SIGMA, with_value: |x| GaussianBlur::new(x).map(Noise::Blur) },
];

impl Noise {
    /// Whether it takes all numbers for pixels in [0, 1] and cuts off what lies beyond, so that it destroys
    /// numbers of another range.
    pub fn needs_unit_range(&self) -> bool {
        match self {
            Self::Masking(_) | Self::Occlusion(_) => false,
            Self::Gaussian(_)
            | Self::SaltAndPepper(_)
            | Self::Speckle(_)
            | Self::Poisson(_)
            | Self::Blur(_) => true,
            Self::Chain(chain) => chain.links().iter().any(Self::needs_unit_range),
            Self::Choice(choice) => choice.alternatives().iter().any(Self::needs_unit_range),
        }
    }

    /// Several noises in order. Chains among them are taken apart; one noise alone is itself.
    ///
    /// # Errors
    /// If there are none, or there is a choice among several.
    pub fn chain(noises: Vec<Self>) -> Result<Self, CorruptionError> {
        let choice = noises.iter().find(|noise| matches!(noise, Self::Choice(_)));
        if let (Some(choice), 2..) = (choice, noises.len()) {
            return Err(CorruptionError::ChoiceInChain { found: choice.to_string() });
        }
        let mut links: Vec<Self> = noises
            .into_iter()
            .flat_map(|noise| match noise {
                Self::Chain(chain) => chain.into_links(),
                single => vec![single],
            })
            .collect();
        match links.len() {
            0 | 1 => links.pop().ok_or(CorruptionError::Empty { found: String::new() }),
            _ => Ok(Self::Chain(Chain::of_links(links))),
        }
    }

    /// One of these noises, chosen for each sample with equal probability. Choices among them are taken
    /// apart; one noise alone is itself. A noise that is named twice is chosen twice as often.
    ///
    /// # Errors
    /// If there are none.
    pub fn one_of(noises: Vec<Self>) -> Result<Self, CorruptionError> {
        let mut alternatives: Vec<Self> = noises
            .into_iter()
            .flat_map(|noise| match noise {
                Self::Choice(choice) => choice.into_alternatives(),
                other => vec![other],
            })
            .collect();
        match alternatives.len() {
            0 | 1 => alternatives.pop().ok_or(CorruptionError::Empty { found: String::new() }),
            _ => Ok(Self::Choice(Choice::of_alternatives(alternatives))),
        }
    }

    /// The first noise in it that works on neighbouring pixels: occlusion or blur, also in a chain or a choice.
    /// The columns of a table have no neighbours.
    pub fn spatial(&self) -> Option<&Self> {
        self.find(&|noise| matches!(noise, Self::Occlusion(_) | Self::Blur(_)))
    }

    /// The first noise in it that changes no image of `height x width`: an occlusion of less than half a row or
    /// column.
    pub fn without_effect(&self, height: usize, width: usize) -> Option<&Self> {
        self.find(&|noise| match noise {
            Self::Occlusion(occlusion) => occlusion.covers_nothing(height, width),
            _ => false,
        })
    }

    /// The first single noise, also in a chain or a choice, of which something holds.
    fn find(&self, holds: &dyn Fn(&Self) -> bool) -> Option<&Self> {
        match self {
            Self::Chain(chain) => chain.links().iter().find_map(|noise| noise.find(holds)),
            Self::Choice(choice) => {
                choice.alternatives().iter().find_map(|noise| noise.find(holds))
            }
            single => Some(single).filter(|noise| holds(noise)),
        }
    }

    /// The noise of a table's two entries: its name, and its parameter with a value.
    pub(crate) fn from_entries(
        kind: &str,
        entry: Option<(String, f32)>,
    ) -> Result<Self, CorruptionError> {
        let Kind { parameter: Parameter { noise, name: parameter, .. }, with_value } =
            kind_named(kind)?;
        match entry {
            Some((key, value)) if key == *parameter => with_value(value),
            Some((found, _)) => Err(CorruptionError::WrongParameter { noise, parameter, found }),
            None => Err(CorruptionError::MissingParameter { noise, parameter }),
        }
    }

    /// The noise of a text without `+` and `|`.
    fn from_link(text: &str) -> Result<Self, CorruptionError> {
        let (name, number) = match text.split_once(':') {
            Some((name, number)) => (name.trim(), number.trim()),
            None => (text, ""),
        };
        let Kind { parameter: Parameter { noise, name: parameter, .. }, with_value } =
            kind_named(name)?;
        if number.is_empty() {
            return Err(CorruptionError::MissingParameter { noise, parameter });
        }
        let not_a_number =
            |_| CorruptionError::NotANumber { noise, parameter, found: number.to_owned() };
        with_value(number.parse().map_err(not_a_number)?)
    }

    fn strategy(&self) -> &dyn Corruption {
        match self {
            Self::Gaussian(noise) => noise,
            Self::Masking(noise) => noise,
            Self::SaltAndPepper(noise) => noise,
            Self::Speckle(noise) => noise,
            Self::Poisson(noise) => noise,
            Self::Occlusion(noise) => noise,
            Self::Blur(noise) => noise,
            Self::Chain(noise) => noise,
            Self::Choice(noise) => noise,
        }
    }
}

impl FromStr for Noise {
    type Err = CorruptionError;

    fn from_str(text: &str) -> Result<Self, CorruptionError> {
        let chain = |chain: &str| {
            let links: Vec<&str> = chain.split('+').map(str::trim).collect();
            if links.iter().any(|link| link.is_empty()) {
                return Err(CorruptionError::Empty { found: text.to_owned() });
            }
            Self::chain(links.into_iter().map(Self::from_link).collect::<Result<_, _>>()?)
        };
        Self::one_of(text.split('|').map(chain).collect::<Result<_, _>>()?)
    }
}

impl fmt::Display for Noise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.strategy(), f)
    }
}

impl Corruption for Noise {
    fn corrupt(&self, pixels: &mut [f32], height: usize, width: usize, stream: &mut Stream) {
        self.strategy().corrupt(pixels, height, width, stream);
    }
}

/// The names of all noises, for messages.
pub(crate) fn known_noises() -> String {
    KINDS.each_ref().map(|kind| kind.parameter.noise).join(", ")
}

fn kind_named(name: &str) -> Result<&'static Kind, CorruptionError> {
    KINDS.iter().find(|kind| kind.parameter.noise == name).ok_or_else(|| {
        CorruptionError::UnknownNoise { found: name.to_owned(), similar: similar_name(name) }
    })
}

/// The known name that this one was probably meant to be: at most three edits away.
fn similar_name(name: &str) -> Option<&'static str> {
    KINDS
        .iter()
        .map(|kind| (edit_distance(name, kind.parameter.noise), kind.parameter.noise))
        .filter(|(distance, _)| *distance <= 3)
        .min()
        .map(|(_, known)| known)
}

/// Levenshtein's distance between a text and a known name, row by row.
fn edit_distance(text: &str, known: &str) -> usize {
    let mut row: Vec<usize> = (0..=known.len()).collect();
    for letter in text.chars() {
        let mut diagonal = row[0];
        row[0] += 1;
        for (column, expected) in known.chars().enumerate() {
            let replaced = diagonal + usize::from(letter != expected);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[known.len()]
}
