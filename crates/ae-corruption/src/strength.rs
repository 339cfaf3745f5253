//! The number of a noise as it is written: `0.1`, `25/255`, or a range `5/255..55/255`.

use std::fmt;

use ae_random::Stream;

use crate::CorruptionError;
use crate::parameter::{Parameter, Steps};

/// A number as a person wrote it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Number {
    Plain(f32),
    Fraction { numerator: f32, denominator: f32 },
}

impl Number {
    /// The value, rounded once.
    pub(crate) fn value(self) -> f32 {
        match self {
            Self::Plain(value) => value,
            Self::Fraction { numerator, denominator } => numerator / denominator,
        }
    }

    fn parse(parameter: &Parameter, text: &str) -> Result<Self, CorruptionError> {
        let Parameter { noise, name, .. } = *parameter;
        let not_a_number =
            || CorruptionError::NotANumber { noise, parameter: name, found: text.to_owned() };
        // Adding 0 turns -0 into 0.
        let number = |text: &str| match text.trim().parse::<f32>() {
            Ok(number) => Ok(number + 0.0),
            Err(_) => Err(not_a_number()),
        };
        let Some((numerator, denominator)) = text.split_once('/') else {
            return number(text).map(Self::Plain);
        };
        let (numerator, denominator) = (number(numerator)?, number(denominator)?);
        if numerator.is_finite() && denominator.is_finite() && denominator > 0.0 {
            Ok(Self::Fraction { numerator, denominator })
        } else {
            Err(not_a_number())
        }
    }
}

/// Reads a number as noises write it: `0.1`, or the fraction `25/255`.
///
/// # Errors
/// [`CorruptionError::NotANumber`] if it is none.
pub fn parse_number(text: &str) -> Result<f32, CorruptionError> {
    // Its name is part of errors.
    const PARAMETER: Parameter = Parameter::new("noise", "level", 0.0, f32::MAX);
    Ok(Number::parse(&PARAMETER, text)?.value())
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(value) => write!(f, "{value}"),
            Self::Fraction { numerator, denominator } => write!(f, "{numerator}/{denominator}"),
        }
    }
}

/// One number for all items, or a range from which each item's number is drawn uniformly.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Strength {
    Fixed(Number),
    Range { low: Number, high: Number },
}

impl Strength {
    /// Reads the text of a parameter's number or range.
    pub(crate) fn parse(parameter: &Parameter, text: &str) -> Result<Self, CorruptionError> {
        let Some((low, high)) = text.split_once("..") else {
            return Self::fixed(parameter, Number::parse(parameter, text)?);
        };
        let checked = |text: &str| {
            let number = Number::parse(parameter, text.trim())?;
            parameter.check(number.value())?;
            Ok(number)
        };
        let (low, high) = (checked(low)?, checked(high)?);
        let Parameter { noise, name: parameter, .. } = *parameter;
        if low.value() < high.value() {
            Ok(Self::Range { low, high })
        } else if low.value() > high.value() {
            let (low, high) = (low.to_string(), high.to_string());
            Err(CorruptionError::ExchangedEnds { noise, parameter, low, high })
        } else {
            let (low, high) = (low.to_string(), high.to_string());
            Err(CorruptionError::EqualEnds { noise, parameter, low, high })
        }
    }

    /// One number for all items.
    pub(crate) fn fixed(parameter: &Parameter, number: Number) -> Result<Self, CorruptionError> {
        let checked = parameter.check(number.value())?;
        Ok(Self::Fixed(match number {
            Number::Plain(_) => Number::Plain(checked),
            fraction @ Number::Fraction { .. } => fraction,
        }))
    }

    /// The least and the greatest value.
    pub(crate) fn ends(self) -> [f32; 2] {
        match self {
            Self::Fixed(number) => [number.value(); 2],
            Self::Range { low, high } => [low.value(), high.value()],
        }
    }

    /// The value for one item. A number that is fixed draws nothing.
    pub(crate) fn draw(self, steps: Steps, stream: &mut Stream) -> f32 {
        let [low, high] = self.ends();
        match (self, steps) {
            (Self::Fixed(_), _) => low,
            (Self::Range { .. }, Steps::Continuous) => {
                (low + stream.uniform() * (high - low)).min(high)
            }
            (Self::Range { .. }, Steps::Whole) => {
                low + stream.below((high - low) as u32 + 1) as f32
            }
        }
    }
}

impl fmt::Display for Strength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(number) => write!(f, "{number}"),
            Self::Range { low, high } => write!(f, "{low}..{high}"),
        }
    }
}
