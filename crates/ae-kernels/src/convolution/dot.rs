//! Sums of a single channel: a window's numbers lie side by side in vectors, and their lanes are added last.

use pulp::Simd;

use super::block::{Position, View};
use crate::simd::{LANES, WithLanes};

/// Positions whose lanes are added together.
const SQUARE: usize = 8;

/// A channel's weight: rows of the window, each padded with zeros to whole lanes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Channel<'a> {
    pub(super) weight: &'a [f32],
    pub(super) bias: f32,
    /// Rows of a window.
    pub(super) rows: usize,
    /// Contiguous numbers in each row of a window.
    pub(super) run: usize,
}

/// The sums of a channel at some positions.
pub(super) struct ChannelSums<'a> {
    pub(super) view: View<'a>,
    pub(super) positions: &'a [Position],
    pub(super) channel: Channel<'a>,
    /// The target from the block's first position and this channel on.
    pub(super) target: &'a mut [f32],
}

impl WithLanes for ChannelSums<'_> {
    type Output = ();

    #[inline(always)]
    fn with_lanes<S: Simd, const V: usize, const I: usize>(self, simd: S) {
        let Self { view, positions, channel, target } = self;
        let tiles = Windows { view, channel };
        let (squares, rest) = positions.as_chunks::<SQUARE>();
        for square in squares {
            let mut lanes = [[0.0; LANES]; SQUARE];
            match V {
                1 => tiles.lanes::<S, V, 8>(simd, square, &mut lanes),
                2 | 4 => tiles.lanes::<S, V, 4>(simd, square, &mut lanes),
                _ => tiles.lanes::<S, V, 1>(simd, square, &mut lanes),
            }
            for (position, sum) in square.iter().zip(sums_of_lanes(&lanes)) {
                target[position.target] = sum + channel.bias;
            }
        }
        for position in rest {
            let mut lanes = [[0.0; LANES]; 1];
            tiles.lanes::<S, V, 1>(simd, std::slice::from_ref(position), &mut lanes);
            let [sum] = sums_of_lanes(&lanes);
            target[position.target] = sum + channel.bias;
        }
    }
}

#[derive(Clone, Copy)]
struct Windows<'a> {
    view: View<'a>,
    channel: Channel<'a>,
}

impl Windows<'_> {
    /// The lanes of the sums, `R` positions at a time, each in `V` vectors.
    #[inline(always)]
    fn lanes<S: Simd, const V: usize, const R: usize>(
        &self,
        simd: S,
        positions: &[Position],
        lanes: &mut [[f32; LANES]],
    ) {
        let (positions, _) = positions.as_chunks::<R>();
        let (lanes, _) = lanes.as_chunks_mut::<R>();
        for (positions, lanes) in positions.iter().zip(lanes) {
            let sums = self.tile::<S, V, R>(simd, positions);
            for r in 0..R {
                S::as_mut_simd_f32s(&mut lanes[r]).0.copy_from_slice(&sums[r]);
            }
        }
    }

    #[inline(always)]
    #[expect(unsafe_code, reason = "bounds checks in the innermost loop halve its speed")]
    fn tile<S: Simd, const V: usize, const R: usize>(
        &self,
        simd: S,
        positions: &[Position; R],
    ) -> [[S::f32s; V]; R] {
        let Channel { weight, rows, run, .. } = self.channel;
        let View { numbers, row_stride } = self.view;
        let (whole, rest) = (run / LANES, run % LANES);
        assert!(V * S::F32_LANES == LANES && run > 0, "vectors that hold the lanes");
        let mut sums = [[simd.splat_f32s(0.0); V]; R];
        for (row, weight) in weight.chunks_exact(run.next_multiple_of(LANES)).take(rows).enumerate()
        {
            let mut windows = [numbers.as_ptr(); R];
            for (window, position) in windows.iter_mut().zip(positions) {
                *window = numbers[position.source + row * row_stride..][..run].as_ptr();
            }
            for (index, weight) in weight.chunks_exact(LANES).enumerate() {
                let weight = S::as_simd_f32s(weight).0;
                for r in 0..R {
                    let start = windows[r].wrapping_add(index * LANES);
                    let x = if index < whole {
                        // SAFETY: `run` numbers follow the window's first, and these are the lanes of chunk `index`, which
                        // is one of the `whole` chunks. The read is unaligned.
                        unsafe { start.cast::<[S::f32s; V]>().read_unaligned() }
                    } else {
                        // SAFETY: `rest` numbers follow the whole chunks.
                        first_lanes(simd, unsafe { std::slice::from_raw_parts(start, rest) })
                    };
                    for v in 0..V {
                        sums[r][v] = simd.mul_add_e_f32s(x[v], weight[v], sums[r][v]);
                    }
                }
            }
        }
        sums
    }
}

/// Numbers, and zeros in the lanes behind them.
#[inline(always)]
fn first_lanes<S: Simd, const V: usize>(simd: S, numbers: &[f32]) -> [S::f32s; V] {
    let mut vectors = [simd.splat_f32s(0.0); V];
    let mut rest = numbers;
    for vector in &mut vectors {
        let (now, then) = rest.split_at(rest.len().min(S::F32_LANES));
        *vector = simd.partial_load_f32s(now);
        rest = then;
    }
    vectors
}

/// The sum of each row's lanes: halves are added until one number is left. (A loop over rows inside each, so that the
/// compiler transposes through registers.)
#[inline(always)]
fn sums_of_lanes<const R: usize>(lanes: &[[f32; LANES]; R]) -> [f32; R] {
    let mut halves = [[0.0; R]; LANES / 2];
    for r in 0..R {
        for i in 0..LANES / 2 {
            halves[i][r] = lanes[r][i] + lanes[r][i + LANES / 2];
        }
    }
    let mut width = LANES / 4;
    while width > 0 {
        for i in 0..width {
            for r in 0..R {
                halves[i][r] += halves[i + width][r];
            }
        }
        width /= 2;
    }
    halves[0]
}
