//! Losses over rows of logits, with their gradient in the same pass.

use pulp::{Simd, WithSimd};

use crate::Activation;
use crate::activation::{Function, with_function};
use crate::elementary::{
    PIECE, exp_of_negative, exponentials, ln_above_one, rectified, sigmoid_of,
};
use crate::simd::{Dispatch, LANES, sum_of_lanes, vectorised};

/// Numbers of one lane whose factors `1 + exp(-|x|)`, at most 2, are multiplied before the logarithm
/// is taken: the sum of logarithms is the logarithm of the product, and 2^64 is far from overflow.
const FACTORS: usize = 64;

/// Turns rows of `logits` into the gradient of their binary cross-entropy against `targets` times
/// `scale`, adds its rows up in `of_bias`, and returns the sum of
/// `max(x, 0) - x t + ln(1 + exp(-|x|))` over all numbers.
///
/// # Panics
/// If the targets are not as many as the logits.
pub fn binary_cross_entropy(
    targets: &[f32],
    scale: f32,
    logits: &mut [f32],
    of_bias: &mut [f32],
) -> f64 {
    assert_eq!(logits.len(), targets.len(), "a target for each number");
    Dispatch::Widest.run(CrossEntropyOfRows { targets, scale, logits, of_bias })
}

struct CrossEntropyOfRows<'a> {
    targets: &'a [f32],
    scale: f32,
    logits: &'a mut [f32],
    of_bias: &'a mut [f32],
}

impl WithSimd for CrossEntropyOfRows<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f64 {
        let Self { targets, scale, logits, of_bias } = self;
        let width = of_bias.len();
        let rows = logits.chunks_exact_mut(width).zip(targets.chunks_exact(width));
        let mut sum = 0.0;
        for (x, t) in rows {
            sum += cross_entropy_of_row(simd, t, scale, x, of_bias);
        }
        sum
    }
}

#[inline(always)]
fn cross_entropy_of_row<S: Simd>(
    simd: S,
    targets: &[f32],
    scale: f32,
    logits: &mut [f32],
    of_bias: &mut [f32],
) -> f64 {
    let (x, x_rest) = logits.as_chunks_mut::<LANES>();
    let (t, t_rest) = targets.as_chunks::<LANES>();
    let (g, g_rest) = of_bias.as_chunks_mut::<LANES>();
    let mut total = 0.0;
    let mut memory = [0.0; PIECE];
    let groups = x.chunks_mut(FACTORS).zip(t.chunks(FACTORS));
    for ((x, t), g) in groups.zip(g.chunks_mut(FACTORS)) {
        let mut sum = CrossEntropy::new();
        let pieces = x.chunks_mut(LANES_OF_PIECE).zip(t.chunks(LANES_OF_PIECE));
        for ((x, t), g) in pieces.zip(g.chunks_mut(LANES_OF_PIECE)) {
            exponentials(simd, x.as_flattened(), &mut memory);
            let numbers = x.iter_mut().zip(memory.as_chunks::<LANES>().0);
            for (((x, e), t), g) in numbers.zip(t).zip(g) {
                for lane in 0..LANES {
                    let sigmoid = sum.add(lane, x[lane], e[lane], t[lane]);
                    let gradient = (sigmoid - t[lane]) * scale;
                    x[lane] = gradient;
                    g[lane] += gradient;
                }
            }
        }
        total += sum.total();
    }
    let mut sum = CrossEntropy::new();
    let rest = x_rest.iter_mut().zip(t_rest).zip(g_rest);
    for (lane, ((x, &t), g)) in rest.enumerate() {
        let gradient = (sum.add_alone(lane, *x, t) - t) * scale;
        *x = gradient;
        *g += gradient;
    }
    total + sum.total()
}

/// Numbers of each lane whose exponentials are taken together.
const LANES_OF_PIECE: usize = PIECE / LANES;

/// A sum of cross-entropies, a lane for every 16th number; of [`FACTORS`] numbers a lane at most.
struct CrossEntropy {
    linear: [f32; LANES],
    factors: [f32; LANES],
}

impl CrossEntropy {
    #[inline(always)]
    fn new() -> Self {
        Self { linear: [0.0; LANES], factors: [1.0; LANES] }
    }

    /// Adds a number and returns its sigmoid.
    #[inline(always)]
    fn add_alone(&mut self, lane: usize, logit: f32, target: f32) -> f32 {
        self.add(lane, logit, exp_of_negative(-logit.abs()), target)
    }

    /// The same, given `exp(-|x|)`.
    #[inline(always)]
    fn add(&mut self, lane: usize, logit: f32, exponential: f32, target: f32) -> f32 {
        self.factors[lane] *= 1.0 + exponential;
        self.linear[lane] += rectified(logit) - logit * target;
        sigmoid_of(logit, exponential)
    }

    #[inline(always)]
    fn total(self) -> f64 {
        let mut lanes = self.linear;
        for (lane, &factor) in lanes.iter_mut().zip(&self.factors) {
            *lane += ln_above_one(factor);
        }
        sum_of_lanes(lanes)
    }
}

/// Turns rows of `logits` into the gradient of the squared difference
/// between the activation's values and `targets` times `scale`, adds its rows up in `of_bias`, and
/// returns the sum of the squares.
pub(crate) fn squared_error(
    activation: Activation,
    targets: &[f32],
    scale: f32,
    logits: &mut [f32],
    of_bias: &mut [f32],
) -> f64 {
    with_function!(activation, F => {
        squared_error_of_rows::<F>(targets, 2.0 * scale, logits, of_bias)
    })
}

fn squared_error_of_rows<F: Function>(
    targets: &[f32],
    scale: f32,
    logits: &mut [f32],
    of_bias: &mut [f32],
) -> f64 {
    vectorised(
        #[inline(always)]
        || {
            let width = of_bias.len();
            let rows = logits.chunks_exact_mut(width).zip(targets.chunks_exact(width));
            let mut sum = 0.0;
            for (x, t) in rows {
                sum += squared_error_of_row::<F>(t, scale, x, of_bias);
            }
            sum
        },
    )
}

#[inline(always)]
fn squared_error_of_row<F: Function>(
    targets: &[f32],
    scale: f32,
    logits: &mut [f32],
    of_bias: &mut [f32],
) -> f64 {
    let (x, x_rest) = logits.as_chunks_mut::<LANES>();
    let (t, t_rest) = targets.as_chunks::<LANES>();
    let (g, g_rest) = of_bias.as_chunks_mut::<LANES>();
    let mut squares = [0.0; LANES];
    for ((x, t), g) in x.iter_mut().zip(t).zip(g) {
        for lane in 0..LANES {
            let (square, gradient) = square_and_gradient::<F>(x[lane], t[lane], scale);
            squares[lane] += square;
            x[lane] = gradient;
            g[lane] += gradient;
        }
    }
    let rest = x_rest.iter_mut().zip(t_rest).zip(g_rest);
    for (lane, ((x, &t), g)) in rest.enumerate() {
        let (square, gradient) = square_and_gradient::<F>(*x, t, scale);
        squares[lane] += square;
        *x = gradient;
        *g += gradient;
    }
    sum_of_lanes(squares)
}

#[inline(always)]
fn square_and_gradient<F: Function>(logit: f32, target: f32, scale: f32) -> (f32, f32) {
    let value = F::value(logit);
    let difference = value - target;
    (difference * difference, difference * scale * F::slope(logit, value))
}

/// How far rows of outputs are from their targets, summed over a row's numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct RowLosses {
    /// Binary cross-entropy in nats; none without a sigmoid at the end.
    pub cross_entropy: Option<f64>,
    /// The squared difference.
    pub squared_error: f64,
}

/// The losses of a sigmoid's outputs, from its logits.
///
/// # Panics
/// If there is not one target for each logit.
pub fn losses_of_logits(logits: &[f32], targets: &[f32]) -> RowLosses {
    assert_eq!(logits.len(), targets.len(), "a target for each logit");
    Dispatch::Widest.run(LossesOfLogits { logits, targets })
}

struct LossesOfLogits<'a> {
    logits: &'a [f32],
    targets: &'a [f32],
}

impl WithSimd for LossesOfLogits<'_> {
    type Output = RowLosses;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> RowLosses {
        let targets = self.targets.chunks(FACTORS * LANES);
        let (mut cross_entropy, mut squared_error) = (0.0, 0.0);
        for (x, t) in self.logits.chunks(FACTORS * LANES).zip(targets) {
            let of_group = losses_of_group(simd, x, t);
            cross_entropy += of_group.0;
            squared_error += of_group.1;
        }
        RowLosses { cross_entropy: Some(cross_entropy), squared_error }
    }
}

#[inline(always)]
fn losses_of_group<S: Simd>(simd: S, logits: &[f32], targets: &[f32]) -> (f64, f64) {
    let (x, x_rest) = logits.as_chunks::<LANES>();
    let (t, t_rest) = targets.as_chunks::<LANES>();
    let (mut sum, mut squares) = (CrossEntropy::new(), [0.0; LANES]);
    let mut memory = [0.0; PIECE];
    for (x, t) in x.chunks(LANES_OF_PIECE).zip(t.chunks(LANES_OF_PIECE)) {
        exponentials(simd, x.as_flattened(), &mut memory);
        for ((x, e), t) in x.iter().zip(memory.as_chunks::<LANES>().0).zip(t) {
            for lane in 0..LANES {
                let difference = sum.add(lane, x[lane], e[lane], t[lane]) - t[lane];
                squares[lane] += difference * difference;
            }
        }
    }
    let mut rest = CrossEntropy::new();
    for (lane, (&x, &t)) in x_rest.iter().zip(t_rest).enumerate() {
        let difference = rest.add_alone(lane, x, t) - t;
        squares[lane] += difference * difference;
    }
    (sum.total() + rest.total(), sum_of_lanes(squares))
}

/// The sum of squared differences of outputs and targets.
///
/// # Panics
/// If there is not one target for each output.
pub fn squared_error_sum(outputs: &[f32], targets: &[f32]) -> f64 {
    lanes_sum(
        outputs,
        targets,
        #[inline(always)]
        |y, t| (y - t) * (y - t),
    )
}

/// The sum of squared differences of a row's outputs and targets, all in `f64`.
pub(crate) fn squared_error_of_row_in_f64(outputs: &[f32], targets: &[f32]) -> f64 {
    vectorised(
        #[inline(always)]
        || {
            let (y, y_rest) = outputs.as_chunks::<LANES>();
            let (t, t_rest) = targets.as_chunks::<LANES>();
            let mut lanes = [0.0; LANES];
            for (y, t) in y.iter().zip(t) {
                for lane in 0..LANES {
                    let difference = f64::from(y[lane]) - f64::from(t[lane]);
                    lanes[lane] += difference * difference;
                }
            }
            for (lane, (&y, &t)) in y_rest.iter().zip(t_rest).enumerate() {
                let difference = f64::from(y) - f64::from(t);
                lanes[lane] += difference * difference;
            }
            lanes.iter().sum()
        },
    )
}

/// The sum of magnitudes.
pub(crate) fn magnitude_sum(values: &[f32]) -> f64 {
    lanes_sum(
        values,
        values,
        #[inline(always)]
        |x, _| x.abs(),
    )
}

/// Terms in a lane that are added in `f32` before they go on in `f64`.
const TERMS: usize = 64;

fn lanes_sum(left: &[f32], right: &[f32], term: impl Fn(f32, f32) -> f32) -> f64 {
    assert_eq!(left.len(), right.len(), "two numbers for each term");
    vectorised(
        #[inline(always)]
        || {
            let mut sum = 0.0;
            for (l, r) in left.chunks(TERMS * LANES).zip(right.chunks(TERMS * LANES)) {
                sum += sum_of_group(l, r, &term);
            }
            sum
        },
    )
}

#[inline(always)]
fn sum_of_group(left: &[f32], right: &[f32], term: &impl Fn(f32, f32) -> f32) -> f64 {
    let (l, l_rest) = left.as_chunks::<LANES>();
    let (r, r_rest) = right.as_chunks::<LANES>();
    let mut lanes = [0.0; LANES];
    for (l, r) in l.iter().zip(r) {
        for lane in 0..LANES {
            lanes[lane] += term(l[lane], r[lane]);
        }
    }
    for (lane, (&l, &r)) in l_rest.iter().zip(r_rest).enumerate() {
        lanes[lane] += term(l, r);
    }
    sum_of_lanes(lanes)
}
