//! Where patches are cut: every place of every picture with the same probability.

use ae_random::Stream;

use crate::PatchOptions;
use crate::patches::pictures::Pictures;

/// Where a patch is cut, and how it is turned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// The number of the picture.
    pub(super) picture: usize,
    /// The first row.
    pub(super) top: usize,
    /// The first column.
    pub(super) left: usize,
    /// Whether the patch is mirrored left to right; before it is turned.
    pub(super) is_mirrored: bool,
    /// Whether the patch is mirrored top to bottom; before it is turned.
    pub(super) is_upside_down: bool,
    /// Quarter turns against the clock, 0 to 3.
    pub(super) turns: u32,
}

/// The places of pictures, numbered picture by picture and row by row.
pub(super) struct Places {
    /// For each picture: its number, its places in a row, and the number of places up to its end.
    pictures: Vec<(usize, u64, u64)>,
}

impl Places {
    /// The places of the pictures with these numbers, each at least as large as a patch.
    pub(super) fn new(pictures: &Pictures, pool: &[usize], [height, width]: [usize; 2]) -> Self {
        let mut end = 0;
        let entry = |&picture: &usize| {
            let shape = pictures.shape(picture);
            let rows = (shape.height + 1).saturating_sub(height) as u64;
            let columns = (shape.width + 1).saturating_sub(width) as u64;
            end += rows * columns;
            (picture, columns, end)
        };
        Self { pictures: pool.iter().map(entry).collect() }
    }

    /// Draws a place. It comes first, so that flips and turns do not change it.
    pub(super) fn draw(&self, stream: &mut Stream, options: PatchOptions) -> Place {
        let all = self.pictures.last().map_or(0, |&(_, _, end)| end);
        // Pictures are as large as a patch, so that there is a place.
        let number = stream.below_u64(all.max(1));
        let index = self.pictures.partition_point(|&(_, _, end)| end <= number);
        let start = index.checked_sub(1).map_or(0, |before| self.pictures[before].2);
        let (picture, columns, _) = self.pictures.get(index).copied().unwrap_or_default();
        let (top, left) = ((number - start) / columns.max(1), (number - start) % columns.max(1));
        let flips = if options.flips { stream.below(4) } else { 0 };
        let turns = if options.rotations { stream.below(4) } else { 0 };
        Place {
            picture,
            top: top as usize,
            left: left as usize,
            is_mirrored: flips & 1 == 1,
            is_upside_down: flips & 2 == 2,
            turns,
        }
    }
}
