//! Weights rearranged into panels, as right factors.

use std::ops::Range;

use super::matrix::{PANEL, Right, RowMajor};
use super::rows::StridedRowsMut;
use super::transpose::transpose;
use crate::aligned::AlignedBuffer;

/// A right factor of shape (inner, columns) in panels of [`PANEL`] columns: each panel holds its part of the first
/// row, then of the second, and so on. The last panel is padded with zeros.
#[derive(Debug, Default)]
pub(crate) struct PanelMatrix {
    numbers: AlignedBuffer,
    inner: usize,
    columns: usize,
}

/// Whether a matrix becomes a right factor as it is stored or as its transpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Orientation {
    AsStored,
    Transposed,
}

impl Orientation {
    pub(crate) fn reversed(self) -> Self {
        match self {
            Self::AsStored => Self::Transposed,
            Self::Transposed => Self::AsStored,
        }
    }
}

impl PanelMatrix {
    /// Prepares the memory for a matrix. The factor is complete when each of the returned copies was made.
    pub(crate) fn copies<'a>(
        &'a mut self,
        source: RowMajor<'a>,
        orientation: Orientation,
    ) -> impl Iterator<Item = PanelCopy<'a>> {
        let (inner, columns) = match orientation {
            Orientation::AsStored => (source.rows(), source.columns()),
            Orientation::Transposed => (source.columns(), source.rows()),
        };
        (self.inner, self.columns) = (inner, columns);
        let numbers = self.numbers.first(inner * columns.next_multiple_of(PANEL));
        numbers.chunks_exact_mut(inner * PANEL).enumerate().map(move |(index, panel)| {
            let columns = index * PANEL..columns.min((index + 1) * PANEL);
            PanelCopy { panel, source, orientation, columns }
        })
    }

    /// The factor's columns from `first` on, which must be the first column of a panel.
    #[inline]
    pub(crate) fn columns(&self, first: usize, width: usize) -> Right<'_> {
        Right::panels(&self.numbers.all()[first * self.inner..], self.inner, width)
    }

    /// The whole factor.
    #[inline]
    pub(crate) fn all(&self) -> Right<'_> {
        self.columns(0, self.columns)
    }
}

/// A panel to be filled from a matrix.
#[derive(Debug)]
pub(crate) struct PanelCopy<'a> {
    panel: &'a mut [f32],
    source: RowMajor<'a>,
    orientation: Orientation,
    columns: Range<usize>,
}

impl PanelCopy<'_> {
    /// Fills the panel.
    pub(crate) fn run(self) {
        let Self { panel, source, orientation, columns } = self;
        let width = source.columns();
        match orientation {
            Orientation::Transposed => {
                let rows = &source.numbers()[columns.start * width..columns.end * width];
                transpose(rows, width, StridedRowsMut { numbers: panel, stride: PANEL });
            }
            Orientation::AsStored => {
                let rows = source.numbers().chunks_exact(width);
                for (target, row) in panel.chunks_exact_mut(PANEL).zip(rows) {
                    target[..columns.len()].copy_from_slice(&row[columns.clone()]);
                }
            }
        }
    }
}
