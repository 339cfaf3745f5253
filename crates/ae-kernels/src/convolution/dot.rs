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
        match V {
            1 => self.run::<S, V, 8>(simd),
            2 | 4 => self.run::<S, V, 4>(simd),
            _ => self.run::<S, V, 1>(simd),
        }
    }
}

impl ChannelSums<'_> {
    /// With the lanes in `V` vectors, `R` positions at a time.
    #[inline(always)]
    fn run<S: Simd, const V: usize, const R: usize>(self, simd: S) {
        let Self { view, positions, channel, target } = self;
        let windows = Windows { view, channel };
        let (squares, rest) = positions.as_chunks::<SQUARE>();
        for square in squares {
            let mut lanes = [simd.splat_f32s(0.0); SQUARE];
            for first in (0..SQUARE).step_by(R) {
                let tile = windows.tile::<S, V, R>(simd, &square[first..first + R]);
                lanes[first..first + R].copy_from_slice(&tile);
            }
            let sums = sums_of_lanes(simd, lanes);
            for (position, sum) in square.iter().zip(sums) {
                target[position.target] = sum + channel.bias;
            }
        }
        for position in rest {
            let mut lanes = [simd.splat_f32s(0.0); SQUARE];
            [lanes[0]] = windows.tile::<S, V, 1>(simd, std::slice::from_ref(position));
            target[position.target] = sums_of_lanes(simd, lanes)[0] + channel.bias;
        }
    }
}

/// The windows of a block, and what their numbers are multiplied by.
#[derive(Clone, Copy)]
struct Windows<'a> {
    view: View<'a>,
    channel: Channel<'a>,
}

impl Windows<'_> {
    /// The sums of `R` windows in as many lanes as a vector has.
    #[inline(always)]
    #[expect(unsafe_code, reason = "bounds checks in the innermost loop halve its speed")]
    fn tile<S: Simd, const V: usize, const R: usize>(
        &self,
        simd: S,
        positions: &[Position],
    ) -> [S::f32s; R] {
        let Channel { weight, rows, run, .. } = self.channel;
        let View { numbers, row_stride } = self.view;
        let (whole, rest) = (run / LANES, run % LANES);
        let padded = run.next_multiple_of(LANES);
        assert!(V * S::F32_LANES == LANES && run > 0, "vectors that hold the lanes");
        assert!(weight.len() >= rows * padded, "a whole channel");
        let reach = (rows - 1) * row_stride + run;
        let mut windows = [numbers.as_ptr(); R];
        for (window, position) in windows.iter_mut().zip(positions) {
            *window = numbers[position.source..][..reach].as_ptr();
        }
        let mut weight = weight.as_ptr();
        let mut sums = [[simd.splat_f32s(0.0); V]; R];
        for row in 0..rows {
            for chunk in 0..whole {
                // SAFETY: the weight has `padded` numbers for each of the rows. The read is unaligned.
                let weights = unsafe { weight.cast::<[S::f32s; V]>().read_unaligned() };
                weight = weight.wrapping_add(LANES);
                for r in 0..R {
                    // SAFETY: `reach` numbers follow the window's first, and these are among them.
                    let x = unsafe {
                        let start = windows[r].add(row * row_stride + chunk * LANES);
                        start.cast::<[S::f32s; V]>().read_unaligned()
                    };
                    for v in 0..V {
                        sums[r][v] = simd.mul_add_e_f32s(x[v], weights[v], sums[r][v]);
                    }
                }
            }
            if rest > 0 {
                // SAFETY: as above.
                let weights = unsafe { weight.cast::<[S::f32s; V]>().read_unaligned() };
                weight = weight.wrapping_add(LANES);
                for r in 0..R {
                    // SAFETY: `rest` numbers of the row follow the whole chunks.
                    let numbers = unsafe {
                        let start = windows[r].add(row * row_stride + whole * LANES);
                        std::slice::from_raw_parts(start, rest)
                    };
                    let x = first_lanes::<S, V>(simd, numbers);
                    for v in 0..V {
                        sums[r][v] = simd.mul_add_e_f32s(x[v], weights[v], sums[r][v]);
                    }
                }
            }
        }
        halved(simd, sums)
    }
}

/// Adds halves of the vectors of each row until one is left.
#[inline(always)]
fn halved<S: Simd, const V: usize, const R: usize>(
    simd: S,
    mut rows: [[S::f32s; V]; R],
) -> [S::f32s; R] {
    let mut sums = [simd.splat_f32s(0.0); R];
    for r in 0..R {
        for half in [8, 4, 2, 1] {
            if half < V {
                for v in 0..half {
                    rows[r][v] = simd.add_f32s(rows[r][v], rows[r][v + half]);
                }
            }
        }
        sums[r] = rows[r][0];
    }
    sums
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

/// The sums of eight vectors' lanes: halves are added until one number is left.
///
/// Lanes are filled with sums of other vectors as those of a vector become fewer.
#[inline(always)]
fn sums_of_lanes<S: Simd>(simd: S, mut sums: [S::f32s; SQUARE]) -> [f32; SQUARE] {
    match S::F32_LANES {
        16 => {
            join::<S, 4, 8>(simd, &mut sums);
            join::<S, 2, 4>(simd, &mut sums);
            join::<S, 1, 2>(simd, &mut sums);
            sums[0] = simd.add_f32s(sums[0], simd.rotate_left_f32s(sums[0], 1));
        }
        8 => {
            join::<S, 4, 4>(simd, &mut sums);
            join::<S, 2, 2>(simd, &mut sums);
            join::<S, 1, 1>(simd, &mut sums);
        }
        4 => {
            join::<S, 4, 2>(simd, &mut sums);
            join::<S, 2, 1>(simd, &mut sums);
        }
        _ => {}
    }
    // The sums are in this many vectors now, at lanes with this distance.
    let vectors = if S::F32_LANES < SQUARE { SQUARE / S::F32_LANES } else { 1 };
    let step = if S::F32_LANES > SQUARE { S::F32_LANES / SQUARE } else { 1 };
    let mut lanes = [0.0; LANES];
    let mut numbers = [0.0; SQUARE];
    for vector in 0..vectors {
        S::as_mut_simd_f32s(&mut lanes).0[0] = sums[vector];
        for index in 0..SQUARE / vectors {
            numbers[index * vectors + vector] = lanes[index * step];
        }
    }
    numbers
}

/// Joins vectors `i` and `i + N` for each `i` below `N`.
#[inline(always)]
fn join<S: Simd, const N: usize, const WIDTH: usize>(simd: S, sums: &mut [S::f32s; SQUARE]) {
    let is_upper = is_upper_half(simd, WIDTH);
    for i in 0..N {
        sums[i] = joined(simd, is_upper, [sums[i], sums[i + N]], WIDTH);
    }
}

/// Whether a lane is in the upper half of `2 width` lanes.
#[inline(always)]
fn is_upper_half<S: Simd>(simd: S, width: usize) -> S::m32s {
    let mut lanes = [0.0; LANES];
    for (lane, number) in lanes.iter_mut().enumerate() {
        *number = if lane & width > 0 { 1.0 } else { 0.0 };
    }
    let lanes = S::as_simd_f32s(&lanes).0[0];
    simd.less_than_f32s(simd.splat_f32s(0.5), lanes)
}

/// The sums of both halves of `2 width` lanes: those of the first vector in the lower half, those of the second in the
/// upper.
#[inline(always)]
fn joined<S: Simd>(simd: S, is_upper: S::m32s, pair: [S::f32s; 2], width: usize) -> S::f32s {
    let [first, second] = pair;
    let first = simd.add_f32s(first, simd.rotate_left_f32s(first, width));
    let second = simd.add_f32s(second, simd.rotate_right_f32s(second, width));
    let [first, second]: [S::u32s; 2] = [pulp::cast(first), pulp::cast(second)];
    pulp::cast(simd.select_u32s(is_upper, second, first))
}
