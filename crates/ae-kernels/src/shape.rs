//! Shapes: of an item (an image, a feature map, or a vector), and of a window.

use std::fmt;

/// The shape of an item: channels, height and width. A vector of n numbers is (n, 1, 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Shape {
    /// Numbers at each position.
    pub channels: usize,
    /// Rows of positions.
    pub height: usize,
    /// Positions of a row.
    pub width: usize,
}

impl Shape {
    /// A map of so many channels, rows and columns.
    pub const fn new(channels: usize, height: usize, width: usize) -> Self {
        Self { channels, height, width }
    }

    /// A vector of so many numbers.
    pub const fn vector(numbers: usize) -> Self {
        Self { channels: numbers, height: 1, width: 1 }
    }

    /// Positions of a channel. A product beyond the largest `usize` is given as the largest.
    pub const fn positions(self) -> usize {
        self.height.saturating_mul(self.width)
    }

    /// Numbers of an item. A product beyond the largest `usize` is given as the largest.
    pub const fn numbers(self) -> usize {
        self.channels.saturating_mul(self.positions())
    }

    /// Whether channels first and channels last are the same order.
    pub(crate) const fn has_one_order(self) -> bool {
        self.channels == 1 || self.positions() == 1
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} x {} x {}", self.channels, self.height, self.width)
    }
}

/// Rows and columns: the size of a window, the positions between two windows, or how often a position is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// Rows, or the number down.
    pub height: usize,
    /// Columns, or the number across.
    pub width: usize,
}

impl Extent {
    /// As many rows as columns.
    pub const fn square(side: usize) -> Self {
        Self { height: side, width: side }
    }

    /// Rows times columns. A product beyond the largest `usize` is given as the largest.
    pub const fn area(self) -> usize {
        self.height.saturating_mul(self.width)
    }

    /// Whether there is a row and a column.
    pub(crate) const fn is_positive(self) -> bool {
        self.height > 0 && self.width > 0
    }
}

impl fmt::Display for Extent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} x {}", self.height, self.width)
    }
}
