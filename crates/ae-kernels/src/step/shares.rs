//! Which process has which rows of a batch, and which blocks of the parameters.

use std::ops::Range;

use super::blocks::{BlockOwner, BlockPlace, places};
use super::tree::GROUP_ROWS;
use crate::chain::{CodeMeans, Program, SLICE_ROWS};
use crate::{Chain, Objective};

/// How the rows of a batch are divided: whole groups where there are enough of them, otherwise whole slices of a group
/// to the ranks of its team. The order of the ranks is that of the rows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shares {
    rows: usize,
    slice_rows: usize,
    ranks: usize,
}

impl Shares {
    pub(super) fn new(rows: usize, slice_rows: usize, ranks: usize) -> Self {
        Self { rows, slice_rows, ranks }
    }

    pub(super) fn slice_rows(&self) -> usize {
        self.slice_rows
    }

    pub(super) fn groups(&self) -> usize {
        self.rows.div_ceil(GROUP_ROWS)
    }

    /// The groups of which a rank may have rows.
    pub(super) fn groups_of(&self, rank: usize) -> Range<usize> {
        let (groups, ranks) = (self.groups(), self.ranks);
        if groups >= ranks {
            rank * groups / ranks..(rank + 1) * groups / ranks
        } else {
            let group = rank * groups / ranks;
            group..group + 1
        }
    }

    /// The ranks that share a group.
    pub(super) fn team(&self, group: usize) -> Range<usize> {
        let (groups, ranks) = (self.groups(), self.ranks);
        if groups >= ranks {
            let rank = ((group + 1) * ranks).div_ceil(groups) - 1;
            rank..rank + 1
        } else {
            (group * ranks).div_ceil(groups)..((group + 1) * ranks).div_ceil(groups)
        }
    }

    /// The rows of a group that a rank of its team has.
    pub(super) fn rows_in(&self, rank: usize, group: usize) -> Range<usize> {
        let team = self.team(group);
        let (start, end) = (group * GROUP_ROWS, self.rows.min((group + 1) * GROUP_ROWS));
        let slices = (end - start).div_ceil(self.slice_rows);
        let place = rank - team.start;
        let first = |place: usize| {
            let slice = (place * slices).div_ceil(team.len());
            end.min(start + slice * self.slice_rows)
        };
        first(place)..first(place + 1)
    }

    /// All rows of a rank.
    pub(super) fn rows_of(&self, rank: usize) -> Range<usize> {
        let groups = self.groups_of(rank);
        let last = groups.end.saturating_sub(1).max(groups.start);
        self.rows_in(rank, groups.start).start..self.rows_in(rank, last).end
    }

    pub(super) fn slices_of(&self, rank: usize) -> usize {
        self.rows_of(rank).len().div_ceil(self.slice_rows)
    }

    /// The ranks of a group's team that have rows of it, in the order of the rows.
    pub(super) fn workers(&self, group: usize) -> Vec<usize> {
        self.team(group).filter(|&rank| !self.rows_in(rank, group).is_empty()).collect()
    }
}

/// A part may be longer or shorter by this fraction of its length to end where a weight begins.
const SLACK: usize = 8;

/// Divides blocks into neighbouring parts with about as many parameters each.
///
/// If a weight begins near the end of a part, the part ends there: who has but a few rows of a weight needs both sides
/// of its layer from all others too.
pub(super) fn partition(places: &[BlockPlace], parts: usize) -> Vec<Range<usize>> {
    let total: usize = places.iter().map(|place| place.length).sum();
    let begins_weight =
        |place: &&BlockPlace| matches!(place.owner, BlockOwner::Weight { first_row: 0, .. });
    let weights: Vec<usize> =
        places.iter().filter(begins_weight).map(|place| place.offset).collect();
    let first = |part: usize| {
        if part == 0 || part == parts {
            return if part == 0 { 0 } else { places.len() };
        }
        let end = total * part / parts;
        let closest = weights.iter().copied().min_by_key(|weight| weight.abs_diff(end));
        let is_near = |weight: &usize| weight.abs_diff(end) <= total / parts / SLACK;
        let begin = closest.filter(is_near).unwrap_or(end);
        places.partition_point(|place| place.offset < begin)
    };
    (0..parts).map(|part| first(part)..first(part + 1)).collect()
}

/// Blocks whose results are sent together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parcel {
    /// The operation that owns the weight; `None` for parameters that are summed slice by slice.
    pub(super) op: Option<usize>,
    /// In order.
    pub(super) blocks: Vec<usize>,
    pub(super) numbers: usize,
}

/// Parameters of a parcel, unless a block has more.
const PARCEL_LENGTH: usize = 1 << 17;

/// The parcels of a part, in the order in which they are made: weights from the last operation to the first, as the
/// backward pass reaches them, then the others.
pub(super) fn parcels(places: &[BlockPlace], part: Range<usize>) -> Vec<Parcel> {
    let mut parcels: Vec<Parcel> = Vec::new();
    let mut others = Parcel { op: None, blocks: Vec::new(), numbers: 0 };
    for block in part {
        let length = places[block].length;
        match places[block].owner {
            BlockOwner::Untrained => {}
            BlockOwner::PerSlice { .. } => {
                others.blocks.push(block);
                others.numbers += length;
            }
            BlockOwner::Weight { op, .. } => match parcels.last_mut() {
                Some(last) if last.op == Some(op) && last.numbers + length <= PARCEL_LENGTH => {
                    last.blocks.push(block);
                    last.numbers += length;
                }
                _ => parcels.push(Parcel { op: Some(op), blocks: vec![block], numbers: length }),
            },
        }
    }
    parcels.sort_by_key(|parcel| std::cmp::Reverse(parcel.op));
    parcels.extend(Some(others).filter(|others| !others.blocks.is_empty()));
    parcels
}

impl Chain {
    /// The parameters that each of so many processes takes the optimizer's step for, as ranges of the flat buffer: the
    /// moments of the others are not kept up to date.
    pub fn parameters_of_ranks(&self, objective: &Objective, ranks: usize) -> Vec<Range<usize>> {
        let program = Program::for_training(self, CodeMeans::of(objective));
        let places = places(&program);
        let offset = |block: usize| places.get(block).map_or(self.parameters(), |it| it.offset);
        let parts = partition(&places, ranks).into_iter();
        parts.map(|part| offset(part.start)..offset(part.end)).collect()
    }

    /// The rows of a batch of so many that each of so many processes takes forward and back.
    pub fn rows_of_ranks(&self, rows: usize, ranks: usize) -> Vec<usize> {
        let program = Program::for_training(self, CodeMeans::Unneeded);
        let shares = Shares::new(rows, program.slice_rows(SLICE_ROWS), ranks);
        (0..ranks).map(|rank| shares.rows_of(rank).len()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_one_rank_and_ranks_follow_the_rows() {
        for ranks in 1..=9 {
            for rows in [1, 3, 64, 65, 250, 256, 257, 511, 768, 1000, 2000, 2560] {
                for slice_rows in [8, 64] {
                    let shares = Shares::new(rows, slice_rows, ranks);
                    let mut next = 0;
                    let mut of_groups = 0;
                    for rank in 0..ranks {
                        let range = shares.rows_of(rank);
                        assert_eq!(range.start, next, "{rows} rows, {ranks} ranks");
                        next = range.end;
                        for group in shares.groups_of(rank) {
                            assert!(shares.team(group).contains(&rank));
                            of_groups += shares.rows_in(rank, group).len();
                        }
                    }
                    assert_eq!((next, of_groups), (rows, rows));
                }
            }
        }
    }

    #[test]
    fn a_part_ends_where_a_weight_begins_if_one_begins_near() {
        let weight = |op, first_row| BlockOwner::Weight { op, first_row };
        let bias = BlockOwner::PerSlice { op: 0, first: 0 };
        let owners = [(weight(0, 0), 50), (weight(0, 32), 46), (bias, 2), (weight(1, 0), 60)];
        let mut offset = 0;
        let places: Vec<_> = owners
            .into_iter()
            .chain([(weight(1, 32), 42)])
            .map(|(owner, length)| {
                offset += length;
                BlockPlace { offset: offset - length, length, owner }
            })
            .collect();
        assert_eq!(partition(&places, 2), [0..3, 3..5]);
        assert_eq!(partition(&places, 1).first(), Some(&(0..5)));
        // No weight begins near a third.
        assert_eq!(partition(&places, 3), [0..2, 2..4, 4..5]);
        let parts = partition(&places, 40);
        assert_eq!(parts.iter().flat_map(Clone::clone).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
    }

    #[test]
    fn slices_of_a_batch_are_spread_evenly() {
        let lengths = |ranks| {
            let shares = Shares::new(256, 64, ranks);
            (0..ranks).map(|rank| shares.rows_of(rank).len()).collect::<Vec<_>>()
        };
        assert_eq!(lengths(2), [128, 128]);
        assert_eq!(lengths(3), [128, 64, 64]);
        assert_eq!(lengths(8), [64, 0, 64, 0, 64, 0, 64, 0]);
    }
}
