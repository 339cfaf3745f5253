//! One of several noises, chosen for each item, so that one model learns to remove all of them.

use std::fmt;
use std::ops::RangeInclusive;

use ae_random::Stream;

use crate::Corruption;

/// Two noises or more. Each item gets one of them, all with the same probability.
///
/// The first number of the item's stream makes the choice; the chosen noise draws what follows.
#[derive(Debug, Clone)]
pub(crate) struct Choice<C> {
    /// None of them is a choice, so that every choice has one text.
    pub(crate) alternatives: Vec<C>,
}

impl<C: Corruption> fmt::Display for Choice<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, alternative) in self.alternatives.iter().enumerate() {
            let bar = if position == 0 { "" } else { "|" };
            write!(f, "{bar}{alternative}")?;
        }
        Ok(())
    }
}

impl<C: Corruption> Corruption for Choice<C> {
    fn corrupt(&self, values: &mut [f32], height: usize, width: usize, stream: &mut Stream) {
        self.corrupt_with_level(values, height, width, stream);
    }

    fn corrupt_with_level(
        &self,
        values: &mut [f32],
        height: usize,
        width: usize,
        stream: &mut Stream,
    ) -> Option<f32> {
        let chosen = stream.below(self.alternatives.len() as u32);
        self.alternatives[chosen as usize].corrupt_with_level(values, height, width, stream)
    }

    fn level_range(&self) -> Option<RangeInclusive<f32>> {
        let ranges: Option<Vec<_>> =
            self.alternatives.iter().map(Corruption::level_range).collect();
        let union = |a: RangeInclusive<f32>, b: RangeInclusive<f32>| {
            a.start().min(*b.start())..=a.end().max(*b.end())
        };
        ranges?.into_iter().reduce(union)
    }
}
