//! Groups on their way through a chain that is cut at statistics of the whole batch.

use std::ops::Range;

use super::backward::Finish;
use super::batch::BatchSummary;
use super::peers::PeersError;
use super::process::Process;
use super::run::{Run, RunShape};
use super::task::Task;
use crate::chain::{Barrier, Normalisation};
use crate::threads::run_all;
use crate::{Objective, Penalty};

/// Takes tasks forward through all segments and back. `process` has the other rows of the batch, if there are any.
pub(super) fn through_segments<F>(
    run: &mut Run<'_, F>,
    tasks: &mut [Task],
    normalisations: &mut Vec<Normalisation>,
    parameters: &[f32],
    summary: &mut BatchSummary,
    process: Option<&Process<'_>>,
) -> Result<(), PeersError>
where
    F: Fn(Range<usize>, &mut [f32], &mut [f32]) + Sync,
{
    let program = run.program;
    let rows = run.shape.rows_in_batch;
    let mut slopes = Vec::new();
    for (segment, barrier) in program.barriers.iter().enumerate() {
        let now = Run { normalisations, ..*run };
        run_all(tasks.iter_mut(), |task| task.forward(&now, segment));
        let sums = boundary_sums(tasks, segment, 2 * barrier.width(), process)?;
        match *barrier {
            Barrier::BatchNorm { layer, channels, epsilon, .. } => {
                let count = rows * program.boundary_numbers(segment) / channels;
                normalisations.push(Normalisation::new(layer, epsilon, count, &sums));
            }
            Barrier::Code { width } => {
                slopes = code_slopes(run.objective, &sums[..width], rows, summary);
            }
        }
    }
    let run = &Run { normalisations, ..*run };
    run_all(tasks.iter_mut(), |task| task.forward_and_backward(run));
    for (segment, barrier) in program.barriers.iter().enumerate().rev() {
        if !program.is_trained_before(segment) {
            break;
        }
        let sums;
        let finish = match *barrier {
            Barrier::Code { .. } => Finish::Code { slopes: &slopes },
            Barrier::BatchNorm { index, channels, weight, .. } => {
                let op = program.segments[segment].end;
                sums = gradient_sums(tasks, op, 2 * channels, process)?;
                Finish::BatchNorm {
                    normalisation: &normalisations[index],
                    weight: &parameters[weight..][..channels],
                    sums: &sums,
                    width: program.boundary_numbers(segment),
                }
            }
        };
        run_all(tasks.iter_mut(), |task| task.backward(run, segment, &finish));
    }
    Ok(())
}

/// The sums over the batch before a barrier, slice by slice in order.
fn boundary_sums(
    tasks: &[Task],
    segment: usize,
    columns: usize,
    process: Option<&Process<'_>>,
) -> Result<Vec<f64>, PeersError> {
    let of_slices = tasks.iter().flat_map(|task| &task.boundaries[segment].sums);
    sum_of_slices(of_slices.copied().collect(), columns, process)
}

/// The sums over the batch of what an operation computes slice by slice, in order.
fn gradient_sums(
    tasks: &[Task],
    op: usize,
    columns: usize,
    process: Option<&Process<'_>>,
) -> Result<Vec<f64>, PeersError> {
    let of_slices =
        tasks.iter().flat_map(|task| &task.slice_gradients[op].all()[..task.slices * columns]);
    sum_of_slices(of_slices.map(|&sum| f64::from(sum)).collect(), columns, process)
}

fn sum_of_slices(
    own: Vec<f64>,
    columns: usize,
    process: Option<&Process<'_>>,
) -> Result<Vec<f64>, PeersError> {
    let all = match process {
        Some(process) => process.of_all_slices(own, columns)?,
        None => own,
    };
    let mut total = vec![0.0; columns];
    for sums in all.chunks_exact(columns) {
        total.iter_mut().zip(sums).for_each(|(total, sum)| *total += sum);
    }
    Ok(total)
}

/// Adds the penalties that are functions of the code's means, and gives their derivative by each number of an item.
fn code_slopes(
    objective: &Objective,
    sums: &[f64],
    rows: usize,
    summary: &mut BatchSummary,
) -> Vec<f32> {
    let means: Vec<f64> = sums.iter().map(|sum| sum / rows as f64).collect();
    let mut slopes = vec![0.0; means.len()];
    for (index, penalty) in counted(objective) {
        let Some(of_means) = penalty.kind().of_means() else { continue };
        summary.penalties[index] += of_means.value(&means);
        for (slope, &mean) in slopes.iter_mut().zip(&means) {
            *slope += (of_means.slope(mean) / rows as f64) as f32;
        }
    }
    slopes
}

/// Adds the shares of all slices, in order.
pub(super) fn add_losses(tasks: &[Task], shape: RunShape, summary: &mut BatchSummary) {
    for task in tasks {
        for (slice, loss) in task.losses.iter().enumerate() {
            summary.reconstruction += loss;
            let penalties = &task.penalties[slice * shape.penalties..][..shape.penalties];
            for (total, penalty) in summary.penalties.iter_mut().zip(penalties) {
                *total += penalty;
            }
        }
    }
}

/// The penalties that count, with their index.
pub(super) fn counted(objective: &Objective) -> impl Iterator<Item = (usize, &Penalty)> {
    objective.penalties.iter().enumerate().filter(|(_, penalty)| penalty.weight() != 0.0)
}
