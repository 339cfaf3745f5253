//! What can be wrong with a noise that somebody asks for.

use crate::noise::known_noises;

/// What can be wrong with the description of a noise.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CorruptionError {
    /// The noise's parameter is not a number in its range.
    #[error("{noise}: expected a {parameter} from {low} to {high}, found {found}")]
    OutOfRange {
        /// The noise's name.
        noise: &'static str,
        /// The parameter's name.
        parameter: &'static str,
        /// The least value that is allowed.
        low: f32,
        /// The greatest value that is allowed.
        high: f32,
        /// The value that was given.
        found: f32,
    },
    /// The text after the colon is not a number.
    #[error("{noise}: expected a number as its {parameter}, found {found:?}")]
    NotANumber {
        /// The noise's name.
        noise: &'static str,
        /// The parameter's name.
        parameter: &'static str,
        /// What stands there instead.
        found: String,
    },
    /// The noise is named without its parameter.
    #[error("{noise}: its {parameter} is missing; write {noise}:NUMBER")]
    MissingParameter {
        /// The noise's name.
        noise: &'static str,
        /// The parameter's name.
        parameter: &'static str,
    },
    /// A table holds a key that this noise does not have.
    #[error("{noise}: expected the key {parameter:?}, found {found:?}")]
    WrongParameter {
        /// The noise's name.
        noise: &'static str,
        /// The parameter's name.
        parameter: &'static str,
        /// The key that was given.
        found: String,
    },
    /// No noise has this name.
    #[error("there is no noise {found:?}{}; known are {}", suggestion(*similar), known_noises())]
    UnknownNoise {
        /// The name that was given.
        found: String,
        /// The known name that looks most like it, if one does.
        similar: Option<&'static str>,
    },
    /// There is no noise at all, or none before or after a plus sign or a bar.
    #[error("expected a noise such as gaussian:0.5 or masking:0.25+gaussian:0.1, found {found:?}")]
    Empty {
        /// The whole text.
        found: String,
    },
    /// A choice stands in a chain, where text has no place for it.
    #[error(
        "a chain cannot hold the choice {found}; write whole chains beside each other, as in \
             masking:0.1+blur:1|gaussian:0.5+blur:1"
    )]
    ChoiceInChain {
        /// The choice.
        found: String,
    },
    /// Noise is drawn at other times than this.
    #[error("expected noise to be drawn \"once\" or \"every-epoch\", found {found:?}")]
    UnknownDraw {
        /// The text that was given.
        found: String,
    },
}

fn suggestion(similar: Option<&str>) -> String {
    similar.map_or_else(String::new, |name| format!(" (did you mean {name:?}?)"))
}
