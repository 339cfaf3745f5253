//! A convolution, or a part of its adjoint, as windows that slide over a source map.
//!
//! The adjoint of a convolution with stride s is s x s interleaved convolutions of stride 1: a position of the map
//! meets only the taps of its own remainder by s.

use super::geometry::Geometry;

/// Windows along one axis. Target `first_target + j target_step` sums taps `m` below `taps` times source
/// `start + j step + m`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PhaseAxis {
    /// The kernel's tap of the window's first position.
    first_tap: usize,
    /// The distance in the kernel between neighbouring positions of the window.
    tap_step: isize,
    pub(super) taps: usize,
    /// The source position of the first window, which may lie before the map.
    pub(super) start: isize,
    pub(super) step: usize,
    pub(super) first_target: usize,
    pub(super) target_step: usize,
    pub(super) targets: usize,
}

impl PhaseAxis {
    /// The kernel's tap at position `m` of the window.
    pub(super) fn tap(&self, m: usize) -> usize {
        self.first_tap.wrapping_add_signed(self.tap_step * m as isize)
    }

    /// Source positions from the first of a window to the last of the window `targets - 1` further on.
    pub(super) fn span(&self, targets: usize) -> usize {
        (targets - 1) * self.step + self.taps
    }

    /// The same sums without the taps that meet no position of a source of this length: perhaps none are left.
    fn cut(self, length: usize) -> Self {
        let last = self.start + ((self.targets - 1) * self.step) as isize;
        let skipped = last.min(0).unsigned_abs();
        let end = length.saturating_add_signed(-self.start).min(self.taps);
        let (first_tap, start) = (self.tap(skipped), self.start + skipped as isize);
        Self { first_tap, taps: end.saturating_sub(skipped), start, ..self }
    }

    /// Whether all windows lie within a source of this length.
    pub(super) fn is_within(&self, length: usize) -> bool {
        self.start >= 0 && self.start as usize + self.span(self.targets) <= length
    }
}

/// A convolution along one axis of `length` positions.
fn forward(
    length: usize,
    targets: usize,
    kernel: usize,
    stride: usize,
    before: usize,
) -> PhaseAxis {
    let all = PhaseAxis {
        first_tap: 0,
        tap_step: 1,
        taps: kernel,
        start: -(before as isize),
        step: stride,
        first_target: 0,
        target_step: 1,
        targets,
    };
    all.cut(length)
}

/// The parts of the adjoint along one axis of `length` positions. Positions that no window reaches are in none.
fn adjoint(
    length: usize,
    windows: usize,
    kernel: usize,
    stride: usize,
    before: usize,
) -> impl Iterator<Item = PhaseAxis> + Clone {
    (0..stride.min(length)).filter_map(move |first| {
        let remainder = (first + before) % stride;
        let taps = kernel.checked_sub(remainder + 1)? / stride + 1;
        // The last window that meets the first position.
        let last = (first + before) / stride;
        let all = PhaseAxis {
            first_tap: remainder + stride * (taps - 1),
            // A stride beyond the largest `isize` has one tap: the step is not taken.
            tap_step: (stride as isize).wrapping_neg(),
            taps,
            start: last as isize + 1 - taps as isize,
            step: 1,
            first_target: first,
            target_step: stride,
            targets: (length - first).div_ceil(stride),
        };
        Some(all.cut(windows)).filter(|axis| axis.taps > 0)
    })
}

/// Windows along both axes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Phase {
    pub(super) y: PhaseAxis,
    pub(super) x: PhaseAxis,
}

impl Phase {
    /// The convolution, from the map to the windows. Every window meets the map.
    pub(super) fn forward(of: &Geometry) -> Self {
        let Geometry { map, windows, kernel, stride, before, .. } = *of;
        Self {
            y: forward(map.height, windows.height, kernel.height, stride.height, before.height),
            x: forward(map.width, windows.width, kernel.width, stride.width, before.width),
        }
    }

    /// Whether its targets are neighbours, so that no other phase or gap lies between them.
    pub(super) fn is_dense(&self) -> bool {
        self.y.target_step == 1 && self.x.target_step == 1
    }

    /// The adjoint, from the windows to the map.
    pub(super) fn adjoint(of: &Geometry) -> impl Iterator<Item = Self> {
        let Geometry { map, windows, kernel, stride, before, .. } = *of;
        let columns = adjoint(map.width, windows.width, kernel.width, stride.width, before.width);
        adjoint(map.height, windows.height, kernel.height, stride.height, before.height)
            .flat_map(move |y| columns.clone().map(move |x| Self { y, x }))
    }
}
