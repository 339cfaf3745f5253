//! The names of all noises: those of this crate, and those that a program has registered.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::{Arc, PoisonError, RwLock};

use crate::described::Described;
use crate::parameter::{BuiltIn, Parameter};
use crate::strength::Strength;
use crate::{
    Clipping, Correlated, Corruption, CorruptionError, Gaussian, GaussianBlur, Jpeg, Masking,
    Noise, Occlusion, Poisson, PoissonGaussian, SaltAndPepper, Speckle, Stains, Stripes,
    UnevenLight,
};

/// The noises of this crate. A new one is added here.
static BUILT_IN: [BuiltInKind; 13] = [
    BuiltInKind::of::<Gaussian>(),
    BuiltInKind::of::<Masking>(),
    BuiltInKind::of::<SaltAndPepper>(),
    BuiltInKind::of::<Speckle>(),
    BuiltInKind::of::<Poisson>(),
    BuiltInKind::of::<Occlusion>(),
    BuiltInKind::of::<GaussianBlur>(),
    BuiltInKind::of::<Correlated>(),
    BuiltInKind::of::<PoissonGaussian>(),
    BuiltInKind::of::<Jpeg>(),
    BuiltInKind::of::<Stripes>(),
    BuiltInKind::of::<Stains>(),
    BuiltInKind::of::<UnevenLight>(),
];

/// Entries are added and never replaced, so that a text means the same noise for as long as the program runs.
static USER_DEFINED: RwLock<BTreeMap<String, UserDefinedKind>> = RwLock::new(BTreeMap::new());

/// Registers a noise of your own under a name, for the whole program.
///
/// From then on `NAME` and `NAME:ARGUMENT` are read as this noise wherever noise is read from text: by
/// [`str::parse`], in chains and choices, and by serde. Register before anything that names the noise is read.
///
/// `parser` receives the argument, without surrounding spaces, empty if there is none; no argument can hold `+`
/// or `|`. The `Display` of what it returns must be `NAME` or `NAME:ARGUMENT`, and must be read as the same
/// noise again: this is checked for every noise that is read.
///
/// ```
/// use std::fmt;
/// use std::num::ParseFloatError;
///
/// use ae_corruption::{Corruption, Noise, Stream, register_noise};
///
/// /// Adds the same offset to every value.
/// #[derive(Debug)]
/// struct Offset(f32);
///
/// impl fmt::Display for Offset {
///     fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
///         write!(f, "offset:{}", self.0)
///     }
/// }
///
/// impl Corruption for Offset {
///     fn corrupt(&self, values: &mut [f32], _height: usize, _width: usize, _stream: &mut Stream) {
///         values.iter_mut().for_each(|value| *value += self.0);
///     }
///
///     fn needs_unit_range(&self) -> bool {
///         false
///     }
/// }
///
/// register_noise("offset", |argument| Ok::<_, ParseFloatError>(Offset(argument.parse()?)))?;
/// let noise: Noise = "offset:0.25+masking:0.1".parse()?;
/// assert_eq!(noise.to_string(), "offset:0.25+masking:0.1");
/// # Ok::<(), ae_corruption::CorruptionError>(())
/// ```
///
/// # Errors
/// If a noise has this name already, or the name is not made of lowercase letters, digits and hyphens, beginning
/// with a letter.
pub fn register_noise<C, E>(
    name: &str,
    parser: impl Fn(&str) -> Result<C, E> + Send + Sync + 'static,
) -> Result<(), CorruptionError>
where
    C: Corruption + 'static,
    E: Into<Box<dyn Error + Send + Sync>>,
{
    let is_allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !name.starts_with(|c: char| c.is_ascii_lowercase()) || !name.chars().all(is_allowed) {
        return Err(CorruptionError::InvalidName { found: name.to_owned() });
    }
    let parser: Parser = Arc::new(move |argument| match parser(argument) {
        Ok(corruption) => Ok(Noise::single(corruption)),
        Err(reason) => Err(reason.into()),
    });
    let mut registered = USER_DEFINED.write().unwrap_or_else(PoisonError::into_inner);
    if BUILT_IN.iter().any(|kind| kind.name == name) || registered.contains_key(name) {
        return Err(CorruptionError::NameTaken { noise: name.to_owned() });
    }
    registered.insert(name.to_owned(), UserDefinedKind { name: name.to_owned(), parser });
    Ok(())
}

/// What a name stands for.
pub(crate) enum Kind {
    BuiltIn(&'static BuiltInKind),
    UserDefined(UserDefinedKind),
}

/// A noise of this crate.
pub(crate) struct BuiltInKind {
    pub(crate) name: &'static str,
    pub(crate) parameters: &'static [Parameter],
    can_be_unclipped: bool,
    described: fn(Vec<Strength>, Clipping) -> Result<Noise, CorruptionError>,
}

impl BuiltInKind {
    const fn of<C: BuiltIn>() -> Self {
        Self {
            name: C::NAME,
            parameters: C::PARAMETERS,
            can_be_unclipped: C::CAN_BE_UNCLIPPED,
            described: |strengths, clipping| {
                Ok(Noise::single(Described::<C>::new(strengths, clipping)?))
            },
        }
    }

    /// The noise with one strength for each of its parameters in their order. Those at the end that have a
    /// default can be left out.
    pub(crate) fn described(
        &self,
        strengths: Vec<Strength>,
        clipping: Clipping,
    ) -> Result<Noise, CorruptionError> {
        match self.parameters.get(strengths.len()) {
            Some(parameter) if parameter.default.is_none() => Err(self.missing(parameter)),
            _ if clipping == Clipping::Off && !self.can_be_unclipped => {
                Err(CorruptionError::NeverUnclipped { noise: self.name, others: unclipped_names() })
            }
            _ => (self.described)(strengths, clipping),
        }
    }

    /// The error of a text without this parameter.
    pub(crate) fn missing(&self, parameter: &Parameter) -> CorruptionError {
        let numbers = vec!["NUMBER"; self.parameters.len()].join(",");
        CorruptionError::MissingParameter {
            noise: self.name,
            parameter: parameter.name,
            form: format!("{}:{numbers}", self.name),
        }
    }
}

/// The names of the noises with an unclipped form.
fn unclipped_names() -> String {
    let unclipped = BUILT_IN.iter().filter(|kind| kind.can_be_unclipped);
    unclipped.map(|kind| kind.name).collect::<Vec<_>>().join(", ")
}

type Parser = Arc<dyn Fn(&str) -> Result<Noise, Box<dyn Error + Send + Sync>> + Send + Sync>;

/// A noise that [`register_noise`] has added.
#[derive(Clone)]
pub(crate) struct UserDefinedKind {
    pub(crate) name: String,
    parser: Parser,
}

impl UserDefinedKind {
    /// The noise of an argument, if its text is read as the same noise again.
    pub(crate) fn parse(&self, argument: &str) -> Result<Noise, CorruptionError> {
        let make = |argument: &str| {
            (self.parser)(argument)
                .map_err(|reason| CorruptionError::UserDefined { noise: self.name.clone(), reason })
        };
        let noise = make(argument)?;
        let text = noise.to_string();
        let own_argument = match text.strip_prefix(&self.name) {
            Some("") => Some(""),
            Some(rest) => rest.strip_prefix(':').filter(|argument| argument.trim() == *argument),
            None => None,
        };
        match own_argument.filter(|argument| !argument.contains(['+', '|'])) {
            Some(argument) if make(argument)?.to_string() == text => Ok(noise),
            _ => Err(CorruptionError::UnreadableText { noise: self.name.clone(), text }),
        }
    }
}

/// What stands for this name.
pub(crate) fn kind_named(name: &str) -> Result<Kind, CorruptionError> {
    if let Some(kind) = BUILT_IN.iter().find(|kind| kind.name == name) {
        return Ok(Kind::BuiltIn(kind));
    }
    let registered = USER_DEFINED.read().unwrap_or_else(PoisonError::into_inner);
    registered.get(name).cloned().map(Kind::UserDefined).ok_or_else(|| {
        let built_in = BUILT_IN.iter().map(|kind| kind.name);
        let known: Vec<&str> = built_in.chain(registered.keys().map(String::as_str)).collect();
        CorruptionError::UnknownNoise {
            found: name.to_owned(),
            similar: similar_name(name, &known),
            known: known.join(", "),
        }
    })
}

/// The known name that this one was probably meant to be: at most three edits away.
fn similar_name(name: &str, known: &[&str]) -> Option<String> {
    known
        .iter()
        .map(|known| (strsim::levenshtein(name, known), *known))
        .filter(|(distance, _)| *distance <= 3)
        .min()
        .map(|(_, known)| known.to_owned())
}
