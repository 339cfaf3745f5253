//! A weight, rearranged for the kernels.

use super::block::{Position, View};
use super::dot::{Channel, ChannelSums};
use super::geometry::Geometry;
use super::phase::Phase;
use super::tile::{PANEL, PANEL_STEP, Panel, PanelSums};
use crate::aligned::AlignedBuffer;
use crate::simd::{Dispatch, InLanes, LANES};

/// With fewer channels, vectors of channels would be mostly padding.
const CHANNELS_OF_PANELS: usize = 4;

/// Where an element of PyTorch's layout is.
#[derive(Debug, Clone, Copy)]
pub(super) struct WeightStrides {
    count: usize,
    /// From a channel of the source to the next.
    source: usize,
    /// From a channel of the target to the next.
    target: usize,
    /// From a row of the kernel to the next.
    row: usize,
}

impl WeightStrides {
    /// From the map, the source, to the windows.
    pub(super) fn of_convolution(of: &Geometry) -> Self {
        let taps = of.kernel.height * of.kernel.width;
        let (count, row) = (of.weight_count(), of.kernel.width);
        Self { count, source: taps, target: taps * of.map.channels, row }
    }

    /// The other way round.
    pub(super) fn of_adjoint(self) -> Self {
        Self { source: self.target, target: self.source, ..self }
    }
}

/// A phase with its part of the weight.
#[derive(Debug)]
pub(super) struct PackedWeight {
    phase: Phase,
    channels: usize,
    /// Contiguous numbers in each row of a window.
    run: usize,
    layout: Layout,
    numbers: AlignedBuffer,
}

/// The layout of a packed weight. Rows and runs are those of the windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    /// (panels, rows x run, channels of a panel), see [`Panel`].
    Panels,
    /// (channels, rows, run padded to whole lanes), see [`Channel`].
    Channels,
}

impl PackedWeight {
    /// Without numbers.
    pub(super) fn new(phase: Phase, source_channels: usize, target_channels: usize) -> Self {
        let run = phase.x.taps * source_channels;
        let layout = if target_channels < CHANNELS_OF_PANELS && run >= LANES {
            Layout::Channels
        } else {
            Layout::Panels
        };
        Self { phase, channels: target_channels, run, layout, numbers: AlignedBuffer::default() }
    }

    pub(super) fn phase(&self) -> Phase {
        self.phase
    }

    /// Takes the numbers from PyTorch's layout.
    pub(super) fn pack(&mut self, weight: &[f32], strides: WeightStrides) {
        assert_eq!(weight.len(), strides.count, "numbers of the weight");
        let (channels, rows) = (self.channels, self.phase.y.taps * self.run);
        match self.layout {
            Layout::Panels => {
                let padded = channels.next_multiple_of(PANEL_STEP);
                self.numbers.first(rows * padded);
                for first in (0..channels).step_by(PANEL) {
                    let width = PANEL.min(padded - first);
                    let panel = Packing { first: first * rows, run: self.run * width, step: width };
                    for channel in first..channels.min(first + PANEL) {
                        let lane = Packing { first: panel.first + channel - first, ..panel };
                        self.pack_channel(&weight[channel * strides.target..], strides, lane);
                    }
                }
            }
            Layout::Channels => {
                let run = self.run.next_multiple_of(LANES);
                let rows = self.phase.y.taps * run;
                self.numbers.first(channels * rows);
                for channel in 0..channels {
                    let place = Packing { first: channel * rows, run, step: 1 };
                    self.pack_channel(&weight[channel * strides.target..], strides, place);
                }
            }
        }
    }

    fn pack_channel(&mut self, weight: &[f32], strides: WeightStrides, to: Packing) {
        let Phase { y, x } = self.phase;
        let packed = self.numbers.first(self.numbers.all().len());
        for (row, column) in
            (0..y.taps).flat_map(|row| (0..x.taps).map(move |column| (row, column)))
        {
            let channels = self.run / x.taps;
            let place = to.first + row * to.run + column * channels * to.step;
            let tap = y.tap(row) * strides.row + x.tap(column);
            let numbers = weight[tap..].iter().step_by(strides.source);
            let places = packed[place..].iter_mut().step_by(to.step);
            places.zip(numbers).take(channels).for_each(|(to, number)| *to = *number);
        }
    }

    /// Writes the sums of a block's positions. `target` begins at the first of them.
    pub(super) fn sums(
        &self,
        dispatch: Dispatch,
        view: View<'_>,
        positions: &[Position],
        bias: &[f32],
        target: &mut [f32],
    ) {
        let (rows, run, numbers) = (self.phase.y.taps, self.run, self.numbers.all());
        match self.layout {
            Layout::Panels => {
                let padded = self.channels.next_multiple_of(PANEL_STEP);
                for first in (0..self.channels).step_by(PANEL) {
                    let panel = Panel {
                        numbers: &numbers[first * rows * run..],
                        bias: &bias[first..],
                        rows,
                        run,
                        width: PANEL.min(padded - first),
                        columns: PANEL.min(self.channels - first),
                    };
                    let target = &mut target[first..];
                    dispatch.run(PanelSums { view, positions, panel, target });
                }
            }
            Layout::Channels => {
                let of_channel = rows * run.next_multiple_of(LANES);
                for (index, weight) in numbers.chunks_exact(of_channel).enumerate() {
                    let channel = Channel { weight, bias: bias[index], rows, run };
                    let target = &mut target[index..];
                    dispatch.run(InLanes(ChannelSums { view, positions, channel, target }));
                }
            }
        }
    }
}

/// Where a channel's numbers go: the first, and the distances between rows of the window and within a row.
#[derive(Debug, Clone, Copy)]
struct Packing {
    first: usize,
    run: usize,
    step: usize,
}
