//! How near rows are to each other, as probabilities: what a map of t-SNE reproduces.

use rayon::prelude::*;

use crate::probe::nearest;
use crate::{AnalysisError, Rows};

/// Neighbours whose affinity is kept, for each unit of perplexity; those of others are too small to
/// matter (van der Maaten 2014).
const REACH: f64 = 3.0;
/// Halvings of the search for a width.
const HALVINGS: usize = 100;
const TOLERANCE: f64 = 1e-7;

/// Symmetric affinities `p_ij` that sum to 1, of near pairs alone.
#[derive(Debug)]
pub(super) struct Affinities {
    /// For each row the others that it is near to or that are near to it, by rising index.
    of_rows: Vec<Vec<(u32, f32)>>,
}

impl Affinities {
    pub(super) fn of(rows: Rows<'_>, perplexity: f64) -> Result<Self, AnalysisError> {
        let count = rows.len();
        let reach = ((REACH * perplexity) as usize).clamp(1, count - 1);
        // With itself, which duplicates may push off the list.
        let found = nearest(rows, rows, reach + 1)?;
        let conditional: Vec<Vec<(u32, f64)>> = found
            .par_chunks(reach + 1)
            .enumerate()
            .map(|(row, found)| {
                let others = found.iter().copied().filter(|&other| other as usize != row);
                conditional(rows, row, others.take(reach).collect(), perplexity)
            })
            .collect();
        let mut of_rows = vec![Vec::new(); count];
        for (row, neighbours) in conditional.iter().enumerate() {
            for &(other, probability) in neighbours {
                let half = probability / (2 * count) as f64;
                of_rows[row].push((other, half));
                of_rows[other as usize].push((row as u32, half));
            }
        }
        Ok(Self { of_rows: of_rows.into_iter().map(merged).collect() })
    }

    pub(super) fn of_row(&self, row: usize) -> &[(u32, f32)] {
        &self.of_rows[row]
    }
}

/// Adds up what stands twice: a pair of which either is near to the other.
fn merged(mut affinities: Vec<(u32, f64)>) -> Vec<(u32, f32)> {
    affinities.sort_by_key(|&(other, _)| other);
    let groups = affinities.chunk_by(|a, b| a.0 == b.0);
    groups.map(|group| (group[0].0, group.iter().map(|pair| pair.1).sum::<f64>() as f32)).collect()
}

/// The probabilities of a row's neighbours under a Gaussian around it, whose width gives them this
/// perplexity: two to the power of their entropy in bits.
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
    // Precisions are searched in units of the distances', of which any may be 0.
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
