//! Sums over slices of a group, which go from process to process in the order of the rows.

use std::ops::Range;
use std::sync::Arc;

use super::blocks::{Block, BlockOwner, add_slice_gradients};
use super::peers::{Incoming, Numbers, PeersError, Topic};
use super::process::{OwnSums, Process, Team};
use super::shares::parcels;
use super::task::Task;

impl Process<'_> {
    /// Adds what is computed slice by slice to the sums of the rows before, and passes them on. The last of the ranks
    /// has the sums of the group, and sends them to those that take the steps.
    pub(super) fn add_slices(
        &self,
        team: &Team,
        own: &[Task],
        sums: &mut OwnSums,
    ) -> Result<(), PeersError> {
        let Some(place) = team.workers.iter().position(|&rank| rank == self.rank) else {
            return Ok(());
        };
        let blocks = |part: Range<usize>| {
            let is_here =
                |block: &usize| matches!(self.places[*block].owner, BlockOwner::PerSlice { .. });
            part.filter(is_here).collect::<Vec<_>>()
        };
        let all = blocks(0..self.places.len());
        if all.is_empty() {
            return Ok(());
        }
        let mut numbers = vec![0.0; self.numbers_of(&all)];
        if let Some(before) = place.checked_sub(1) {
            let from = team.workers[before];
            self.link.receive(from, Topic::Chain, Incoming::Singles(&mut numbers))?;
        }
        let mut rest = numbers.as_mut_slice();
        for &block in &all {
            let (now, later) = rest.split_at_mut(self.places[block].length);
            rest = later;
            if let BlockOwner::PerSlice { op, first } = self.places[block].owner {
                add_slice_gradients(self.program, op, first, own.iter(), now);
            }
        }
        if let Some(&next) = team.workers.get(place + 1) {
            return self.link.send(&[next], Topic::Chain, Arc::new(Numbers::Singles(numbers)));
        }
        let mut rest = numbers.as_slice();
        for (rank, part) in self.owners.iter().enumerate() {
            let blocks = blocks(part.clone());
            let (now, later) = rest.split_at(self.numbers_of(&blocks));
            rest = later;
            self.give(rank, Topic::SliceSums, (team.group, blocks), now.to_vec(), sums)?;
        }
        Ok(())
    }

    /// The blocks of this process that are summed slice by slice.
    pub(super) fn own_slice_blocks(&self) -> Vec<usize> {
        let parcels = parcels(&self.places, self.owners[self.rank].clone());
        parcels.into_iter().filter(|it| it.op.is_none()).flat_map(|it| it.blocks).collect()
    }

    /// Puts the sums of the only group for blocks that are summed slice by slice into the gradient.
    pub(super) fn take_slice_sums(
        &self,
        team: &Team,
        blocks: &mut [Block<'_>],
        own: &mut OwnSums,
    ) -> Result<(), PeersError> {
        let own_blocks = self.own_slice_blocks();
        let numbers = if team.last_worker() == self.rank {
            let kept = own.remove(&team.group).unwrap_or_default().into_iter();
            kept.flat_map(|(_, numbers)| numbers).collect()
        } else {
            let mut numbers = vec![0.0; self.numbers_of(&own_blocks)];
            let into = Incoming::Singles(&mut numbers);
            self.link.receive(team.last_worker(), Topic::SliceSums, into)?;
            numbers
        };
        let mut rest = numbers.as_slice();
        for block in own_blocks {
            let gradient = &mut *blocks[block].gradient;
            let (now, later) = rest.split_at(gradient.len());
            gradient.copy_from_slice(now);
            rest = later;
        }
        Ok(())
    }
}
