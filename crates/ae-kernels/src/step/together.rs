//! A batch that several processes share, with the bits of one.
//!
//! Each process takes its rows forward and back. Then the gradient of each block of a dense weight is added by one
//! process, over all rows of a group in their order: the others send it what they hold on both sides of the layer,
//! which in wide layers is less than the gradient. Sums over slices go from process to process in the order of the
//! rows. Where a batch has several groups, the sums of the groups meet in the tree at the process that takes the
//! optimizer's step for a block; it sends the new parameters to all others.

use std::ops::Range;

use super::batch::{BatchStatistics, BatchSummary};
use super::blocks::{Addends, Block, BlockOwner, Given, Parameters, Update, blocks, run_blocks};
use super::peers::{Peers, PeersError};
use super::process::{OwnSums, Process, Team};
use super::run::Run;
use super::segments::through_segments;
use super::shares::{Parcel, Shares, parcels};
use super::task::Task;
use crate::chain::Normalisation;
use crate::threads::run_all;

/// What a process keeps and changes in a batch.
pub(super) struct Memory<'a, 'p> {
    pub(super) tasks: &'a mut Vec<Task>,
    /// The rows of others.
    pub(super) remote: &'a mut Vec<Task>,
    pub(super) gradient: &'a mut [f32],
    pub(super) parameters: Parameters<'p>,
}

/// Takes this process's part of a batch, and exchanges what the others need.
pub(super) fn share_batch<F>(
    mut run: Run<'_, F>,
    peers: &dyn Peers,
    mut memory: Memory<'_, '_>,
) -> Result<BatchSummary, PeersError>
where
    F: Fn(Range<usize>, &mut [f32], &mut [f32]) + Sync,
{
    let ranks = (peers.rank(), peers.ranks());
    let shares = Shares::new(run.shape.rows_in_batch, run.shape.slice_rows, ranks.1);
    let mut summary = BatchSummary::default();
    peers.session(&mut |link| {
        let process = Process::new(link, ranks, shares, run.program);
        summary = step(&process, &mut run, &mut memory)?;
        Ok(())
    })?;
    Ok(summary)
}

fn step<F>(
    process: &Process<'_>,
    run: &mut Run<'_, F>,
    memory: &mut Memory<'_, '_>,
) -> Result<BatchSummary, PeersError>
where
    F: Fn(Range<usize>, &mut [f32], &mut [f32]) + Sync,
{
    let penalties = vec![0.0; run.shape.penalties];
    let mut summary = BatchSummary { penalties, ..BatchSummary::default() };
    let mut normalisations = Vec::new();
    let (mut losses, mut sums, mut norms) = (Vec::new(), OwnSums::new(), Vec::new());
    let own = process.shares.groups_of(process.rank);
    // Statistics need all rows at once.
    let windows: Vec<Range<usize>> = match run.program.barriers.is_empty() {
        true => own.map(|group| group..group + 1).collect(),
        false => vec![own],
    };
    for groups in windows {
        let rows = rows_of(process, &groups);
        let count = fill(run, rows, memory.tasks);
        let tasks = &mut memory.tasks[..count];
        let values = memory.parameters.values();
        through_segments(run, tasks, &mut normalisations, values, &mut summary, Some(process))?;
        losses.extend(tasks.iter().flat_map(|task| losses_of(task, run.shape.penalties)));
        for group in groups {
            norms = add_group(process, run, (group, count), memory, &mut sums)?;
        }
    }
    if process.shares.groups() > 1 {
        norms = add_groups(process, memory, &mut sums)?;
    }
    match &mut memory.parameters {
        Parameters::Updated(Update { parameters, .. }) => process.receive_results(parameters)?,
        Parameters::Kept(_) => process.receive_results(memory.gradient)?,
    }
    for place in &process.places {
        if matches!(place.owner, BlockOwner::Untrained) {
            memory.gradient[place.offset..][..place.length].fill(0.0);
        }
    }
    summary.squared_norm = process.norm(norms)?;
    let columns = 1 + run.shape.penalties;
    for slice in process.of_all_slices(losses, columns)?.chunks_exact(columns) {
        let (loss, penalties) = slice.split_at(1);
        summary.reconstruction += loss[0];
        let totals = summary.penalties.iter_mut().zip(penalties);
        totals.for_each(|(total, penalty)| *total += penalty);
    }
    summary.statistics = normalisations.into_iter().map(BatchStatistics::from).collect();
    Ok(summary)
}

/// The rows of neighbouring groups that this process has.
fn rows_of(process: &Process<'_>, groups: &Range<usize>) -> Range<usize> {
    let of = |group: usize| process.shares.rows_in(process.rank, group);
    of(groups.start).start..of(groups.end - 1).end
}

/// Fills tasks with rows, and returns how many there are.
fn fill<F>(run: &Run<'_, F>, rows: Range<usize>, tasks: &mut Vec<Task>) -> usize
where
    F: Fn(Range<usize>, &mut [f32], &mut [f32]) + Sync,
{
    let ranges = if rows.is_empty() { Vec::new() } else { run.shape.task_ranges(rows) };
    let count = ranges.len();
    if tasks.len() < count {
        tasks.resize_with(count, Task::default);
    }
    run_all(tasks.iter_mut().zip(ranges), |(task, rows)| task.fill(run, rows));
    count
}

/// The loss and the penalties of each slice of a task.
fn losses_of(task: &Task, penalties: usize) -> impl Iterator<Item = f64> {
    task.losses.iter().enumerate().flat_map(move |(slice, &loss)| {
        let of_slice = &task.penalties[slice * penalties..][..penalties];
        std::iter::once(loss).chain(of_slice.iter().copied())
    })
}

/// Adds the gradient of a group, as far as it is this process's. If it is the only group, the steps are taken, and the
/// squared norms of the process's blocks are returned.
fn add_group<F>(
    process: &Process<'_>,
    run: &Run<'_, F>,
    (group, tasks): (usize, usize),
    memory: &mut Memory<'_, '_>,
    sums: &mut OwnSums,
) -> Result<Vec<f64>, PeersError> {
    let Memory { tasks: all, remote, gradient, parameters } = memory;
    let team = process.team(group);
    let rows = process.shares.rows_in(process.rank, group);
    let of_group = |task: &&Task| rows.contains(&task.rows.start);
    let first = all[..tasks].iter().take_while(|task| !of_group(task)).count();
    let own = &all[first..][..all[first..tasks].iter().take_while(of_group).count()];
    process.send_sides(&team, own)?;
    process.add_slices(&team, own, sums)?;
    process.prepare(&team, remote);
    if run.contraction().is_some() && team.ranks.len() > 1 {
        process.share_slopes(&team, own, remote)?;
    }
    let is_only = process.shares.groups() == 1;
    let (values, update) = match parameters {
        Parameters::Updated(update) if is_only => (&[][..], Some(update.again())),
        other => (other.values(), None),
    };
    let blocks = blocks(process.places.clone(), gradient, update);
    let work = GroupWork { process, run, team, own, values, is_only };
    work.add_blocks(remote, blocks, sums)
}

/// A group whose gradient is added.
struct GroupWork<'a, 'r, F> {
    process: &'a Process<'a>,
    run: &'a Run<'r, F>,
    team: Team,
    own: &'a [Task],
    /// The parameters, unless a step changes them.
    values: &'a [f32],
    is_only: bool,
}

impl<F> GroupWork<'_, '_, F> {
    fn add_blocks(
        &self,
        remote: &mut [Task],
        mut blocks: Vec<Block<'_>>,
        sums: &mut OwnSums,
    ) -> Result<Vec<f64>, PeersError> {
        let Self { process, team, .. } = self;
        let mine = team.parts[process.rank - team.ranks.start].clone();
        let before = team.workers.iter().filter(|&&rank| rank < process.rank).count();
        let mut norms = vec![0.0; mine.len()];
        let mut coming = process.coming(team).peekable();
        for parcel in parcels(&process.places, mine.clone()) {
            match parcel.op {
                Some(op) => {
                    while let Some(next) = coming.next_if(|&next| next >= op) {
                        process.receive_sides(team, next, remote)?;
                    }
                }
                None if self.is_only => process.take_slice_sums(team, &mut blocks, sums)?,
                None => continue,
            }
            let (earlier, later) = remote.split_at(before);
            let tasks = earlier.iter().chain(self.own).chain(later);
            let contraction = self.run.contraction();
            let given = Given::SliceSums;
            let addends = Addends { of_group: tasks, trees: &[], contraction, given };
            let chosen = chosen(&parcel, &mut blocks);
            let found = run_blocks(process.program, &addends, self.values, chosen);
            if !self.is_only {
                process.give_weights(team.group, &parcel, &blocks, sums)?;
                continue;
            }
            for (block, norm) in parcel.blocks.iter().zip(found) {
                norms[block - mine.start] = norm;
            }
            process.send_results(&parcel, &blocks)?;
        }
        Ok(norms)
    }
}

/// The blocks of a parcel.
fn chosen<'a, 'b>(
    parcel: &'a Parcel,
    blocks: &'a mut [Block<'b>],
) -> impl Iterator<Item = &'a mut Block<'b>> {
    let is_chosen =
        |(place, _): &(usize, &mut Block<'b>)| parcel.blocks.binary_search(place).is_ok();
    blocks.iter_mut().enumerate().filter(is_chosen).map(|(_, block)| block)
}

/// Adds the sums of all groups for this process's blocks in the order of the tree, takes the steps, and returns the
/// squared norms of the blocks.
fn add_groups(
    process: &Process<'_>,
    memory: &mut Memory<'_, '_>,
    own: &mut OwnSums,
) -> Result<Vec<f64>, PeersError> {
    let part = process.owners[process.rank].clone();
    let Memory { gradient, parameters, .. } = memory;
    if part.is_empty() {
        return Ok(Vec::new());
    }
    // As in `Tree`: the smallest sum lies on top.
    let mut waiting: Vec<Vec<f32>> = Vec::new();
    let groups = process.shares.groups();
    for group in 0..groups {
        let mut sum = process.sums_of_group(group, own)?;
        let is_last = group + 1 == groups;
        let addends = if is_last { waiting.len() } else { group.trailing_ones() as usize };
        for addend in waiting.drain(waiting.len() - addends..).rev() {
            sum.iter_mut().zip(&addend).for_each(|(sum, addend)| *sum += addend);
        }
        waiting.push(sum);
    }
    let sum = waiting.pop().unwrap_or_default();
    gradient[process.places[part.start].offset..][..sum.len()].copy_from_slice(&sum);
    let (values, update) = match parameters {
        Parameters::Updated(update) => (&[][..], Some(update.again())),
        Parameters::Kept(values) => (*values, None),
    };
    let mut blocks = blocks(process.places.clone(), gradient, update);
    let mut norms = vec![0.0; part.len()];
    let nobody = std::iter::empty();
    let addends = Addends { of_group: nobody, trees: &[], contraction: None, given: Given::All };
    for parcel in parcels(&process.places, part.clone()) {
        let found = run_blocks(process.program, &addends, values, chosen(&parcel, &mut blocks));
        for (block, norm) in parcel.blocks.iter().zip(found) {
            norms[block - part.start] = norm;
        }
        process.send_results(&parcel, &blocks)?;
    }
    Ok(norms)
}

impl From<Normalisation> for BatchStatistics {
    fn from(of: Normalisation) -> Self {
        let Normalisation { layer, count, mean, variance, .. } = of;
        Self { layer, count, mean, variance }
    }
}
