//! Where the tiles of a picture lie.
//!
//! All tiles of a picture have one size, so that a network is prepared once. They begin and end at multiples of the
//! network's step. Of each, the part is kept whose neighbourhood lies in it, or ends with the picture.

use std::ops::Range;

use ae_models::Margins;

/// The most numbers of the widest map of a tile: 16 MiB. A thread holds two maps.
const MOST_NUMBERS: usize = 1 << 22;
/// The fewest that it is bounded to: below, most of a tile would be neighbourhood.
const FEWEST_NUMBERS: usize = 1 << 19;
/// Numbers of the widest maps of all threads' tiles.
const NUMBERS_OF_ALL: usize = 1 << 24;
/// The most tiles along an axis that are tried.
const MOST_TILES: usize = 1 << 12;
/// How many numbers of columns are tried beside the smallest that memory allows.
const MORE_COLUMNS: usize = 8;

/// An axis of a picture, and what a network needs along it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Side {
    /// Pixels of the picture, at least 1.
    pub(super) length: usize,
    /// Multiples of this begin and end tiles.
    pub(super) step: usize,
    pub(super) margins: Margins,
}

/// The tiles along an axis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cuts {
    /// The length of every tile.
    pub(super) tile: usize,
    /// The length of the picture, up to a multiple of the step.
    pub(super) padded: usize,
    pub(super) cuts: Vec<Cut>,
}

/// A tile along an axis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cut {
    /// Its first pixel in the picture.
    pub(super) start: usize,
    /// The pixels of the picture that are kept of it; they may lie behind the picture, where it was padded.
    pub(super) kept: Range<usize>,
}

impl Side {
    fn padded(self) -> usize {
        self.length.next_multiple_of(self.step)
    }

    /// The length of tiles of which so many cover the picture; `None` if a tile would be neighbourhood alone.
    fn tile(self, count: usize) -> Option<usize> {
        let (padded, Margins { before, after }) = (self.padded(), self.margins);
        if count == 1 {
            return Some(padded);
        }
        let margins = before.checked_add(after)?;
        let inner = padded.checked_sub(margins).filter(|&inner| inner > 0)?;
        let tile = inner.div_ceil(count).next_multiple_of(self.step).checked_add(margins)?;
        (tile < padded).then_some(tile)
    }

    /// Tiles of this length.
    fn cuts(self, tile: usize) -> Cuts {
        let (padded, Margins { before, after }) = (self.padded(), self.margins);
        let last = padded - tile;
        let mut cuts = Vec::new();
        let (mut start, mut first) = (0, 0);
        while start < last {
            let end = start + tile - after;
            cuts.push(Cut { start, kept: first..end });
            (start, first) = (end - before, end);
        }
        cuts.push(Cut { start: last, kept: first..padded });
        Cuts { tile, padded, cuts }
    }
}

/// The tiles down and across that take the least time on so many threads, with maps of at most as many numbers as memory is
/// meant for; `numbers` are those of the widest map for each pixel. The choice changes no result.
pub(super) fn plan(sides: [Side; 2], numbers: f64, threads: usize) -> [Cuts; 2] {
    let threads = threads.max(1);
    let most = (NUMBERS_OF_ALL / threads).clamp(FEWEST_NUMBERS, MOST_NUMBERS) as f64;
    let area = |[height, width]: [usize; 2]| height as f64 * width as f64;
    let fits = |tile: [usize; 2]| area(tile) * numbers <= most;
    let [down, across] = sides;
    let mut best: Option<(f64, [usize; 2])> = None;
    // The tiles that need the least memory, if none fits.
    let mut smallest = [down.padded(), across.padded()];
    for rows in 1..=MOST_TILES {
        let Some(height) = down.tile(rows) else { break };
        let mut tried = 0;
        for columns in 1..=MOST_TILES {
            let Some(width) = across.tile(columns) else { break };
            let tile = [height, width];
            if area(tile) < area(smallest) {
                smallest = tile;
            }
            if !fits(tile) {
                continue;
            }
            let rounds = (rows * columns).div_ceil(threads) as f64;
            let time = rounds * area(tile);
            if best.is_none_or(|(least, _)| time < least) {
                best = Some((time, tile));
            }
            tried += 1;
            if tried > MORE_COLUMNS {
                break;
            }
        }
    }
    let [height, width] = best.map_or(smallest, |(_, tile)| tile);
    [down.cuts(height), across.cuts(width)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(length: usize, step: usize, before: usize, after: usize) -> Side {
        Side { length, step, margins: Margins { before, after } }
    }

    /// Kept parts follow each other and cover the picture; each has its neighbourhood.
    fn check(side: Side, cuts: &Cuts) {
        let Cuts { tile, padded, cuts } = cuts;
        assert!(*padded >= side.length && padded - side.length < side.step);
        let mut next = 0;
        for Cut { start, kept } in cuts {
            assert!(
                start % side.step == 0 && kept.start % side.step == 0 && kept.end % side.step == 0
            );
            assert_eq!(kept.start, next);
            assert!(!kept.is_empty() && start + tile <= *padded, "{cuts:?}");
            assert!(*start == 0 || start + side.margins.before <= kept.start, "{cuts:?}");
            let end = start + tile;
            assert!(end == *padded || kept.end + side.margins.after <= end, "{cuts:?}");
            next = kept.end;
        }
        assert_eq!(next, *padded);
        let whole = side.margins.before + side.step + side.margins.after;
        assert!(*tile == *padded || *tile >= whole);
    }

    #[test]
    fn tiles_cover_the_picture_with_their_neighbourhoods() {
        for step in [1, 2, 3, 8] {
            for (before, after) in [(0, 0), (2, 0), (0, 1), (3, 5)] {
                for length in 1..90 {
                    let side = side(length, step, before * step, after * step);
                    for count in 1..20 {
                        if let Some(tile) = side.tile(count) {
                            let cuts = side.cuts(tile);
                            check(side, &cuts);
                            assert!(cuts.cuts.len() <= count);
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn memory_bounds_the_tiles_and_threads_share_a_small_picture() {
        let sides = |height, width| [height, width].map(|length| side(length, 2, 16, 16));
        let count = |plan: &[Cuts; 2]| plan[0].cuts.len() * plan[1].cuts.len();
        for threads in [1, 2, 7, 64] {
            let sides = sides(3000, 4000);
            let plan = plan(sides, 12.0, threads);
            for (side, cuts) in sides.iter().zip(&plan) {
                check(*side, cuts);
            }
            assert!(plan[0].tile * plan[1].tile * 12 <= MOST_NUMBERS);
            // Neighbourhoods add at most a third; to the small tiles of many threads, at most a half.
            let computed = plan[0].tile * plan[1].tile * count(&plan);
            let most = if threads < 64 { 16_000_000 } else { 18_000_000 };
            assert!(computed < most, "{threads}: {computed}");
        }
        assert_eq!(count(&plan(sides(256, 256), 12.0, 1)), 1);
        assert_eq!(count(&plan(sides(256, 256), 12.0, 2)), 2);
        assert!(count(&plan(sides(256, 256), 12.0, 16)) > 4);
        // A network that sees further than memory allows has the smallest tiles that there are.
        let far = [side(5000, 1, 4000, 0), side(5000, 1, 4000, 0)];
        assert_eq!(plan(far, 100.0, 1).map(|cuts| cuts.tile), [4001, 4001]);
    }
}
