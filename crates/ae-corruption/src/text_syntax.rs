//! The text syntax of noise: `masking:0.25+gaussian:0.1|blur:1`.
//!
//! ```text
//! noise  = chain { "|" chain }           a choice: each item gets one chain
//! chain  = link { "+" link }             applied in order
//! link   = NAME ":" numbers [ ":unclipped" ]   a noise of this crate
//!        | NAME [ ":" ARGUMENT ]               a user-defined noise
//! numbers = strength { "," strength }    one for each parameter
//! strength = number [ ".." number ]      fixed, or drawn for each item between two ends
//! number = NUMBER [ "/" NUMBER ]         a decimal number or a fraction
//! ```
//! Spaces around names, numbers and signs are ignored.

use std::str::FromStr;

use crate::registry::{BuiltInKind, Kind, kind_named};
use crate::strength::Strength;
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
            let (numbers, clipping) = match argument.split_once(':') {
                Some((numbers, option)) if option.trim() == "unclipped" => {
                    (numbers.trim(), Clipping::Off)
                }
                _ => (argument, Clipping::UnitRange),
            };
            kind.described(parse_numbers(kind, numbers)?, clipping)
        }
    }
}

/// The numbers between the name and the option, of as many parameters as there are commas and one more.
fn parse_numbers(kind: &BuiltInKind, text: &str) -> Result<Vec<Strength>, CorruptionError> {
    let numbers = text.splitn(kind.parameters.len(), ',').zip(kind.parameters);
    let strengths = numbers.map(|(number, parameter)| match number.trim() {
        "" => Err(kind.missing(parameter)),
        number => Strength::parse(parameter, number),
    });
    strengths.collect()
}
