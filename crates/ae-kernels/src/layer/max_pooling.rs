//! Max pooling.

use super::convolution::{check_window, smaller_than_window};
use super::{Kind, Padding, Refusal};
use crate::Shape;

/// The largest number of each window, in every channel. The first of equal ones, in row-major order, has the gradient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaxPooling {
    /// Rows and columns of a window, at least 1.
    pub size: usize,
    /// Positions between two windows, at least 1.
    pub stride: usize,
    /// With `same`, what lies beyond the edges is less than any number.
    pub padding: Padding,
}

impl Kind for MaxPooling {
    fn output(&self, input: Shape) -> Result<Shape, Refusal> {
        check_window(self.size, self.stride)?;
        let windows = |length| self.padding.windows(length, self.size, self.stride);
        match (windows(input.height), windows(input.width)) {
            (Some(rows), Some(columns)) => {
                Ok(Shape::new(input.channels, rows.count, columns.count))
            }
            _ => Err(smaller_than_window(input, self.size)),
        }
    }
}
