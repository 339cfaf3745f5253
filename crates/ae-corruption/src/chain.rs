//! Several noises, one after the other.

use std::fmt;
use std::ops::RangeInclusive;

use ae_random::Stream;

use crate::Corruption;

/// Two noises or more, applied in order. They draw from the stream one after the other.
#[derive(Debug, Clone)]
pub(crate) struct Chain<C> {
    /// None of them is a chain, so that every chain has one text.
    pub(crate) links: Vec<C>,
}

impl<C: Corruption> fmt::Display for Chain<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, link) in self.links.iter().enumerate() {
            let plus = if position == 0 { "" } else { "+" };
            write!(f, "{plus}{link}")?;
        }
        Ok(())
    }
}

impl<C: Corruption> Corruption for Chain<C> {
    fn corrupt(&self, values: &mut [f32], height: usize, width: usize, stream: &mut Stream) {
        for link in &self.links {
            link.corrupt(values, height, width, stream);
        }
    }

    fn corrupt_with_level(
        &self,
        values: &mut [f32],
        height: usize,
        width: usize,
        stream: &mut Stream,
    ) -> Option<f32> {
        let links = self.links.iter();
        sum_of_levels(links.map(|link| link.corrupt_with_level(values, height, width, stream)))
    }

    fn level_range(&self) -> Option<RangeInclusive<f32>> {
        let end = |of: fn(&RangeInclusive<f32>) -> f32| {
            sum_of_levels(self.links.iter().map(|link| link.level_range().as_ref().map(of)))
        };
        Some(end(|levels| *levels.start())?..=end(|levels| *levels.end())?)
    }
}

/// The level of independent noises that are added one after the other: variances add up.
///
/// Links without a level come first: the noise is then added to what they make of the item. After noise was
/// added, another kind of corruption changes it, so that it has no level.
fn sum_of_levels(links: impl Iterator<Item = Option<f32>>) -> Option<f32> {
    let mut sum: Option<f32> = None;
    let mut is_changed = false;
    // All links are visited, because visiting one corrupts the item.
    for link in links {
        match (sum, link) {
            (None, link) => sum = link,
            (Some(before), Some(added)) => sum = Some((before * before + added * added).sqrt()),
            (Some(_), None) => is_changed = true,
        }
    }
    sum.filter(|_| !is_changed)
}
