//! t-SNE (van der Maaten and Hinton 2008): a map of rows in the plane that keeps neighbourhoods.

mod affinities;

use pulp::Arch;
use rayon::prelude::*;

use crate::error::in_range;
use crate::{AnalysisError, Pca, Rows};
use affinities::Affinities;

/// The largest number of rows of [`tsne`], which sums the forces over all pairs in every step.
pub const TSNE_MOST_ROWS: usize = 10_000;
/// The effective number of neighbours, unless there are few rows.
const PERPLEXITY: f64 = 30.0;
/// The number of steps, and of those at the beginning in which neighbours attract more (early exaggeration).
const STEPS: usize = 750;
const EARLY_STEPS: usize = 250;
const EXAGGERATION: f64 = 12.0;
/// The standard deviation of the initial map.
const INITIAL_SPREAD: f64 = 1e-4;
/// Rows in one task. The result does not depend on it, because each row has its own sums.
const ROWS_PER_TASK: usize = 64;
/// Lanes of a sum. The result depends on them, because they fix its order on every machine.
const LANES: usize = 16;

/// Maps rows into the plane, `n x 2`, so that similar rows are neighbours. Distances within a neighbourhood are
/// meaningful, distances between far groups are not.
///
/// The perplexity is 30, or a third of the other rows if that is less. The forces between all pairs are exact.
/// There are 750 steps; in the first 250, neighbours attract twelve times as much. The map begins with the first
/// two principal components at a standard deviation of 1e-4 (Kobak and Berens 2019), so that nothing is random:
/// the same rows give the same map, bit for bit, for any number of threads.
///
/// `step(done, total)` is called after every step.
///
/// # Errors
/// If there are not 4 to [`TSNE_MOST_ROWS`] rows of at least two numbers, a number is not finite, or all
/// rows are equal.
pub fn tsne(rows: Rows<'_>, step: &mut dyn FnMut(usize, usize)) -> Result<Vec<f32>, AnalysisError> {
    in_range("the number of rows", 4, TSNE_MOST_ROWS, rows.len())?;
    rows.check_finite()?;
    rows.check_varies("the rows")?;
    let perplexity = PERPLEXITY.min((rows.len() - 1) as f64 / 3.0);
    let affinities = Affinities::of(rows, perplexity)?;
    let mut descent = Descent::new(initial(rows)?);
    for done in 0..STEPS {
        let (exaggeration, momentum) =
            if done < EARLY_STEPS { (EXAGGERATION, 0.5) } else { (1.0, 0.8) };
        descent.step(&affinities, exaggeration, momentum);
        step(done + 1, STEPS);
    }
    Ok(descent.map())
}

/// The first two principal components, scaled by the standard deviation of the first.
fn initial(rows: Rows<'_>) -> Result<[Vec<f32>; 2], AnalysisError> {
    let pca = Pca::fit(rows, 2)?;
    let scale = INITIAL_SPREAD / pca.variances()[0].sqrt();
    let codes = pca.encode(rows)?;
    let axis = |axis| {
        codes.chunks_exact(2).map(|code: &[f32]| (f64::from(code[axis]) * scale) as f32).collect()
    };
    Ok([0, 1].map(axis))
}

/// Gradient descent with momentum and a gain for each coordinate (Jacobs 1988).
struct Descent {
    /// Horizontal and vertical coordinates of all rows.
    places: [Vec<f32>; 2],
    velocities: [Vec<f32>; 2],
    gains: [Vec<f32>; 2],
    learning_rate: f64,
}

/// The forces on one row.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Forces {
    /// `sum_j p_ij w_ij (y_i - y_j)`, where `w_ij = 1 / (1 + |y_i - y_j|^2)`.
    attraction: [f32; 2],
    /// `sum_j w_ij^2 (y_i - y_j)`
    repulsion: [f32; 2],
    /// `sum_j w_ij` over the other rows.
    weight: f64,
}

impl Forces {
    /// The derivative of the Kullback-Leibler divergence by a coordinate (van der Maaten and Hinton 2008, equation 5).
    fn gradient(&self, axis: usize, exaggeration: f64, weight: f64) -> f64 {
        let [attraction, repulsion] = [self.attraction[axis], self.repulsion[axis]].map(f64::from);
        4.0 * (exaggeration * attraction - repulsion / weight)
    }
}

impl Descent {
    fn new(places: [Vec<f32>; 2]) -> Self {
        let rows = places[0].len();
        let all = |value: f32| [vec![value; rows], vec![value; rows]];
        // In proportion to the rows (Belkina et al. 2019). The gradient contains the factor 4.
        let learning_rate = (rows as f64 / EXAGGERATION / 4.0).max(50.0);
        Self { places, velocities: all(0.0), gains: all(1.0), learning_rate }
    }

    fn step(&mut self, affinities: &Affinities, exaggeration: f64, momentum: f32) {
        let forces = forces(&self.places, affinities);
        let weight: f64 = forces.iter().map(|forces| forces.weight).sum();
        for axis in 0..2 {
            let places = self.places[axis].iter_mut();
            let state = self.velocities[axis].iter_mut().zip(&mut self.gains[axis]);
            for ((place, (velocity, gain)), forces) in places.zip(state).zip(&forces) {
                let gradient = forces.gradient(axis, exaggeration, weight);
                let is_same_sign = (gradient > 0.0) == (*velocity > 0.0);
                *gain = if is_same_sign { (0.8 * *gain).max(0.01) } else { *gain + 0.2 };
                let push = self.learning_rate * f64::from(*gain) * gradient;
                *velocity = momentum * *velocity - push as f32;
                *place += *velocity;
            }
            centre(&mut self.places[axis]);
        }
    }

    fn map(self) -> Vec<f32> {
        let [x, y] = self.places;
        x.into_iter().zip(y).flat_map(|(x, y)| [x, y]).collect()
    }
}

fn centre(places: &mut [f32]) {
    let mean = places.iter().map(|&place| f64::from(place)).sum::<f64>() / places.len() as f64;
    places.iter_mut().for_each(|place| *place -= mean as f32);
}

fn forces([xs, ys]: &[Vec<f32>; 2], affinities: &Affinities) -> Vec<Forces> {
    let mut forces = vec![Forces::default(); xs.len()];
    forces.par_chunks_mut(ROWS_PER_TASK).enumerate().for_each(|(task, forces)| {
        Arch::new().dispatch(
            #[inline(always)]
            || {
                for (row, forces) in (task * ROWS_PER_TASK..).zip(forces) {
                    *forces = forces_on(row, xs, ys, affinities.row(row));
                }
            },
        );
    });
    forces
}

#[inline(always)]
fn forces_on(row: usize, xs: &[f32], ys: &[f32], neighbours: &[(u32, f32)]) -> Forces {
    let [x, y] = [xs[row], ys[row]];
    let mut lanes = [[0.0; LANES]; 3];
    let (x_lanes, x_rest) = xs.as_chunks::<LANES>();
    let (y_lanes, y_rest) = ys.as_chunks::<LANES>();
    for (xs, ys) in x_lanes.iter().zip(y_lanes) {
        for lane in 0..LANES {
            repel(&mut lanes, lane, x - xs[lane], y - ys[lane]);
        }
    }
    for lane in 0..x_rest.len() {
        repel(&mut lanes, lane, x - x_rest[lane], y - y_rest[lane]);
    }
    let mut attraction = [0.0; 2];
    for &(other, affinity) in neighbours {
        let (dx, dy) = (x - xs[other as usize], y - ys[other as usize]);
        let pull = affinity / (1.0 + dx * dx + dy * dy);
        attraction[0] += pull * dx;
        attraction[1] += pull * dy;
    }
    let sum = |lanes: [f32; LANES]| {
        let mut sum = 0.0;
        for lane in lanes {
            sum += f64::from(lane);
        }
        sum
    };
    let [weight, right, up] = lanes.map(sum);
    // The sum includes the row itself, with weight 1.
    Forces { attraction, repulsion: [right as f32, up as f32], weight: weight - 1.0 }
}

#[inline(always)]
fn repel([weights, right, up]: &mut [[f32; LANES]; 3], lane: usize, dx: f32, dy: f32) {
    let weight = 1.0 / (1.0 + dx * dx + dy * dy);
    weights[lane] += weight;
    right[lane] += weight * weight * dx;
    up[lane] += weight * weight * dy;
}

#[cfg(test)]
mod tests {
    use super::*;

    // import numpy as np
    // from sklearn.manifold._t_sne import _joint_probabilities, _kl_divergence
    // from scipy.spatial.distance import pdist, squareform
    // i, c = np.arange(10), np.arange(3)
    // x = (((i[:, None]*35 + c*271 + i[:, None]**2*(c+3)) % 509) / 100).astype(np.float32)
    // P = _joint_probabilities(squareform(pdist(x, "sqeuclidean")).astype(np.float32), 3.0, 0)
    // squareform(P)[7]
    // _kl_divergence(x[:, :2].astype(float).ravel(), P, 1, 10, 2)[1].reshape(10, 2)[[0, 7]]
    #[test]
    fn affinities_and_gradient_are_scikit_learns() {
        let value =
            |i: usize, c: usize| ((i * 35 + c * 271 + i * i * (c + 3)) % 509) as f32 / 100.0;
        let values: Vec<f32> = (0..10).flat_map(|i| (0..3).map(move |c| value(i, c))).collect();
        let affinities = Affinities::of(Rows::new(&values, 3).unwrap(), 3.0).unwrap();
        let expected = [
            0.001_585_26,
            0.002_338_61,
            0.002_878_08,
            0.002_358_56,
            0.001_075_54,
            0.004_654_76,
            0.002_783_53,
            0.073_026_04,
            0.000_427_14,
        ];
        let found = affinities.row(7);
        assert_eq!(
            found.iter().map(|pair| pair.0).collect::<Vec<_>>(),
            [0, 1, 2, 3, 4, 5, 6, 8, 9]
        );
        for ((_, found), expected) in found.iter().zip(expected) {
            // Their search for the perplexity ends at 1e-5 of it.
            assert!((found - expected).abs() < 1e-4 * expected, "{found} {expected}");
        }

        let places = [0, 1].map(|axis| (0..10).map(|i| value(i, axis)).collect());
        let forces = forces(&places, &affinities);
        let weight = forces.iter().map(|forces| forces.weight).sum();
        for (row, expected) in
            [(0, [0.019_032_49, 0.022_714_7]), (7, [-0.103_899_92, -0.106_952_83])]
        {
            for (axis, expected) in expected.into_iter().enumerate() {
                let found = forces[row].gradient(axis, 1.0, weight);
                assert!((found - expected).abs() < 1e-5, "{row} {axis}: {found} {expected}");
            }
        }
    }
}
