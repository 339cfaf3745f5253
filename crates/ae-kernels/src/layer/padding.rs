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

    /// The number of windows along an axis, and the padding before the first position; `None` if there is no window.
    pub(crate) fn windows(self, length: usize, size: usize, stride: usize) -> Option<Windows> {
        match self {
            Self::Same => {
                let count = length.div_ceil(stride);
                let covered = count.checked_sub(1)?.saturating_mul(stride).saturating_add(size);
                Some(Windows { count, before: covered.saturating_sub(length) / 2 })
            }
            Self::Valid => {
                let count = length.checked_sub(size)? / stride + 1;
                Some(Windows { count, before: 0 })
            }
        }
    }
}

named!(Padding, "the padding", { Same => "same", Valid => "valid" });

/// Windows along an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Windows {
    pub(crate) count: usize,
    /// Positions of the first window that lie before the map.
    pub(crate) before: usize,
}
