//! One of the processes that share a batch: what it sends to the others and receives from them.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use super::backward::Kept;
use super::blocks::{Block, BlockOwner, BlockPlace, places, sides};
use super::peers::{Incoming, Link, Numbers, PeersError, Topic, gather};
use super::shares::{Parcel, Shares, parcels, partition};
use super::task::Task;
use crate::chain::Program;
use crate::product::ScannedAxes;

/// A process within a batch.
pub(super) struct Process<'a> {
    pub(super) link: &'a dyn Link,
    pub(super) rank: usize,
    pub(super) shares: Shares,
    pub(super) program: &'a Program,
    pub(super) places: Vec<BlockPlace>,
    /// The blocks that each rank takes the optimizer's step for.
    pub(super) owners: Vec<Range<usize>>,
    slices: Vec<usize>,
}

/// Sums of groups for blocks of this process's own, of groups that it has computed itself.
pub(super) type OwnSums = BTreeMap<usize, Vec<(Vec<usize>, Vec<f32>)>>;

/// The group that is added, and who has which part of it.
pub(super) struct Team {
    pub(super) group: usize,
    pub(super) ranks: Range<usize>,
    /// The blocks whose sums over the group each of the ranks computes.
    pub(super) parts: Vec<Range<usize>>,
    /// The ranks that have rows.
    pub(super) workers: Vec<usize>,
}

impl Team {
    /// The rank that has the sums of what is computed slice by slice.
    pub(super) fn last_worker(&self) -> usize {
        self.workers.last().copied().unwrap_or(self.ranks.start)
    }
}

impl<'a> Process<'a> {
    pub(super) fn new(
        link: &'a dyn Link,
        (rank, ranks): (usize, usize),
        shares: Shares,
        program: &'a Program,
    ) -> Self {
        let places = places(program);
        let owners = partition(&places, ranks);
        let slices = (0..ranks).map(|rank| shares.slices_of(rank)).collect();
        Self { link, rank, shares, program, places, owners, slices }
    }

    fn ranks(&self) -> usize {
        self.owners.len()
    }

    /// Numbers of all slices of the batch, in order.
    pub(super) fn of_all_slices(
        &self,
        own: Vec<f64>,
        columns: usize,
    ) -> Result<Vec<f64>, PeersError> {
        let count = |rank: usize| self.slices[rank] * columns;
        gather(self.link, self.rank, 0..self.ranks(), own, count)
    }

    pub(super) fn team(&self, group: usize) -> Team {
        let ranks = self.shares.team(group);
        let parts = partition(&self.places, ranks.len());
        Team { group, parts, workers: self.shares.workers(group), ranks }
    }

    /// The dense operations whose weights have blocks in a part, from the last to the first.
    fn dense_ops(&self, part: &Range<usize>) -> Vec<usize> {
        let weight =
            |op: usize| self.program.ops[op].operation.dense().map(|dense| dense.weight.offset);
        let owned = |place: &BlockPlace| match place.owner {
            BlockOwner::Weight { op, .. } => weight(op),
            _ => None,
        };
        let mut weights: Vec<usize> = self.places[part.clone()].iter().filter_map(owned).collect();
        weights.dedup();
        let is_used = |op: &usize| weight(*op).is_some_and(|it| weights.contains(&it));
        (0..self.program.ops.len()).rev().filter(is_used).collect()
    }

    /// Sends what this process has on both sides of the dense operations to those that add the gradients of their
    /// weights, from the last operation to the first.
    pub(super) fn send_sides(&self, team: &Team, own: &[Task]) -> Result<(), PeersError> {
        if own.is_empty() || team.ranks.len() < 2 {
            return Ok(());
        }
        let needed: Vec<Vec<usize>> = team.parts.iter().map(|part| self.dense_ops(part)).collect();
        for (index, op) in self.program.ops.iter().enumerate().rev() {
            let members = team.ranks.clone().zip(&needed);
            let needs = members.filter(|(rank, ops)| *rank != self.rank && ops.contains(&index));
            let to: Vec<usize> = needs.map(|(rank, _)| rank).collect();
            if to.is_empty() {
                continue;
            }
            let (mut inputs, mut gradients) = (Vec::new(), Vec::new());
            for task in own {
                let (rows, sides) = (task.rows.len(), sides(index, task));
                inputs.extend_from_slice(&sides.input[..rows * op.inputs]);
                gradients.extend_from_slice(&sides.logit_gradient[..rows * op.outputs]);
            }
            for numbers in [inputs, gradients] {
                self.link.send(&to, Topic::Sides, Arc::new(Numbers::Singles(numbers)))?;
            }
        }
        Ok(())
    }

    /// Prepares tasks for the rows of a group that other ranks have.
    pub(super) fn prepare(&self, team: &Team, tasks: &mut Vec<Task>) {
        let others = team.workers.iter().filter(|&&rank| rank != self.rank);
        tasks.resize_with(others.clone().count(), Task::default);
        for (task, &rank) in tasks.iter_mut().zip(others) {
            task.rows = self.shares.rows_in(rank, team.group);
            task.slices = task.rows.len().div_ceil(self.shares.slice_rows());
            task.kept.resize_with(self.program.ops.len(), Kept::default);
        }
    }

    /// The dense operations that this process needs of the others, in the order in which they come.
    pub(super) fn coming(&self, team: &Team) -> std::vec::IntoIter<usize> {
        self.dense_ops(&team.parts[self.rank - team.ranks.start]).into_iter()
    }

    /// Receives both sides of a dense operation from all others.
    pub(super) fn receive_sides(
        &self,
        team: &Team,
        index: usize,
        tasks: &mut [Task],
    ) -> Result<(), PeersError> {
        let op = &self.program.ops[index];
        let others = team.workers.iter().filter(|&&rank| rank != self.rank);
        for (&rank, task) in others.zip(tasks) {
            let rows = task.rows.len();
            let Kept { input, logit_gradient, nonzeros } = &mut task.kept[index];
            let both = [
                (input.first(rows * op.inputs), &mut nonzeros.input, op.inputs),
                (logit_gradient.first(rows * op.outputs), &mut nonzeros.logit_gradient, op.outputs),
            ];
            for (numbers, nonzeros, width) in both {
                self.link.receive(rank, Topic::Sides, Incoming::Singles(&mut *numbers))?;
                nonzeros.scan(numbers, width, ScannedAxes::RowsAndColumns);
            }
        }
        Ok(())
    }

    /// The sums that a contraction needs, of all slices of a group.
    pub(super) fn share_slopes(
        &self,
        team: &Team,
        own: &[Task],
        others: &mut [Task],
    ) -> Result<(), PeersError> {
        let width = self.program.code.shape.numbers();
        let slice_rows = self.shares.slice_rows();
        let count =
            |rank: usize| self.shares.rows_in(rank, team.group).len().div_ceil(slice_rows) * width;
        let of_task = |task: &Task| {
            let slopes = &task.slopes.all()[..task.slices * width];
            slopes.iter().map(|&slope| f64::from(slope)).collect::<Vec<_>>()
        };
        let numbers = own.iter().flat_map(of_task).collect();
        let all = gather(self.link, self.rank, team.ranks.clone(), numbers, count)?;
        let mut rest = all.as_slice();
        let mut others = others.iter_mut();
        for rank in team.workers.iter().copied() {
            let (now, later) = rest.split_at(count(rank));
            rest = later;
            if let Some(task) = (rank != self.rank).then(|| others.next()).flatten() {
                let slopes = task.slopes.first(now.len());
                slopes.iter_mut().zip(now).for_each(|(to, slope)| *to = *slope as f32);
            }
        }
        Ok(())
    }

    pub(super) fn numbers_of(&self, blocks: &[usize]) -> usize {
        blocks.iter().map(|&block| self.places[block].length).sum()
    }

    /// Sends sums of a group to the rank that takes the step, or keeps them.
    pub(super) fn give(
        &self,
        rank: usize,
        topic: Topic,
        (group, blocks): (usize, Vec<usize>),
        numbers: Vec<f32>,
        sums: &mut OwnSums,
    ) -> Result<(), PeersError> {
        if blocks.is_empty() {
            return Ok(());
        }
        if rank == self.rank {
            sums.entry(group).or_default().push((blocks, numbers));
            return Ok(());
        }
        self.link.send(&[rank], topic, Arc::new(Numbers::Singles(numbers)))
    }

    /// Sends the sums of a parcel to those that take the steps.
    pub(super) fn give_weights(
        &self,
        group: usize,
        parcel: &Parcel,
        blocks: &[Block<'_>],
        sums: &mut OwnSums,
    ) -> Result<(), PeersError> {
        for (rank, part) in self.owners.iter().enumerate() {
            let of_rank = within(parcel, part);
            let numbers = of_rank.iter().flat_map(|&block| &*blocks[block].gradient);
            let numbers = numbers.copied().collect();
            self.give(rank, Topic::WeightSums, (group, of_rank), numbers, sums)?;
        }
        Ok(())
    }

    /// The sums of a group for all blocks of this process, in their order.
    pub(super) fn sums_of_group(
        &self,
        group: usize,
        own: &mut OwnSums,
    ) -> Result<Vec<f32>, PeersError> {
        let part = self.owners[self.rank].clone();
        let first = self.places.get(part.start).map_or(0, |place| place.offset);
        let mut sum = vec![0.0; self.numbers_of(&part.clone().collect::<Vec<_>>())];
        let mut put = |blocks: &[usize], mut numbers: &[f32]| {
            for &block in blocks {
                let BlockPlace { offset, length, .. } = self.places[block];
                let (now, later) = numbers.split_at(length);
                sum[offset - first..][..length].copy_from_slice(now);
                numbers = later;
            }
        };
        for (blocks, numbers) in own.remove(&group).unwrap_or_default() {
            put(&blocks, &numbers);
        }
        let team = self.team(group);
        let receive = |from: usize, topic: Topic, blocks: &[usize]| {
            let mut numbers = vec![0.0; self.numbers_of(blocks)];
            self.link.receive(from, topic, Incoming::Singles(&mut numbers))?;
            Ok::<_, PeersError>(numbers)
        };
        let slices = self.own_slice_blocks();
        if team.last_worker() != self.rank && !slices.is_empty() {
            put(&slices, &receive(team.last_worker(), Topic::SliceSums, &slices)?);
        }
        for (from, theirs) in team.ranks.clone().zip(&team.parts) {
            if from == self.rank {
                continue;
            }
            for parcel in parcels(&self.places, theirs.clone()) {
                let blocks = within(&parcel, &part);
                if parcel.op.is_some() && !blocks.is_empty() {
                    put(&blocks, &receive(from, Topic::WeightSums, &blocks)?);
                }
            }
        }
        Ok(sum)
    }

    /// Sends the results of a parcel to everybody: parameters after their step, or their gradient.
    pub(super) fn send_results(
        &self,
        parcel: &Parcel,
        blocks: &[Block<'_>],
    ) -> Result<(), PeersError> {
        let mut numbers = Vec::with_capacity(parcel.numbers);
        for Block { gradient, update, .. } in parcel.blocks.iter().map(|&block| &blocks[block]) {
            match update {
                Some(update) => numbers.extend_from_slice(update.parameters),
                None => numbers.extend_from_slice(gradient),
            }
        }
        let others: Vec<usize> = (0..self.ranks()).filter(|&rank| rank != self.rank).collect();
        self.link.send(&others, Topic::Results, Arc::new(Numbers::Singles(numbers)))
    }

    /// Receives the results of all others.
    pub(super) fn receive_results(&self, into: &mut [f32]) -> Result<(), PeersError> {
        let ranks = self.ranks();
        for from in (1..ranks).map(|next| (self.rank + next) % ranks) {
            for parcel in parcels(&self.places, self.owners[from].clone()) {
                let first = self.places[parcel.blocks[0]].offset;
                if parcel.op.is_some() {
                    let numbers = &mut into[first..][..parcel.numbers];
                    self.link.receive(from, Topic::Results, Incoming::Singles(numbers))?;
                    continue;
                }
                let mut numbers = vec![0.0; parcel.numbers];
                self.link.receive(from, Topic::Results, Incoming::Singles(&mut numbers))?;
                let mut rest = numbers.as_slice();
                for &block in &parcel.blocks {
                    let BlockPlace { offset, length, .. } = self.places[block];
                    let (now, later) = rest.split_at(length);
                    into[offset..][..length].copy_from_slice(now);
                    rest = later;
                }
            }
        }
        Ok(())
    }

    /// The squared norm of the gradient, from those of this process's blocks.
    pub(super) fn norm(&self, own: Vec<f64>) -> Result<f64, PeersError> {
        let count = |rank: usize| self.owners[rank].len();
        Ok(gather(self.link, self.rank, 0..self.ranks(), own, count)?.iter().sum())
    }
}

/// The blocks of a parcel within a part.
fn within(parcel: &Parcel, part: &Range<usize>) -> Vec<usize> {
    parcel.blocks.iter().copied().filter(|block| part.contains(block)).collect()
}
