//! Padding at the edges of a map.

use crate::named::named;

/// What lies beyond the edges of a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum Padding {
    /// As much that `n` positions become `ceil(n / stride)`, the smaller half before the first: TensorFlow's `SAME`.
    Same,
    /// Nothing: windows lie within the map.
    Valid,
}

impl Padding {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Same, Self::Valid];

    /// The windows along an axis of `length` positions; `None` if there is no window, or an argument is 0.
    pub fn windows(self, length: usize, size: usize, stride: usize) -> Option<Windows> {
        if length == 0 || size == 0 || stride == 0 {
            return None;
        }
        match self {
            Self::Same => {
                let count = length.div_ceil(stride);
                let before = self.before(length, count, size, stride);
                let covered = (count - 1).saturating_mul(stride).saturating_add(size);
                let after = covered.saturating_sub(length) - before;
                Some(Windows { count, before, after })
            }
            Self::Valid => {
                let count = length.checked_sub(size)? / stride + 1;
                Some(Windows { count, before: 0, after: 0 })
            }
        }
    }

    /// Positions of the first of `count` windows that lie before the map.
    pub(crate) fn before(self, length: usize, count: usize, size: usize, stride: usize) -> usize {
        match self {
            Self::Same => {
                let others = count.saturating_sub(1).saturating_mul(stride);
                others.saturating_add(size).saturating_sub(length) / 2
            }
            Self::Valid => 0,
        }
    }

    /// The length of a transposed convolution's output along an axis, given that of its input: one for which
    /// [`Self::windows`] gives `count` again. `count stride` with `same`, `(count - 1) stride + size` with `valid`; a
    /// length beyond the largest `usize` is given as the largest.
    pub const fn transposed_length(self, count: usize, size: usize, stride: usize) -> usize {
        match self {
            Self::Same => count.saturating_mul(stride),
            Self::Valid => count.saturating_sub(1).saturating_mul(stride).saturating_add(size),
        }
    }
}

named!(Padding, "the padding", { Same => "same", Valid => "valid" });

/// Windows that slide along an axis of a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Windows {
    /// How many there are, at least 1.
    pub count: usize,
    /// Positions of the first window that lie before the map.
    pub before: usize,
    /// Positions of the last window that lie after the map.
    pub after: usize,
}
