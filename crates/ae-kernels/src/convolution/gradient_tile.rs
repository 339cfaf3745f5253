//! Sums of a part of the weight's gradient that stay in registers over all positions of a block.

use pulp::{Simd, WithSimd};

use super::block::View;
use super::geometry::Extent;
use super::tile::PANEL_STEP;

/// Which numbers lie side by side in a vector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lanes {
    /// The channels of the target; a row is a number of the window.
    Target,
    /// The numbers of a window's row, which are contiguous in the source; a row is a channel of the target.
    Run,
}

/// The layout of a gradient while it is summed: (kernel rows, rows, lanes), the last padded to whole vectors.
#[derive(Debug, Clone, Copy)]
pub(super) struct GradientLayout {
    pub(super) lanes: Lanes,
    pub(super) kernel_rows: usize,
    pub(super) rows: usize,
    /// Lanes that are not padding.
    pub(super) numbers: usize,
}

impl GradientLayout {
    #[inline(always)]
    pub(super) fn padded_lanes(&self) -> usize {
        self.numbers.next_multiple_of(PANEL_STEP)
    }

    pub(super) fn count(&self) -> usize {
        self.kernel_rows * self.rows * self.padded_lanes()
    }

    #[inline(always)]
    pub(super) fn place(&self, kernel_row: usize, row: usize, lane: usize) -> usize {
        (kernel_row * self.rows + row) * self.padded_lanes() + lane
    }
}

/// The gradient of the weight over a block's positions.
pub(super) struct BlockGradient<'a> {
    pub(super) layout: GradientLayout,
    pub(super) source: View<'a>,
    /// The target from the block's first position on.
    pub(super) target: View<'a>,
    /// Positions of the block.
    pub(super) extent: Extent,
    /// Rows of the source from one window to the next.
    pub(super) row_step: usize,
    /// Numbers of the source from one window to the next.
    pub(super) source_step: usize,
    /// Channels of the target.
    pub(super) target_step: usize,
    pub(super) packed: &'a mut [f32],
}

/// The first element of a tile.
#[derive(Debug, Clone, Copy)]
struct Corner {
    kernel_row: usize,
    row: usize,
    lane: usize,
}

/// Vectors of sums that the registers hold beside the factors.
const fn sums_in_registers<S: Simd>() -> usize {
    if S::F32_LANES == 8 { 12 } else { 24 }
}

/// The lanes as a type, so that loops are compiled for each.
trait Orientation {
    const LANES: Lanes;
}

struct OfTarget;
struct OfRun;

impl Orientation for OfTarget {
    const LANES: Lanes = Lanes::Target;
}

impl Orientation for OfRun {
    const LANES: Lanes = Lanes::Run;
}

impl WithSimd for BlockGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        match self.layout.lanes {
            Lanes::Target => self.all_lanes::<S, OfTarget>(simd),
            Lanes::Run => self.all_lanes::<S, OfRun>(simd),
        }
    }
}

impl BlockGradient<'_> {
    #[inline(always)]
    fn all_lanes<S: Simd, O: Orientation>(&mut self, simd: S) {
        let padded = self.layout.padded_lanes();
        let mut lane = 0;
        while lane < padded {
            let rest = padded - lane;
            lane += match S::F32_LANES {
                16 => match rest {
                    48.. => self.lanes::<S, O, 8, 3>(simd, lane),
                    32.. => self.lanes::<S, O, 8, 2>(simd, lane),
                    16..24 => self.lanes::<S, O, 8, 1>(simd, lane),
                    _ => self.narrow_lanes::<S, O>(simd, lane),
                },
                8 => match rest {
                    24.. => self.lanes::<S, O, 4, 3>(simd, lane),
                    16.. => self.lanes::<S, O, 6, 2>(simd, lane),
                    _ => self.lanes::<S, O, 8, 1>(simd, lane),
                },
                4 => match rest {
                    24.. => self.lanes::<S, O, 4, 6>(simd, lane),
                    16.. => self.lanes::<S, O, 6, 4>(simd, lane),
                    _ => self.lanes::<S, O, 8, 2>(simd, lane),
                },
                _ => self.lanes::<S, O, 1, 8>(simd, lane),
            };
        }
    }

    /// 24 or 8 lanes on a machine with AVX-512, which has vectors of eight numbers too.
    #[inline(always)]
    fn narrow_lanes<S: Simd, O: Orientation>(&mut self, simd: S, lane: usize) -> usize {
        #[cfg(target_arch = "x86_64")]
        if let Some(narrow) = pulp::x86::V3::try_new() {
            return if self.layout.padded_lanes() - lane >= 24 {
                self.lanes::<_, O, 8, 3>(narrow, lane)
            } else {
                self.lanes::<_, O, 8, 1>(narrow, lane)
            };
        }
        self.lanes::<S, O, 1, 1>(simd, lane)
    }

    /// `P` vectors of lanes from this one on, in tiles of `R` rows. Returns their number.
    #[inline(always)]
    fn lanes<S: Simd, O: Orientation, const R: usize, const P: usize>(
        &mut self,
        simd: S,
        lane: usize,
    ) -> usize {
        let GradientLayout { rows, kernel_rows, .. } = self.layout;
        let mut kernel_row = 0;
        while kernel_row < kernel_rows {
            // Few rows: several rows of the kernel together keep the arithmetic units busy.
            let together = if rows <= 3 && kernel_rows - kernel_row >= 3 { 3 } else { 1 };
            let mut row = 0;
            while row < rows {
                let corner = Corner { kernel_row, row, lane };
                row += match (together, rows - row) {
                    (3, 3..) if const { 9 * P <= sums_in_registers::<S>() } => {
                        self.tile::<S, O, 3, 3, P>(simd, corner)
                    }
                    (3, _) => self.tile::<S, O, 3, 1, P>(simd, corner),
                    (_, rest) if rest >= R => self.tile::<S, O, 1, R, P>(simd, corner),
                    (_, 4..) if const { R > 4 } => self.tile::<S, O, 1, 4, P>(simd, corner),
                    _ => self.tile::<S, O, 1, 1, P>(simd, corner),
                };
            }
            kernel_row += together;
        }
        P * S::F32_LANES
    }

    /// The sums of `Y` rows of the kernel x `R` rows of the layout x `P` vectors of lanes. Returns `R`.
    #[inline(always)]
    fn tile<S: Simd, O: Orientation, const Y: usize, const R: usize, const P: usize>(
        &mut self,
        simd: S,
        corner: Corner,
    ) -> usize {
        let valid = self.layout.numbers.saturating_sub(corner.lane);
        let sums = if const { matches!(O::LANES, Lanes::Run) } || valid >= P * S::F32_LANES {
            self.sums::<S, O, Y, R, P, false>(simd, corner)
        } else {
            self.sums::<S, O, Y, R, P, true>(simd, corner)
        };
        for (y, sums) in sums.iter().enumerate() {
            for (r, sums) in sums.iter().enumerate() {
                let place = self.layout.place(corner.kernel_row + y, corner.row + r, corner.lane);
                let packed = &mut self.packed[place..][..P * S::F32_LANES];
                let packed = S::as_mut_simd_f32s(packed).0;
                for p in 0..P {
                    packed[p] = simd.add_f32s(packed[p], sums[p]);
                }
            }
        }
        R
    }

    /// `EDGE`: there are fewer lanes than the vectors have.
    #[inline(always)]
    #[expect(unsafe_code, reason = "bounds checks in the innermost loop halve its speed")]
    fn sums<
        S: Simd,
        O: Orientation,
        const Y: usize,
        const R: usize,
        const P: usize,
        const EDGE: bool,
    >(
        &self,
        simd: S,
        corner: Corner,
    ) -> [[[S::f32s; P]; R]; Y] {
        let Corner { kernel_row, row, lane } = corner;
        let valid = self.layout.numbers.saturating_sub(lane).min(P * S::F32_LANES);
        // First numbers, and how many, that are read on both sides at each position.
        let ((in_source, of_source), (in_target, of_target)) = match O::LANES {
            Lanes::Target => ((row, R), (lane, valid)),
            Lanes::Run => ((lane, valid), (row, R)),
        };
        assert!(EDGE || valid == P * S::F32_LANES, "whole vectors");
        let Self { extent, source_step, target_step, .. } = *self;
        let mut sums = [[[simd.splat_f32s(0.0); P]; R]; Y];
        for position_row in 0..extent.height {
            let source_row = position_row * self.row_step + kernel_row;
            let mut source = [self.source.numbers.as_ptr(); Y];
            for (y, source) in source.iter_mut().enumerate() {
                let row = &self.source.numbers[(source_row + y) * self.source.row_stride..];
                *source = row[in_source..][..(extent.width - 1) * source_step + of_source].as_ptr();
            }
            let row = &self.target.numbers[position_row * self.target.row_stride..];
            let mut target =
                row[in_target..][..(extent.width - 1) * target_step + of_target].as_ptr();
            for _ in 0..extent.width {
                match O::LANES {
                    Lanes::Target => {
                        // SAFETY: `valid` or as many numbers as lanes follow (`row` above ends behind the last
                        // position's).
                        let lanes = unsafe { load::<S, P, EDGE>(simd, target, valid) };
                        for y in 0..Y {
                            // SAFETY: `R` numbers follow at each position of the row of the source above.
                            unsafe { add_products(simd, source[y], lanes, &mut sums[y]) };
                        }
                    }
                    Lanes::Run => {
                        for y in 0..Y {
                            // SAFETY: as above, with the roles exchanged.
                            let lanes = unsafe { load::<S, P, EDGE>(simd, source[y], valid) };
                            // SAFETY: `R` numbers follow at each position of the row of the target.
                            unsafe { add_products(simd, target, lanes, &mut sums[y]) };
                        }
                    }
                }
                // The last steps may lead beyond the rows, and are not read from.
                target = target.wrapping_add(target_step);
                for source in &mut source {
                    *source = source.wrapping_add(source_step);
                }
            }
        }
        sums
    }
}

/// Adds each of `R` numbers times the lanes to its sums.
///
/// # Safety
/// `R` numbers can be read.
#[inline(always)]
#[expect(unsafe_code, reason = "bounds checks in the innermost loop halve its speed")]
unsafe fn add_products<S: Simd, const R: usize, const P: usize>(
    simd: S,
    numbers: *const f32,
    lanes: [S::f32s; P],
    sums: &mut [[S::f32s; P]; R],
) {
    // Indices, because with iterators the compiler keeps the sums in memory.
    #[expect(clippy::needless_range_loop, reason = "the index is that of a number too")]
    for r in 0..R {
        // SAFETY: promised by the caller.
        let x = simd.splat_f32s(unsafe { *numbers.add(r) });
        for p in 0..P {
            sums[r][p] = simd.mul_add_e_f32s(x, lanes[p], sums[r][p]);
        }
    }
}

/// The numbers as vectors. `EDGE`: there are only `valid` numbers, and zeros follow them.
///
/// # Safety
/// As many numbers as `valid`, or as the vectors have lanes, can be read.
#[inline(always)]
#[expect(unsafe_code, reason = "bounds checks in the innermost loop halve its speed")]
unsafe fn load<S: Simd, const P: usize, const EDGE: bool>(
    simd: S,
    numbers: *const f32,
    valid: usize,
) -> [S::f32s; P] {
    if EDGE {
        // SAFETY: promised by the caller.
        let mut rest = unsafe { std::slice::from_raw_parts(numbers, valid) };
        let mut vectors = [simd.splat_f32s(0.0); P];
        for vector in &mut vectors {
            let (now, then) = rest.split_at(rest.len().min(S::F32_LANES));
            *vector = simd.partial_load_f32s(now);
            rest = then;
        }
        vectors
    } else {
        // SAFETY: promised by the caller. The read is unaligned.
        unsafe { numbers.cast::<[S::f32s; P]>().read_unaligned() }
    }
}
