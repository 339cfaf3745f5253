//! Errors.

use std::error::Error;

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
    /// The parameter takes whole numbers.
    #[error("{noise}: expected a whole number as its {parameter}, found {found}")]
    NotWhole {
        /// The noise's name.
        noise: &'static str,
        /// The parameter's name.
        parameter: &'static str,
        /// The value that was given.
        found: f32,
    },
    /// The greater end of a range stands first.
    #[error(
        "{noise}: expected a range of its {parameter} from the lower to the higher end, found \
             {low}..{high}; write {high}..{low}"
    )]
    ExchangedEnds {
        /// The noise's name.
        noise: &'static str,
        /// The parameter's name.
        parameter: &'static str,
        /// The first end, as it was written.
        low: String,
        /// The second end, as it was written.
        high: String,
    },
    /// Both ends of a range are the same value.
    #[error(
        "{noise}: expected a range of its {parameter} with two different ends, found {low}..{high}; \
             write {low}"
    )]
    EqualEnds {
        /// The noise's name.
        noise: &'static str,
        /// The parameter's name.
        parameter: &'static str,
        /// The first end, as it was written.
        low: String,
        /// The second end, as it was written.
        high: String,
    },
    /// The noise is named without its parameter.
    #[error("{noise}: its {parameter} is missing; write {form}")]
    MissingParameter {
        /// The noise's name.
        noise: &'static str,
        /// The parameter's name.
        parameter: &'static str,
        /// How the noise is written: `gaussian:NUMBER`.
        form: String,
    },
    /// A table holds a key that this noise does not have.
    #[error("{noise}: expected the key {parameters}, found {found:?}")]
    WrongParameter {
        /// The noise's name.
        noise: &'static str,
        /// The names of its parameters, in quotes.
        parameters: String,
        /// The key that was given.
        found: String,
    },
    /// No noise has this name.
    #[error("there is no noise {found:?}{}; known are {known}", suggestion(similar.as_deref()))]
    UnknownNoise {
        /// The name that was given.
        found: String,
        /// The known name that looks most like it, if one does.
        similar: Option<String>,
        /// All known names, separated by commas.
        known: String,
    },
    /// The noise does not clip, or is defined for [0, 1] only, so that it has no unclipped form.
    #[error("{noise}: has no unclipped form; those that have one are {others}")]
    NeverUnclipped {
        /// The noise's name.
        noise: &'static str,
        /// The noises with an unclipped form, separated by commas.
        others: String,
    },
    /// The parser of a user-defined noise has refused the argument.
    #[error("{noise}: {reason}")]
    UserDefined {
        /// The noise's name.
        noise: String,
        /// What the parser has answered.
        reason: Box<dyn Error + Send + Sync>,
    },
    /// The text of a user-defined noise would not be read as the same noise again.
    #[error(
        "{noise}: its text {text:?} is not read as the same noise again; Display must write {noise} or \
             {noise}:ARGUMENT, without + and |"
    )]
    UnreadableText {
        /// The noise's name.
        noise: String,
        /// What its `Display` wrote.
        text: String,
    },
    /// A table describes a user-defined noise.
    #[error(
        "{noise}: a user-defined noise is written as text, {noise}:ARGUMENT, and not as a table"
    )]
    UserDefinedTable {
        /// The noise's name.
        noise: String,
    },
    /// A name cannot be registered twice.
    #[error("there is a noise named {noise:?} already; register it under another name")]
    NameTaken {
        /// The name.
        noise: String,
    },
    /// A name that text cannot hold.
    #[error(
        "expected the name of a noise (lowercase letters, digits and hyphens, a letter first), found {found:?}"
    )]
    InvalidName {
        /// The name that was given.
        found: String,
    },
    /// The text is empty, or has nothing before or after a plus sign or a bar.
    #[error("expected a noise such as gaussian:0.5 or masking:0.25+gaussian:0.1, found {found:?}")]
    Empty {
        /// The whole text.
        found: String,
    },
    /// A chain holds a choice, which text cannot express.
    #[error(
        "a chain cannot hold the choice {found}; write whole chains beside each other, as in \
             masking:0.1+blur:1|gaussian:0.5+blur:1"
    )]
    ChoiceInChain {
        /// The choice.
        found: String,
    },
    /// The text names no [`Draw`](crate::Draw).
    #[error("expected noise to be drawn \"once\" or \"every-epoch\", found {found:?}")]
    UnknownDraw {
        /// The text that was given.
        found: String,
    },
}

fn suggestion(similar: Option<&str>) -> String {
    similar.map_or_else(String::new, |name| format!(" (did you mean {name:?}?)"))
}
