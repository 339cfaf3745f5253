//! The shape of an image.

use std::fmt;

/// Channels, rows and columns of an image. Its values are stored plane by plane, each plane row by row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImageShape {
    /// 1 for grey, 3 for red, green and blue.
    pub channels: usize,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
}

impl ImageShape {
    /// A grey image of `height x width`.
    pub const fn grey(height: usize, width: usize) -> Self {
        Self { channels: 1, height, width }
    }

    /// The number of values of an image: channels times height times width.
    pub const fn size(self) -> usize {
        self.channels * self.height * self.width
    }

    /// [`size`](Self::size), unless it is 0 or overflows, or the image is neither grey nor RGB.
    pub(crate) fn checked_size(self) -> Option<usize> {
        let area = self.height.checked_mul(self.width)?;
        area.checked_mul(self.channels).filter(|&size| size > 0 && [1, 3].contains(&self.channels))
    }
}

impl fmt::Display for ImageShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} x {}", self.height, self.width)?;
        match self.channels {
            1 => Ok(()),
            3 => f.write_str(" in colour"),
            channels => write!(f, " of {channels} channels"),
        }
    }
}
