//! The text syntax of noise: `masking:0.25+gaussian:0.1|blur:1`.
//!
//! ```text
//! noise  = chain { "|" chain }           a choice: each item gets one chain
//! chain  = link { "+" link }             applied in order
//! link   = NAME ":" NUMBER [ ":unclipped" ]    a noise of this crate
//!        | NAME [ ":" ARGUMENT ]               a user-defined noise
//! ```
//! Spaces around names, numbers and signs are ignored.

use std::str::FromStr;

use crate::registry::{Kind, kind_named};
use crate::{Clipping, CorruptionError, Noise};

impl FromStr for Noise {
    type Err = CorruptionError;

    fn from_str(text: &str) -> Result<Self, CorruptionError> {
        let chain = |chain: &str| {
            let links: Vec<&str> = chain.split('+').map(str::trim).collect();
            if links.iter().any(|link| link.is_empty()) {
                return Err(CorruptionError::Empty { found: text.to_owned() });
            }
            Self::chain(links.into_iter().map(parse_link).collect::<Result<_, _>>()?)
        };
        Self::one_of(text.split('|').map(chain).collect::<Result<_, _>>()?)
    }
}

/// The noise of a text without `+` and `|`.
fn parse_link(text: &str) -> Result<Noise, CorruptionError> {
    let (name, argument) = match text.split_once(':') {
        Some((name, argument)) => (name.trim(), argument.trim()),
        None => (text, ""),
    };
    match kind_named(name)? {
        Kind::UserDefined(kind) => kind.parse(argument),
        Kind::BuiltIn(kind) => {
            let (number, clipping) = match argument.split_once(':') {
                Some((number, option)) if option.trim() == "unclipped" => {
                    (number.trim(), Clipping::Off)
                }
                _ => (argument, Clipping::UnitRange),
            };
            let (noise, parameter) = (kind.parameter.noise, kind.parameter.name);
            if number.is_empty() {
                return Err(CorruptionError::MissingParameter { noise, parameter });
            }
            let not_a_number =
                |_| CorruptionError::NotANumber { noise, parameter, found: number.to_owned() };
            kind.with_value(number.parse().map_err(not_a_number)?, clipping)
        }
    }
}
