//! A noise of this crate as a text describes it: with numbers as they are written, each fixed or a range.

use std::fmt;
use std::ops::RangeInclusive;

use ae_random::Stream;

use crate::parameter::{BuiltIn, Parameter, Values};
use crate::strength::Strength;
use crate::{Clipping, Corruption, CorruptionError};

/// A noise whose numbers are as written. A number that is a range is drawn for each item, from the item's
/// stream, before the noise draws anything; of two ranges the first is drawn first.
#[derive(Debug)]
pub(crate) struct Described<C> {
    noise: Drawn<C>,
    /// One for each parameter that the text names.
    strengths: Vec<Strength>,
    clipping: Clipping,
}

#[derive(Debug)]
enum Drawn<C> {
    /// The same noise for every item.
    Fixed(C),
    /// The noises of the ranges' lower and upper ends.
    Between(C, C),
}

impl<C: BuiltIn> Described<C> {
    /// The noise with the numbers of its first parameters. The others have their defaults.
    pub(crate) fn new(
        strengths: Vec<Strength>,
        clipping: Clipping,
    ) -> Result<Self, CorruptionError> {
        let low = of_values(values::<C>(&strengths, |strength, _| strength.ends()[0]), clipping)?;
        let high = of_values(values::<C>(&strengths, |strength, _| strength.ends()[1]), clipping)?;
        let is_range = strengths.iter().any(|strength| matches!(strength, Strength::Range { .. }));
        let noise = if is_range { Drawn::Between(low, high) } else { Drawn::Fixed(low) };
        Ok(Self { noise, strengths, clipping })
    }

    /// The noise whose properties stand for all: the strongest of a range.
    fn strongest(&self) -> &C {
        match &self.noise {
            Drawn::Fixed(noise) | Drawn::Between(_, noise) => noise,
        }
    }
}

/// One value for each parameter: that of its strength, or its default.
fn values<C: BuiltIn>(
    strengths: &[Strength],
    mut value_of: impl FnMut(Strength, &Parameter) -> f32,
) -> Values {
    let mut values = Values::default();
    for (place, (value, parameter)) in values.iter_mut().zip(C::PARAMETERS).enumerate() {
        *value = match strengths.get(place) {
            Some(strength) => value_of(*strength, parameter),
            None => parameter.default.unwrap_or_default(),
        };
    }
    values
}

fn of_values<C: BuiltIn>(values: Values, clipping: Clipping) -> Result<C, CorruptionError> {
    Ok(C::with_values(values)?.with_clipping(clipping))
}

impl<C: BuiltIn> fmt::Display for Described<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        C::write_text(f, &self.strengths, self.clipping)
    }
}

impl<C: BuiltIn> Corruption for Described<C> {
    fn corrupt(&self, values: &mut [f32], height: usize, width: usize, stream: &mut Stream) {
        self.corrupt_with_level(values, height, width, stream);
    }

    fn corrupt_with_level(
        &self,
        pixels: &mut [f32],
        height: usize,
        width: usize,
        stream: &mut Stream,
    ) -> Option<f32> {
        match &self.noise {
            Drawn::Fixed(noise) => noise.corrupt_with_level(pixels, height, width, stream),
            Drawn::Between(low, _) => {
                let drawn = values::<C>(&self.strengths, |strength, parameter| {
                    strength.draw(parameter.steps, stream)
                });
                // Values between two accepted ones are accepted.
                let noise = of_values(drawn, self.clipping).unwrap_or_else(|_| low.clone());
                noise.corrupt_with_level(pixels, height, width, stream)
            }
        }
    }

    fn level_range(&self) -> Option<RangeInclusive<f32>> {
        match &self.noise {
            Drawn::Fixed(noise) => noise.level_range(),
            Drawn::Between(low, high) => {
                Some(*low.level_range()?.start()..=*high.level_range()?.end())
            }
        }
    }

    fn needs_unit_range(&self) -> bool {
        self.strongest().needs_unit_range()
    }

    fn is_spatial(&self) -> bool {
        self.strongest().is_spatial()
    }

    fn is_without_effect(&self, height: usize, width: usize) -> bool {
        self.strongest().is_without_effect(height, width)
    }
}
