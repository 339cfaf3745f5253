//! Multinomial logistic regression: how well a linear map tells the classes of codes.
//!
//! The loss is minimised by L-BFGS (Nocedal and Wright 2006, algorithms 7.4 and 7.5) with backtracking.

use std::collections::VecDeque;

use faer::MatRef;
use rayon::prelude::*;

use super::neighbours::check_labels;
use crate::error::in_range;
use crate::linalg::{CHUNK_ROWS, PARTIAL_SUMS, chunks, product};
use crate::{AnalysisError, Rows};

const MAX_STEPS: usize = 200;
/// The search ends when no entry of the mean loss's gradient is larger.
const TOLERANCE: f64 = 1e-5;
/// The number of last steps that the curvature is estimated from.
const MEMORY: usize = 10;

/// A linear map from standardised rows to a score for each class.
#[derive(Debug, Clone, PartialEq)]
pub struct LogisticRegression {
    mean: Vec<f32>,
    scale: Vec<f32>,
    classes: Vec<u8>,
    /// `classes x (columns + 1)`, the intercept last.
    weights: Vec<f32>,
}

impl LogisticRegression {
    /// Minimises `sum -log p(label | row) + |W|^2 / 2` over the weights of columns that are scaled to mean 0 and
    /// variance 1; intercepts are not penalised. This is scikit-learn's `LogisticRegression` with `C = 1` after its
    /// `StandardScaler`.
    ///
    /// # Errors
    /// If there is not one label for each row, there are fewer than two classes, or a number is not finite.
    pub fn fit(rows: Rows<'_>, labels: &[u8]) -> Result<Self, AnalysisError> {
        rows.check_finite()?;
        check_labels(rows, labels)?;
        let mut classes = labels.to_vec();
        classes.sort_unstable();
        classes.dedup();
        in_range("the number of classes", 2, 256, classes.len())?;
        let (mean, scale) = moments(rows);
        let mut fitted = Self { mean, scale, classes, weights: Vec::new() };
        let inputs = fitted.standardised(rows.values());
        let targets: Vec<usize> = labels
            .iter()
            .map(|label| fitted.classes.partition_point(|class| class < label))
            .collect();
        let width = rows.columns() + 1;
        let problem =
            Problem { inputs: &inputs, targets: &targets, classes: fitted.classes.len(), width };
        fitted.weights = minimise(&problem).iter().map(|&weight| weight as f32).collect();
        Ok(fitted)
    }

    /// The most likely class of each row. If several are equally likely, the first one.
    ///
    /// # Errors
    /// If the rows have another length than the rows of the fit.
    pub fn predict(&self, rows: Rows<'_>) -> Result<Vec<u8>, AnalysisError> {
        rows.check_columns(self.mean.len())?;
        let width = self.mean.len() + 1;
        let count = self.classes.len();
        let mut found = vec![0; rows.len()];
        let chunks = chunks(rows);
        found.par_chunks_mut(CHUNK_ROWS).zip(chunks).for_each(|(found, chunk)| {
            let inputs = self.standardised(chunk);
            let scores = scores(&inputs, &self.weights, count, width);
            for (found, scores) in found.iter_mut().zip(scores.chunks_exact(count)) {
                let best = (0..count)
                    .fold(0, |best, class| if scores[class] > scores[best] { class } else { best });
                *found = self.classes[best];
            }
        });
        Ok(found)
    }

    /// The standardised columns, followed by a 1 for the intercept.
    fn standardised(&self, values: &[f32]) -> Vec<f32> {
        let columns = self.mean.len();
        let mut inputs = Vec::with_capacity(values.len() / columns * (columns + 1));
        for row in values.chunks_exact(columns) {
            let moments = self.mean.iter().zip(&self.scale);
            inputs.extend(
                row.iter().zip(moments).map(|(value, (mean, scale))| (value - mean) * scale),
            );
            inputs.push(1.0);
        }
        inputs
    }
}

/// The loss to minimise, as a mean over the rows.
struct Problem<'a> {
    /// `n x width`; the last number of each row is 1.
    inputs: &'a [f32],
    targets: &'a [usize],
    classes: usize,
    width: usize,
}

impl Problem<'_> {
    /// The loss and its gradient, as the sum of partial sums.
    fn evaluate(&self, weights: &[f64]) -> (f64, Vec<f64>) {
        let narrow: Vec<f32> = weights.iter().map(|&weight| weight as f32).collect();
        let count = self.targets.len();
        let rows = count.div_ceil(CHUNK_ROWS).div_ceil(PARTIAL_SUMS) * CHUNK_ROWS;
        let parts: Vec<(f64, Vec<f64>)> = self
            .inputs
            .par_chunks(rows * self.width)
            .zip(self.targets.par_chunks(rows))
            .map(|(inputs, targets)| self.part(&narrow, inputs, targets))
            .collect();
        let mut loss = 0.0;
        let mut gradient = vec![0.0; weights.len()];
        for (part, slope) in parts {
            loss += part;
            gradient.iter_mut().zip(slope).for_each(|(sum, slope)| *sum += slope);
        }
        for (place, (slope, weight)) in gradient.iter_mut().zip(weights).enumerate() {
            if place % self.width != self.width - 1 {
                loss += weight * weight / 2.0;
                *slope += weight;
            }
            *slope /= count as f64;
        }
        (loss / count as f64, gradient)
    }

    fn part(&self, weights: &[f32], inputs: &[f32], targets: &[usize]) -> (f64, Vec<f64>) {
        let (classes, width) = (self.classes, self.width);
        let mut loss = 0.0;
        let mut gradient = vec![0.0; classes * width];
        let mut slope = vec![0.0_f32; classes * width];
        for (inputs, targets) in inputs.chunks(CHUNK_ROWS * width).zip(targets.chunks(CHUNK_ROWS)) {
            let mut scores = scores(inputs, weights, classes, width);
            for (scores, &target) in scores.chunks_exact_mut(classes).zip(targets) {
                loss += softmax(scores, target);
                scores[target] -= 1.0;
            }
            let left = MatRef::from_row_major_slice(&scores, targets.len(), classes);
            let right = MatRef::from_row_major_slice(inputs, targets.len(), width);
            product(&mut slope, left.transpose(), right);
            gradient.iter_mut().zip(&slope).for_each(|(sum, &slope)| *sum += f64::from(slope));
        }
        (loss, gradient)
    }
}

/// Replaces scores by probabilities, and returns the negative logarithm of the target's probability.
fn softmax(scores: &mut [f32], target: usize) -> f64 {
    let largest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let margin = scores[target] - largest;
    scores.iter_mut().for_each(|score| *score = (*score - largest).exp());
    let sum: f32 = scores.iter().sum();
    scores.iter_mut().for_each(|score| *score /= sum);
    f64::from(sum.ln()) - f64::from(margin)
}

fn scores(inputs: &[f32], weights: &[f32], classes: usize, width: usize) -> Vec<f32> {
    let rows = inputs.len() / width;
    let mut scores = vec![0.0; rows * classes];
    let left = MatRef::from_row_major_slice(inputs, rows, width);
    let right = MatRef::from_row_major_slice(weights, classes, width);
    product(&mut scores, left, right.transpose());
    scores
}

/// L-BFGS, starting at 0. It ends at the tolerance, after the largest number of steps, or when no step along the
/// direction reduces the loss, because the precision of its sums is reached.
fn minimise(problem: &Problem<'_>) -> Vec<f64> {
    let mut weights = vec![0.0; problem.classes * problem.width];
    let (mut loss, mut gradient) = problem.evaluate(&weights);
    let mut memory = VecDeque::new();
    for _ in 0..MAX_STEPS {
        if gradient.iter().all(|slope| slope.abs() <= TOLERANCE) {
            break;
        }
        let direction = direction(&gradient, &memory);
        let descent = dot(&direction, &gradient);
        // The step is halved from 1 until the loss falls by a fraction of the linear prediction (Armijo 1966).
        let better = (0..20).map(|halvings| 0.5_f64.powi(halvings)).find_map(|length| {
            let moved: Vec<f64> = weights
                .iter()
                .zip(&direction)
                .map(|(weight, step)| weight + length * step)
                .collect();
            let (value, slope) = problem.evaluate(&moved);
            (value < loss + 1e-4 * length * descent).then_some((moved, value, slope))
        });
        let Some((moved, value, slope)) = better else { break };
        let step = difference(&moved, &weights);
        let change = difference(&slope, &gradient);
        if dot(&step, &change) > 0.0 {
            if memory.len() == MEMORY {
                memory.pop_front();
            }
            memory.push_back((step, change));
        }
        (weights, loss, gradient) = (moved, value, slope);
    }
    weights
}

/// The direction of descent: the two-loop recursion, which applies an estimate of the inverse Hessian.
fn direction(gradient: &[f64], memory: &VecDeque<(Vec<f64>, Vec<f64>)>) -> Vec<f64> {
    let mut direction: Vec<f64> = gradient.iter().map(|slope| -slope).collect();
    let mut coefficients = Vec::with_capacity(memory.len());
    for (step, change) in memory.iter().rev() {
        let coefficient = dot(step, &direction) / dot(step, change);
        direction.iter_mut().zip(change).for_each(|(value, change)| *value -= coefficient * change);
        coefficients.push(coefficient);
    }
    if let Some((step, change)) = memory.back() {
        let scale = dot(step, change) / dot(change, change);
        direction.iter_mut().for_each(|value| *value *= scale);
    }
    for ((step, change), coefficient) in memory.iter().zip(coefficients.into_iter().rev()) {
        let rest = coefficient - dot(change, &direction) / dot(step, change);
        direction.iter_mut().zip(step).for_each(|(value, step)| *value += rest * step);
    }
    direction
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn difference(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

/// The mean of each column and the reciprocal of its standard deviation, 1 for a constant column.
fn moments(rows: Rows<'_>) -> (Vec<f32>, Vec<f32>) {
    let count = rows.len() as f64;
    let mut mean = vec![0.0; rows.columns()];
    for row in rows.iter() {
        mean.iter_mut().zip(row).for_each(|(sum, &value)| *sum += f64::from(value) / count);
    }
    let mut variance = vec![0.0; rows.columns()];
    for row in rows.iter() {
        for ((sum, mean), &value) in variance.iter_mut().zip(&mean).zip(row) {
            *sum += (f64::from(value) - mean).powi(2) / count;
        }
    }
    // By rounding, the variance of a constant column is about 1e-30 instead of 0.
    let scale =
        |&variance: &f64| if variance > 1e-12 { variance.sqrt().recip() as f32 } else { 1.0 };
    (mean.iter().map(|&mean| mean as f32).collect(), variance.iter().map(scale).collect())
}
