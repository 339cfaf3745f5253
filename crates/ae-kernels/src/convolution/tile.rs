//! Sums of a few positions x a few channels that stay in registers while all terms are added.

use pulp::{Simd, WithSimd};

use super::block::{Position, View};

/// Columns of a panel at most: two vectors of AVX-512.
pub(super) const PANEL: usize = 32;
/// Columns of a panel are padded to a multiple of this: a vector of AVX2.
pub(super) const PANEL_STEP: usize = 8;

/// A weight's columns of neighbouring target channels: rows of the window (`rows` x `run`), each of `width` numbers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Panel<'a> {
    pub(super) numbers: &'a [f32],
    /// One number for each column.
    pub(super) bias: &'a [f32],
    /// Rows of a window.
    pub(super) rows: usize,
    /// Contiguous numbers in each row of a window.
    pub(super) run: usize,
    /// A multiple of [`PANEL_STEP`], at most [`PANEL`].
    pub(super) width: usize,
    /// Columns that are not padding.
    pub(super) columns: usize,
}

/// The sums of a panel at some positions.
pub(super) struct PanelSums<'a> {
    pub(super) view: View<'a>,
    pub(super) positions: &'a [Position],
    pub(super) panel: Panel<'a>,
    /// The target from the block's first position and the panel's first column on.
    pub(super) target: &'a mut [f32],
}

impl WithSimd for PanelSums<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let Panel { numbers, bias, rows, run, width, .. } = self.panel;
        assert!(numbers.len() >= rows * run * width && bias.len() >= width, "a whole panel");
        let mut first = 0;
        while first < width {
            let rest = width - first;
            // As many sums as the registers hold beside the factors.
            first += match S::F32_LANES {
                16 => match rest {
                    32.. => self.columns::<S, 8, 4, 2>(simd, first),
                    16.. => self.columns::<S, 8, 4, 1>(simd, first),
                    _ => self.narrow_columns(simd, first),
                },
                8 => match rest {
                    16.. => self.columns::<S, 6, 4, 2>(simd, first),
                    _ => self.columns::<S, 8, 4, 1>(simd, first),
                },
                4 => match rest {
                    16.. => self.columns::<S, 6, 4, 4>(simd, first),
                    _ => self.columns::<S, 8, 4, 2>(simd, first),
                },
                _ => self.columns::<S, 1, 1, 8>(simd, first),
            };
        }
    }
}

impl PanelSums<'_> {
    /// Eight columns on a machine with AVX-512, which has vectors of eight numbers too.
    #[inline(always)]
    fn narrow_columns<S: Simd>(&mut self, simd: S, first: usize) -> usize {
        #[cfg(target_arch = "x86_64")]
        if let Some(narrow) = pulp::x86::V3::try_new() {
            return self.columns::<_, 8, 4, 1>(narrow, first);
        }
        self.columns::<S, 8, 4, 1>(simd, first)
    }

    /// `P` vectors of columns, in tiles of `R` positions; the last positions in tiles of `H` and of one. Returns the
    /// number of columns.
    #[inline(always)]
    fn columns<S: Simd, const R: usize, const H: usize, const P: usize>(
        &mut self,
        simd: S,
        first: usize,
    ) -> usize {
        let mut rest = self.positions;
        while let Some((now, then)) = rest.split_first_chunk::<R>() {
            self.tile::<S, R, P>(simd, first, now);
            rest = then;
        }
        while let Some((now, then)) = rest.split_first_chunk::<H>() {
            self.tile::<S, H, P>(simd, first, now);
            rest = then;
        }
        while let Some((now, then)) = rest.split_first_chunk::<1>() {
            self.tile::<S, 1, P>(simd, first, now);
            rest = then;
        }
        P * S::F32_LANES
    }

    #[inline(always)]
    #[expect(unsafe_code, reason = "bounds checks in the innermost loop halve its speed")]
    fn tile<S: Simd, const R: usize, const P: usize>(
        &mut self,
        simd: S,
        first: usize,
        positions: &[Position; R],
    ) {
        let Panel { numbers, bias, rows, run, width, columns } = self.panel;
        let View { numbers: source, row_stride } = self.view;
        let reach = (rows - 1) * row_stride + run;
        let mut windows = [source.as_ptr(); R];
        for (window, position) in windows.iter_mut().zip(positions) {
            *window = source[position.source..][..reach].as_ptr();
        }
        assert!(first + P * S::F32_LANES <= width, "columns of the panel");
        let bias = S::as_simd_f32s(&bias[first..first + P * S::F32_LANES]).0;
        let mut start = [simd.splat_f32s(0.0); P];
        start.copy_from_slice(&bias[..P]);
        let mut sum = [start; R];
        let mut weights = numbers[first..].as_ptr();
        for row in 0..rows {
            for k in 0..run {
                // SAFETY: the panel has `rows * run` rows of `width` numbers (checked by `with_simd`), and the vectors
                // lie within a row from `first` on. The read is unaligned. The last step leads at most to the end of
                // the panel plus `first`, and is not read from.
                let vectors = unsafe { weights.cast::<[S::f32s; P]>().read_unaligned() };
                weights = weights.wrapping_add(width);
                // Indices, because with iterators the compiler keeps the sums in memory.
                for r in 0..R {
                    // SAFETY: `reach` numbers follow the window's first, and this is one of them.
                    let x = simd.splat_f32s(unsafe { *windows[r].add(row * row_stride + k) });
                    for p in 0..P {
                        sum[r][p] = simd.mul_add_e_f32s(x, vectors[p], sum[r][p]);
                    }
                }
            }
        }
        let valid = columns.saturating_sub(first).min(P * S::F32_LANES);
        for (sum, position) in sum.iter().zip(positions) {
            let target = &mut self.target[position.target + first..][..valid];
            if valid == P * S::F32_LANES {
                S::as_mut_simd_f32s(target).0[..P].copy_from_slice(sum);
            } else {
                store_first(simd, target, *sum);
            }
        }
    }
}

/// Writes as many numbers as the target has.
#[inline(always)]
fn store_first<S: Simd, const P: usize>(simd: S, target: &mut [f32], vectors: [S::f32s; P]) {
    let mut rest = target;
    for vector in vectors {
        let (now, then) = rest.split_at_mut(rest.len().min(S::F32_LANES));
        simd.partial_store_f32s(now, vector);
        rest = then;
    }
}
