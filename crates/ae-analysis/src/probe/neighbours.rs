//! Nearest neighbours by brute force, the classes that they vote for (Fix and Hodges 1951; Cover and Hart 1967), and
//! the trustworthiness of a map (Venna and Kaski 2001).

use faer::MatRef;
use rayon::prelude::*;

use crate::error::{check_count, in_range};
use crate::linalg::{mean, product};
use crate::{AnalysisError, Rows};

/// Queries and references in one matrix product. The result depends on them, because they fix the order of the
/// sums.
const QUERIES: usize = 128;
const REFERENCES: usize = 1024;

/// The `k` references nearest to each query by Euclidean distance: `n x k` indices, the nearest first. Of equally
/// near references, the first comes first.
///
/// Distances are computed in `f32` as `|x|^2 - 2 x y + |y|^2` about the mean of the references. The order of two
/// references can be wrong if their distances differ by less than about `1e-6` of the points' squared distance to
/// that mean.
///
/// # Errors
/// If `k` is not from 1 to the number of references, rows have different lengths, or a number is not
/// finite.
pub fn nearest(
    references: Rows<'_>,
    queries: Rows<'_>,
    k: usize,
) -> Result<Vec<u32>, AnalysisError> {
    queries.check_columns(references.columns())?;
    in_range("the number of neighbours", 1, references.len(), k)?;
    references.check_finite()?;
    queries.check_finite()?;
    let mean = mean(references);
    let (references, queries) = (centred(references, &mean), centred(queries, &mean));
    let references = Rows::new(&references, mean.len())?;
    let queries = Rows::new(&queries, mean.len())?;
    let norms: Vec<f32> = references.iter().map(squared_norm).collect();
    let mut found = vec![0; queries.len() * k];
    found
        .par_chunks_mut(QUERIES * k)
        .zip(queries.values().par_chunks(QUERIES * queries.columns()))
        .for_each(|(found, queries)| nearest_of_chunk(references, &norms, queries, k, found));
    Ok(found)
}

/// The class of each query, by a vote of its `k` nearest references. Of tied classes, the one with the nearest
/// reference wins.
///
/// # Errors
/// As [`nearest`], and if there is not one label for each reference.
pub fn classify_by_neighbours(
    references: Rows<'_>,
    labels: &[u8],
    queries: Rows<'_>,
    k: usize,
) -> Result<Vec<u8>, AnalysisError> {
    check_labels(references, labels)?;
    let found = nearest(references, queries, k)?;
    Ok(found.chunks_exact(k).map(|neighbours| vote(neighbours, labels)).collect())
}

/// The fraction of labels that were found, in [0, 1]; NaN if there are no labels.
pub fn accuracy(found: &[u8], labels: &[u8]) -> f64 {
    let right = found.iter().zip(labels).filter(|(found, label)| found == label).count();
    right as f64 / labels.len() as f64
}

/// The trustworthiness of a map, in [0, 1]: whether neighbours in the map are neighbours in the data. Each of a
/// point's `k` nearest points in the map that is not among its `k` nearest in the data is penalised by its rank
/// there: `1 - 2 / (n k (2n - 3k - 1)) sum (rank - k)` (Venna and Kaski 2001, equation 1).
///
/// Time grows with the square of the number of rows.
///
/// # Errors
/// If the map has another number of rows, `k` is not from 1 to less than half of it, or a number is not finite.
pub fn trustworthiness(data: Rows<'_>, map: Rows<'_>, k: usize) -> Result<f64, AnalysisError> {
    let points = data.len();
    check_count("rows of the map", points, map.len())?;
    in_range("the number of neighbours", 1, points.saturating_sub(1) / 2, k)?;
    // One more, because a point is its own neighbour unless duplicates displace it.
    let by_map = nearest(map, map, k + 1)?;
    data.check_finite()?;
    let data_values = centred(data, &mean(data));
    let data = Rows::new(&data_values, data.columns())?;
    let norms: Vec<f32> = data.iter().map(squared_norm).collect();
    let penalties: Vec<usize> = by_map
        .par_chunks(QUERIES * (k + 1))
        .zip(data.values().par_chunks(QUERIES * data.columns()))
        .enumerate()
        .map(|(chunk, (by_map, queries))| {
            let distances = distances(data, &norms, queries);
            let owns = chunk * QUERIES..;
            let lines = owns.zip(by_map.chunks_exact(k + 1)).zip(distances.chunks_exact(points));
            lines.map(|((own, by_map), distances)| penalty(own, by_map, distances, k)).sum()
        })
        .collect();
    let [n, k] = [points as f64, k as f64];
    let penalty = penalties.iter().sum::<usize>() as f64;
    Ok(1.0 - 2.0 / (n * k * (2.0 * n - 3.0 * k - 1.0)) * penalty)
}

/// Checks that there is one label for each row.
pub(crate) fn check_labels(rows: Rows<'_>, labels: &[u8]) -> Result<(), AnalysisError> {
    check_count("labels", rows.len(), labels.len())
}

/// The sum of `rank - k` over the neighbours of a point in the map, with their ranks in the data.
fn penalty(own: usize, by_map: &[u32], distances: &[f32], k: usize) -> usize {
    let neighbours = by_map.iter().map(|&other| other as usize).filter(|&other| other != own);
    neighbours
        .take(k)
        .map(|neighbour| {
            let nearer = distances.iter().enumerate().filter(|&(other, distance)| {
                let order = distance.total_cmp(&distances[neighbour]).then(other.cmp(&neighbour));
                other != own && order.is_lt()
            });
            (nearer.count() + 1).saturating_sub(k)
        })
        .sum()
}

/// Squared distances from queries to all references, without the query's own norm, which changes no order.
fn distances(references: Rows<'_>, norms: &[f32], queries: &[f32]) -> Vec<f32> {
    let columns = references.columns();
    let count = queries.len() / columns;
    let mut distances = vec![0.0; count * references.len()];
    let left = MatRef::from_row_major_slice(queries, count, columns);
    let right = MatRef::from_row_major_slice(references.values(), references.len(), columns);
    product(&mut distances, left, right.transpose());
    for line in distances.chunks_exact_mut(references.len()) {
        line.iter_mut().zip(norms).for_each(|(value, norm)| *value = norm - 2.0 * *value);
    }
    distances
}

fn vote(neighbours: &[u32], labels: &[u8]) -> u8 {
    let mut votes = [0_usize; 256];
    let classes = || neighbours.iter().map(|&neighbour| labels[neighbour as usize]);
    classes().for_each(|class| votes[class as usize] += 1);
    let most = votes.iter().max().copied().unwrap_or(0);
    classes().find(|&class| votes[class as usize] == most).unwrap_or(0)
}

fn nearest_of_chunk(
    references: Rows<'_>,
    norms: &[f32],
    queries: &[f32],
    k: usize,
    found: &mut [u32],
) {
    let columns = references.columns();
    let count = queries.len() / columns;
    let mut best: Vec<Vec<(f32, u32)>> = vec![Vec::with_capacity(k); count];
    for (chunk, part) in references.values().chunks(REFERENCES * columns).enumerate() {
        let width = part.len() / columns;
        let first = chunk * REFERENCES;
        let left = MatRef::from_row_major_slice(queries, count, columns);
        let right = MatRef::from_row_major_slice(part, width, columns);
        let mut products = vec![0.0; count * width];
        product(&mut products, left, right.transpose());
        for (best, products) in best.iter_mut().zip(products.chunks_exact(width)) {
            for (index, (product, norm)) in (first..).zip(products.iter().zip(&norms[first..])) {
                // The query's own norm changes no order.
                offer(best, k, (norm - 2.0 * product, index as u32));
            }
        }
    }
    for (best, found) in best.into_iter().zip(found.chunks_exact_mut(k)) {
        found.iter_mut().zip(best).for_each(|(found, (_, index))| *found = index);
    }
}

/// Keeps a candidate if it is one of the `k` nearest so far. Candidates come in the order of their indices.
fn offer(best: &mut Vec<(f32, u32)>, k: usize, candidate: (f32, u32)) {
    if best.len() == k {
        if best[k - 1].0 <= candidate.0 {
            return;
        }
        best.pop();
    }
    let place = best.partition_point(|kept| kept.0 <= candidate.0);
    best.insert(place, candidate);
}

/// Rows minus a mean, because the terms of a distance far from the origin are large and cancel.
fn centred(rows: Rows<'_>, mean: &[f64]) -> Vec<f32> {
    let row = |row: &[f32], centred: &mut [f32]| {
        let values = row.iter().zip(mean).map(|(&value, mean)| (f64::from(value) - mean) as f32);
        centred.iter_mut().zip(values).for_each(|(centred, value)| *centred = value);
    };
    let mut values = vec![0.0; rows.values().len()];
    values
        .par_chunks_mut(mean.len())
        .zip(rows.values().par_chunks(mean.len()))
        .for_each(|(centred, values)| row(values, centred));
    values
}

fn squared_norm(row: &[f32]) -> f32 {
    row.iter().map(|value| value * value).sum()
}
