//! A shard: a contiguous part of the items of an input, so that several processes share the work.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

/// Shard `number` of `of`, counted from 1. Its text is `2/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    number: usize,
    of: usize,
}

/// Which items are in a shard: those at places from `first` to before `end`, of `of` in all, counted from 0. Items that
/// cannot be read count too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShardItems {
    /// The place of the first item.
    pub first: u64,
    /// The place behind the last item.
    pub end: u64,
    /// The number of items of the whole input.
    pub of: u64,
}

impl Shard {
    /// The most shards.
    pub const MOST: usize = 1_000_000;

    /// The number of the shard, counted from 1.
    pub fn number(self) -> usize {
        self.number
    }

    /// How many shards there are.
    pub fn of(self) -> usize {
        self.of
    }

    /// The places of the shard's items among so many. All shards together have every item once, in order.
    ///
    /// An input is cut where `may_cut` allows it, at the next such place before the even division; the shards may be
    /// of different lengths, or empty.
    pub fn range(self, items: usize, may_cut: &dyn Fn(usize) -> bool) -> Range<usize> {
        let cut = |shards: usize| {
            let even = (items as u128 * shards as u128 / self.of as u128) as usize;
            let is_cut = |&place: &usize| place == 0 || place == items || may_cut(place);
            (0..=even).rev().find(is_cut).unwrap_or(0)
        };
        cut(self.number - 1)..cut(self.number)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = text.split_once('/');
        let parsed = parts.and_then(|(number, of)| Some((number.parse().ok()?, of.parse().ok()?)));
        match parsed {
            Some((number, of)) if (1..=of).contains(&number) && of <= Self::MOST => {
                Ok(Self { number, of })
            }
            _ => Err(format!(
                "expected I/N, shard I of N, with I from 1 to N and N at most {}, such as 2/8",
                Self::MOST
            )),
        }
    }
}

impl ShardItems {
    /// How many items there are.
    pub fn count(self) -> u64 {
        self.end.saturating_sub(self.first)
    }

    /// Whether an item is in the shard.
    pub fn contains(self, item: u64) -> bool {
        (self.first..self.end).contains(&item)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_have_every_item_once_in_order() {
        for (items, of) in [(0, 3), (1, 3), (2, 7), (100, 3), (100, 100), (101, 8)] {
            for step in [1, 16] {
                let mut next = 0;
                for number in 1..=of {
                    let range = Shard { number, of }.range(items, &|place| place % step == 0);
                    assert_eq!(range.start, next, "{items} {of} {step}");
                    assert!(range.end == items || range.end.is_multiple_of(step));
                    next = range.end;
                }
                assert_eq!(next, items);
            }
        }
        let last = Shard { number: 3, of: 3 };
        assert_eq!(last.range(usize::MAX, &|_| true).end, usize::MAX);
    }

    #[test]
    fn a_shard_that_is_none_is_refused() {
        assert_eq!("2/8".parse(), Ok(Shard { number: 2, of: 8 }));
        for text in ["0/3", "4/3", "", "1", "1/0", "-1/3", "1/3/3", "1/1000001", "a/b", "1 / 2"] {
            let told = text.parse::<Shard>().unwrap_err();
            assert!(told.contains("from 1 to N"), "{text}: {told}");
        }
    }
}
