//! The scores of a map in words.

use super::{MapPage, Placed};
use crate::text::{printable, shorten_front, significant};

/// How many items are named.
const NAMED: usize = 5;
/// Of longer names the beginning is cut.
const NAME_COLUMNS: usize = 40;

/// The least and the largest score, and the items that have the largest.
pub(super) struct Scores {
    pub(super) name: String,
    pub(super) least: String,
    pub(super) median: String,
    pub(super) most: String,
    /// Items with their scores, the highest first.
    pub(super) highest: String,
}

impl Scores {
    /// `None` if no item has a score.
    pub(super) fn of(page: &MapPage<'_>, placed: &[Placed<'_>]) -> Option<Self> {
        let score = |placed: &Placed<'_>| placed.item.score.filter(|score| score.is_finite());
        let mut scored: Vec<(f64, &Placed<'_>)> =
            placed.iter().filter_map(|placed| Some((score(placed)?, placed))).collect();
        // The order of items with equal scores is that of the input.
        scored.sort_by(|a, b| b.0.total_cmp(&a.0));
        if page.score.is_empty() {
            return None;
        }
        let told = |at: usize| Some(significant(scored.get(at)?.0, 4));
        let named = scored.iter().take(NAMED).map(|(score, placed)| {
            let item = placed.item;
            let name = item.name.as_ref().map_or_else(
                || format!("{} {}", page.noun, item.place),
                |name| shorten_front(&printable(name), NAME_COLUMNS),
            );
            format!("{name} ({})", significant(*score, 4))
        });
        Some(Self {
            name: page.score.to_owned(),
            least: told(scored.len().checked_sub(1)?)?,
            median: told(scored.len() / 2)?,
            most: told(0)?,
            highest: named.collect::<Vec<_>>().join(", "),
        })
    }
}
