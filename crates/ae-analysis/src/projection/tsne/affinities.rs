//! The affinities of t-SNE: how near rows are to each other, as probabilities.

use rayon::prelude::*;

use crate::probe::nearest;
use crate::{AnalysisError, Rows};

/// The number of neighbours with an affinity, per unit of perplexity. Affinities of others are negligible (van der
/// Maaten 2014).
const REACH: f64 = 3.0;
/// Halvings in the search for the width of a Gaussian.
const HALVINGS: usize = 100;
const TOLERANCE: f64 = 1e-7;

/// Symmetric affinities `p_ij` of near pairs, which sum to 1.
#[derive(Debug)]
pub(super) struct Affinities {
    /// For each row, its neighbours and the rows whose neighbour it is, in the order of their indices.
    rows: Vec<Vec<(u32, f32)>>,
}

impl Affinities {
    pub(super) fn of(rows: Rows<'_>, perplexity: f64) -> Result<Self, AnalysisError> {
        let count = rows.len();
        let reach = ((REACH * perplexity) as usize).clamp(1, count - 1);
        // One more, because a row is its own neighbour unless duplicates displace it.
        let found = nearest(rows, rows, reach + 1)?;
        let conditional: Vec<Vec<(u32, f64)>> = found
            .par_chunks(reach + 1)
            .enumerate()
            .map(|(row, found)| {
                let others = found.iter().copied().filter(|&other| other as usize != row);
                conditional(rows, row, others.take(reach).collect(), perplexity)
            })
            .collect();
        let mut neighbours_of = vec![Vec::new(); count];
        for (row, neighbours) in conditional.iter().enumerate() {
            for &(other, probability) in neighbours {
                let half = probability / (2 * count) as f64;
                neighbours_of[row].push((other, half));
                neighbours_of[other as usize].push((row as u32, half));
            }
        }
        Ok(Self { rows: neighbours_of.into_iter().map(merged).collect() })
    }

    pub(super) fn row(&self, row: usize) -> &[(u32, f32)] {
        &self.rows[row]
    }
}

/// Adds the two affinities of a pair in which each row is a neighbour of the other.
fn merged(mut affinities: Vec<(u32, f64)>) -> Vec<(u32, f32)> {
    affinities.sort_by_key(|&(other, _)| other);
    let groups = affinities.chunk_by(|a, b| a.0 == b.0);
    groups.map(|group| (group[0].0, group.iter().map(|pair| pair.1).sum::<f64>() as f32)).collect()
}

/// The probabilities of a row's neighbours under a Gaussian around it. Its width is such that they have this
/// perplexity, which is 2 to the power of their entropy in bits.
fn conditional(rows: Rows<'_>, row: usize, others: Vec<u32>, perplexity: f64) -> Vec<(u32, f64)> {
    let distance = |&other: &u32| {
        let pairs = rows.row(row).iter().zip(rows.row(other as usize));
        pairs.map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2)).sum::<f64>()
    };
    let distances: Vec<f64> = others.iter().map(distance).collect();
    let nearest = distances.iter().copied().fold(f64::INFINITY, f64::min);
    let mean =
        distances.iter().map(|distance| distance - nearest).sum::<f64>() / distances.len() as f64;
    let (mut low, mut high) = (0.0, f64::INFINITY);
    // The search begins at the scale of the distances, which can be 0.
    let mut precision = 1.0 / mean.max(f64::MIN_POSITIVE);
    let mut probabilities = Vec::new();
    for _ in 0..HALVINGS {
        probabilities = distances.iter().map(|d| (-precision * (d - nearest)).exp()).collect();
        let sum: f64 = probabilities.iter().sum();
        probabilities.iter_mut().for_each(|probability| *probability /= sum);
        let entropy: f64 = probabilities.iter().filter(|&&p| p > 0.0).map(|p| -p * p.ln()).sum();
        let excess = entropy - perplexity.ln();
        if excess.abs() < TOLERANCE {
            break;
        }
        if excess > 0.0 {
            low = precision
        } else {
            high = precision
        }
        precision = if high.is_finite() { (low + high) / 2.0 } else { (2.0 * low).min(f64::MAX) };
    }
    others.into_iter().zip(probabilities).collect()
}
