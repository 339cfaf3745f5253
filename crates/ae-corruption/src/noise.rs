//! Any noise: a single one, a chain, or a choice.

use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;

use ae_random::Stream;

use crate::chain::Chain;
use crate::choice::Choice;
use crate::parameter::BuiltIn;
use crate::{Corruption, CorruptionError};

/// Any noise: one of this crate, a user-defined one, a chain of several, or a choice of one of several.
///
/// # Text
/// A link is `NAME:NUMBER`. Links joined by `+` are a chain, applied in order. Chains joined by `|` are a
/// choice, of which each item gets one. `Display` writes what `FromStr` reads as the same noise again.
///
/// A number is decimal (`0.1`), a fraction (`25/255`) or a range (`5/255..55/255`). Of a range, each item's
/// number is drawn uniformly from its own stream, before the noise draws anything. Numbers are written as they
/// were read.
///
/// | text | noise | its number | range |
/// |---|---|---|---|
/// | `gaussian:0.5` | [`Gaussian`](crate::Gaussian) | factor | 0 to 100 |
/// | `masking:0.25` | [`Masking`](crate::Masking) | probability | 0 to 1 |
/// | `salt-and-pepper:0.1` | [`SaltAndPepper`](crate::SaltAndPepper) | probability | 0 to 1 |
/// | `speckle:0.3` | [`Speckle`](crate::Speckle) | factor | 0 to 100 |
/// | `poisson:30` | [`Poisson`](crate::Poisson) | peak | 0.1 to 500 |
/// | `occlusion:0.4` | [`Occlusion`](crate::Occlusion) | fraction | 0 to 1 |
/// | `blur:1` | [`GaussianBlur`](crate::GaussianBlur) | sigma | 0 to 100 |
/// | `correlated:0.1` or `correlated:0.1,0.7` | [`Correlated`](crate::Correlated) | factor, blur (0.7) | 0 to 100, 0.3 to 10 |
/// | `poisson-gaussian:100,0.01` | [`PoissonGaussian`](crate::PoissonGaussian) | peak, sigma | 0.1 to 100 000, 0 to 100 |
/// | `jpeg:40` | [`Jpeg`](crate::Jpeg) | quality, a whole number | 1 to 100 |
/// | `stripes:0.05` | [`Stripes`](crate::Stripes) | strength | 0 to 100 |
/// | `stains:0.5` | [`Stains`](crate::Stains) | strength | 0 to 1 |
/// | `uneven-light:0.3` | [`UnevenLight`](crate::UnevenLight) | strength | 0 to 1 |
///
/// `gaussian`, `speckle`, `blur`, `correlated`, `poisson-gaussian`, `stripes` and `uneven-light` can be followed
/// by `:unclipped`, as in `gaussian:0.5:unclipped`: results are then not clipped to [0, 1]. A user-defined noise is
/// `NAME` or `NAME:ARGUMENT`; see
/// [`register_noise`](crate::register_noise).
///
/// # serde
/// It reads the text, a table `{ kind = "gaussian", factor = 0.5, clip = false }`, or a list of either, which
/// is a chain. A number in a table may be text: `factor = "5/255..55/255"`. It writes the text.
///
/// # Equality
/// Two noises are equal if their texts are. `gaussian:1/2` and `gaussian:0.5` are not, though they do the same.
///
/// # Noise level
/// Of an item to which noise of a known standard deviation was added,
/// [`corrupt_with_level`](Corruption::corrupt_with_level) tells the standard deviation, before any clipping. It is defined for `gaussian` and `correlated`, for a sum of them, and
/// for other noises followed by them (`blur:1+gaussian:0.1`); not where anything follows (`gaussian:0.1+blur:1`).
/// [`level_range`](Corruption::level_range) is the range for all items, if each has a level.
#[derive(Debug, Clone)]
pub struct Noise(Form);

#[derive(Debug, Clone)]
enum Form {
    Single(Arc<dyn Corruption>),
    Chain(Chain<Noise>),
    Choice(Choice<Noise>),
}

impl Noise {
    /// A noise that its text names.
    pub(crate) fn single(corruption: impl Corruption + 'static) -> Self {
        Self(Form::Single(Arc::new(corruption)))
    }

    /// Several noises in order. Chains among them are flattened; one noise alone is itself.
    ///
    /// # Errors
    /// If there are none, or there is a choice among several.
    pub fn chain(noises: Vec<Self>) -> Result<Self, CorruptionError> {
        let choice = noises.iter().find(|noise| matches!(noise.0, Form::Choice(_)));
        if let (Some(choice), 2..) = (choice, noises.len()) {
            return Err(CorruptionError::ChoiceInChain { found: choice.to_string() });
        }
        let flattened = noises.into_iter().flat_map(|noise| match noise.0 {
            Form::Chain(chain) => chain.links,
            other => vec![Self(other)],
        });
        let mut links: Vec<Self> = flattened.collect();
        match links.len() {
            0 | 1 => links.pop().ok_or(CorruptionError::Empty { found: String::new() }),
            _ => Ok(Self(Form::Chain(Chain { links }))),
        }
    }

    /// One of these noises, chosen for each item with equal probability. Choices among them are flattened;
    /// one noise alone is itself. A noise that is named twice is chosen twice as often.
    ///
    /// # Errors
    /// If there are none.
    pub fn one_of(noises: Vec<Self>) -> Result<Self, CorruptionError> {
        let flattened = noises.into_iter().flat_map(|noise| match noise.0 {
            Form::Choice(choice) => choice.alternatives,
            other => vec![Self(other)],
        });
        let mut alternatives: Vec<Self> = flattened.collect();
        match alternatives.len() {
            0 | 1 => alternatives.pop().ok_or(CorruptionError::Empty { found: String::new() }),
            _ => Ok(Self(Form::Choice(Choice { alternatives }))),
        }
    }

    /// The first noise in it, also in a chain or a choice, that works on neighbouring values
    /// ([`Corruption::is_spatial`]).
    pub fn spatial(&self) -> Option<&Self> {
        self.find(&|corruption| corruption.is_spatial())
    }

    /// The first noise in it, also in a chain or a choice, that changes no item of `height x width`
    /// ([`Corruption::is_without_effect`]).
    pub fn without_effect(&self, height: usize, width: usize) -> Option<&Self> {
        self.find(&|corruption| corruption.is_without_effect(height, width))
    }

    fn find(&self, holds: &dyn Fn(&dyn Corruption) -> bool) -> Option<&Self> {
        match &self.0 {
            Form::Single(corruption) => Some(self).filter(|_| holds(corruption.as_ref())),
            Form::Chain(Chain { links: noises })
            | Form::Choice(Choice { alternatives: noises }) => {
                noises.iter().find_map(|noise| noise.find(holds))
            }
        }
    }

    fn corruption(&self) -> &dyn Corruption {
        match &self.0 {
            Form::Single(corruption) => corruption.as_ref(),
            Form::Chain(chain) => chain,
            Form::Choice(choice) => choice,
        }
    }
}

impl<C: BuiltIn> From<C> for Noise {
    fn from(corruption: C) -> Self {
        Self::single(corruption)
    }
}

impl PartialEq for Noise {
    fn eq(&self, other: &Self) -> bool {
        self.to_string() == other.to_string()
    }
}

impl Eq for Noise {}

impl fmt::Display for Noise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.corruption(), f)
    }
}

impl Corruption for Noise {
    fn corrupt(&self, values: &mut [f32], height: usize, width: usize, stream: &mut Stream) {
        self.corruption().corrupt(values, height, width, stream);
    }

    fn corrupt_with_level(
        &self,
        values: &mut [f32],
        height: usize,
        width: usize,
        stream: &mut Stream,
    ) -> Option<f32> {
        self.corruption().corrupt_with_level(values, height, width, stream)
    }

    fn level_range(&self) -> Option<RangeInclusive<f32>> {
        self.corruption().level_range()
    }

    fn needs_unit_range(&self) -> bool {
        self.find(&|corruption| corruption.needs_unit_range()).is_some()
    }

    fn is_spatial(&self) -> bool {
        self.spatial().is_some()
    }

    fn is_without_effect(&self, height: usize, width: usize) -> bool {
        match &self.0 {
            Form::Single(corruption) => corruption.is_without_effect(height, width),
            Form::Chain(Chain { links: noises })
            | Form::Choice(Choice { alternatives: noises }) => {
                noises.iter().all(|noise| noise.is_without_effect(height, width))
            }
        }
    }
}
