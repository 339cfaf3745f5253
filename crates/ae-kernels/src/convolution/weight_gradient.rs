//! The gradients of a convolution's weight and bias.
//!
//! Gradients of the weight are summed in a layout of their own, (kernel rows, kernel columns x channels of the map,
//! channels of the windows), the last padded to whole vectors. Each block of an item is summed from 0, position after
//! position, and added to what is there. So the bits depend on the order of the items, not on how many a call has.

use pulp::{Simd, WithSimd};

use super::block::{Block, Blocks, ConvolutionScratch, View};
use super::geometry::{Convolution, Direction, Extent, Shape};
use super::phase::Phase;
use super::tile::PANEL_STEP;
use crate::simd::{Dispatch, vectorised};

/// Sums of a channel of which each adds other positions, so that additions do not wait for each other.
const BIAS_SUMS: usize = 64;

impl Convolution {
    /// Numbers of the gradient of the weight while it is summed.
    pub fn packed_gradient_count(&self) -> usize {
        self.run() * self.kernel.height * self.padded_windows()
    }

    fn run(&self) -> usize {
        self.kernel.width * self.map.channels
    }

    fn padded_windows(&self) -> usize {
        self.windows.channels.next_multiple_of(PANEL_STEP)
    }

    /// Adds each item's gradient of the weight to `packed`, which has [`Self::packed_gradient_count`] numbers and begins
    /// with zeros, given the items of the input and the gradient at the logits.
    ///
    /// # Panics
    /// If a slice has another length.
    pub fn add_weight_gradient(
        &self,
        input: &[f32],
        logit_gradient: &[f32],
        packed: &mut [f32],
        scratch: &mut ConvolutionScratch,
    ) {
        self.add_weight_gradient_with(Dispatch::Widest, input, logit_gradient, packed, scratch);
    }

    pub(super) fn add_weight_gradient_with(
        &self,
        dispatch: Dispatch,
        input: &[f32],
        logit_gradient: &[f32],
        packed: &mut [f32],
        scratch: &mut ConvolutionScratch,
    ) {
        let (map, windows) = match self.direction {
            Direction::Forward => (input, logit_gradient),
            Direction::Transposed => (logit_gradient, input),
        };
        let (of_map, of_windows) = (self.map.count(), self.windows.count());
        let items = map.len() / of_map;
        assert_eq!(map.len(), items * of_map, "whole items of the map");
        assert_eq!(windows.len(), items * of_windows, "as many items of windows");
        assert_eq!(packed.len(), self.packed_gradient_count(), "numbers of the packed gradient");
        let phase = Phase::forward(self);
        let blocks = Blocks::new(phase, self.map);
        for (map, windows) in map.chunks_exact(of_map).zip(windows.chunks_exact(of_windows)) {
            for columns in blocks.columns() {
                for rows in blocks.rows() {
                    let extent = Extent { height: rows.len(), width: columns.len() };
                    let block = Block { y: rows, x: columns.clone() };
                    let place = blocks.first_target(&block, self.windows);
                    let view = blocks.view(&block, map, &mut scratch.map);
                    let windows = &windows[place..];
                    dispatch.run(BlockGradient { of: self, view, windows, extent, packed });
                }
            }
        }
    }

    /// Adds a gradient that [`Self::add_weight_gradient`] made to one in PyTorch's layout.
    ///
    /// # Panics
    /// If a slice has another length.
    pub fn unpack_weight_gradient(&self, packed: &[f32], weight_gradient: &mut [f32]) {
        assert_eq!(packed.len(), self.packed_gradient_count(), "numbers of the packed gradient");
        assert_eq!(weight_gradient.len(), self.weight_count(), "numbers of the weight");
        let Shape { channels, .. } = self.map;
        let taps = self.kernel.height * self.kernel.width;
        let padded = self.padded_windows();
        for (window, of_window) in weight_gradient.chunks_exact_mut(channels * taps).enumerate() {
            for (channel, kernel) in of_window.chunks_exact_mut(taps).enumerate() {
                let numbers = packed[channel * padded + window..].iter();
                for (to, number) in kernel.iter_mut().zip(numbers.step_by(channels * padded)) {
                    *to += number;
                }
            }
        }
    }

    /// Adds each item's sum of the gradient at the logits over all positions to one number a channel.
    ///
    /// # Panics
    /// If a slice has another length.
    pub fn add_bias_gradient(&self, logit_gradient: &[f32], bias_gradient: &mut [f32]) {
        let Shape { channels, .. } = self.output();
        let item = self.output().count();
        assert!(logit_gradient.len().is_multiple_of(item), "whole items of the output");
        assert_eq!(bias_gradient.len(), channels, "a number for each channel");
        for item in logit_gradient.chunks_exact(item) {
            if channels < BIAS_SUMS {
                let mut sums = [0.0; BIAS_SUMS];
                let width = BIAS_SUMS / channels * channels;
                add_rows(item, &mut sums[..width]);
                for sums in sums[..width].chunks_exact(channels) {
                    bias_gradient.iter_mut().zip(sums).for_each(|(to, sum)| *to += sum);
                }
            } else {
                add_rows(item, bias_gradient);
            }
        }
    }
}

/// Adds rows, of which the last may be shorter, to the sums.
fn add_rows(rows: &[f32], sums: &mut [f32]) {
    vectorised(
        #[inline(always)]
        || {
            for row in rows.chunks(sums.len()) {
                for (sum, number) in sums.iter_mut().zip(row) {
                    *sum += number;
                }
            }
        },
    );
}

/// The gradient of the weight of a block's positions.
struct BlockGradient<'a> {
    of: &'a Convolution,
    view: View<'a>,
    /// The gradient at the windows, from the block's first position on.
    windows: &'a [f32],
    extent: Extent,
    packed: &'a mut [f32],
}

impl WithSimd for BlockGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let width = self.of.padded_windows();
        let mut first = 0;
        while first < width {
            first += match (S::F32_LANES, width - first) {
                (16, 32..) => self.columns::<S, 8, 2>(simd, first),
                (16, 16..) => self.columns::<S, 8, 1>(simd, first),
                (16, _) => self.narrow_columns(simd, first),
                (8, 16..) => self.columns::<S, 4, 2>(simd, first),
                (8, _) => self.columns::<S, 8, 1>(simd, first),
                (4, 16..) => self.columns::<S, 4, 4>(simd, first),
                (4, _) => self.columns::<S, 8, 2>(simd, first),
                _ => self.columns::<S, 1, 8>(simd, first),
            };
        }
    }
}

impl BlockGradient<'_> {
    #[inline(always)]
    fn narrow_columns<S: Simd>(&mut self, simd: S, first: usize) -> usize {
        #[cfg(target_arch = "x86_64")]
        if let Some(narrow) = pulp::x86::V3::try_new() {
            return self.columns::<_, 8, 1>(narrow, first);
        }
        self.columns::<S, 8, 1>(simd, first)
    }

    #[inline(always)]
    fn columns<S: Simd, const R: usize, const P: usize>(&mut self, simd: S, first: usize) -> usize {
        let run = self.of.run();
        for row in 0..self.of.kernel.height {
            let mut k = 0;
            while k < run {
                if run - k >= R {
                    self.tile::<S, R, P>(simd, row, k, first);
                    k += R;
                } else {
                    self.tile::<S, 1, P>(simd, row, k, first);
                    k += 1;
                }
            }
        }
        P * S::F32_LANES
    }

    #[inline(always)]
    fn tile<S: Simd, const R: usize, const P: usize>(
        &mut self,
        simd: S,
        row: usize,
        k: usize,
        first: usize,
    ) {
        let Convolution { map, windows, stride, .. } = *self.of;
        let valid = windows.channels.saturating_sub(first).min(P * S::F32_LANES);
        let mut sums = [[simd.splat_f32s(0.0); P]; R];
        for y in 0..self.extent.height {
            let source = &self.view.numbers[(y * stride.height + row) * self.view.row_stride + k..];
            let gradient = &self.windows[y * windows.width * windows.channels + first..];
            for x in 0..self.extent.width {
                let mut rest = &gradient[x * windows.channels..][..valid];
                let mut vectors = [simd.splat_f32s(0.0); P];
                for vector in &mut vectors {
                    let (now, then) = rest.split_at(rest.len().min(S::F32_LANES));
                    *vector = simd.partial_load_f32s(now);
                    rest = then;
                }
                let numbers = &source[x * stride.width * map.channels..][..R];
                for r in 0..R {
                    let number = simd.splat_f32s(numbers[r]);
                    for p in 0..P {
                        sums[r][p] = simd.mul_add_e_f32s(number, vectors[p], sums[r][p]);
                    }
                }
            }
        }
        let (run, width) = (self.of.run(), self.of.padded_windows());
        for (r, sums) in sums.iter().enumerate() {
            let place = (row * run + k + r) * width + first;
            let packed = S::as_mut_simd_f32s(&mut self.packed[place..][..P * S::F32_LANES]).0;
            for p in 0..P {
                packed[p] = simd.add_f32s(packed[p], sums[p]);
            }
        }
    }
}
