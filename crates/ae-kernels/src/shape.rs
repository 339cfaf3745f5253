//! The shape of an item.

use std::fmt;

/// Channels, height and width of an item; a vector has the height and the width 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Shape {
    /// Planes.
    pub channels: usize,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
}

impl Shape {
    /// A vector of this length.
    pub const fn vector(length: usize) -> Self {
        Self { channels: length, height: 1, width: 1 }
    }

    /// Numbers of an item; `usize::MAX` if there are more.
    pub const fn numbers(self) -> usize {
        self.channels.saturating_mul(self.height).saturating_mul(self.width)
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { channels, height, width } = self;
        write!(f, "{channels} x {height} x {width}")
    }
}
