//! The values of images: in memory, or in a mapped file.

use crate::images::unit_interval;
use crate::mapped::MappedPixels;

/// The values of images, image after image, each of them plane by plane.
#[derive(Debug, Clone, PartialEq)]
pub enum Pixels {
    /// 8-bit values: 0 stands for 0, 255 for 1.
    Bytes(Vec<u8>),
    /// Numbers: the pixels of images in [0, 1], or the scaled columns of a table.
    Floats(Vec<f32>),
    /// Bytes or numbers of images in [0, 1], or the scaled columns of a table, in a file that is not kept in memory.
    Mapped(MappedPixels),
}

impl Pixels {
    /// The number of values.
    pub fn len(&self) -> usize {
        match self {
            Self::Bytes(bytes) => bytes.len(),
            Self::Floats(floats) => floats.len(),
            Self::Mapped(mapped) => mapped.len(),
        }
    }

    /// Whether there is no value.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Appends values. If either are floats, the result is floats.
    pub(crate) fn append(&mut self, later: &Self) {
        if let Self::Mapped(mapped) = &*self {
            *self = mapped.in_memory();
        }
        if let Self::Mapped(mapped) = later {
            return self.append(&mapped.in_memory());
        }
        if let (Self::Bytes(bytes), Self::Floats(_)) = (&self, later) {
            *self = Self::Floats(unit_interval(bytes));
        }
        match (self, later) {
            (Self::Bytes(bytes), Self::Bytes(later)) => bytes.extend(later),
            (Self::Floats(floats), Self::Bytes(later)) => floats.extend(unit_interval(later)),
            (Self::Floats(floats), Self::Floats(later)) => floats.extend(later),
            // The bytes were converted above.
            _ => {}
        }
    }

    /// The memory that the values take, in bytes.
    pub fn memory(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Floats(floats) => size_of_val(floats.as_slice()) as u64,
            Self::Mapped(mapped) => mapped.memory(),
        }
    }
}
