//! Images of any size through tiles of one size.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]

use ae_analysis::{AnalysisError, Tiling};
use proptest::prelude::*;

/// Numbers in [0, 1] without a pattern.
fn image(size: usize) -> Vec<f32> {
    (0..size).map(|place| (place * 7919 % 1009) as f32 / 1009.0).collect()
}

#[derive(Debug)]
struct Failure;

impl From<AnalysisError> for Failure {
    fn from(_: AnalysisError) -> Self {
        Self
    }
}

proptest! {
    #[test]
    fn tiles_that_nothing_happens_to_give_the_image_back(
        (height, width) in (1..70_usize, 1..70_usize),
        tile in (1..20_usize, 1..20_usize),
        channels in prop::sample::select(vec![1_usize, 3]),
    ) {
        let image = image(channels * height * width);
        let tiling = Tiling::new([height, width], [tile.0, tile.1]).unwrap();
        let mut tiles = 0;
        let joined = tiling.apply::<AnalysisError>(&image, channels, |values| {
            tiles += values.len() / (channels * tile.0 * tile.1);
            Ok(values.to_vec())
        });
        for (found, expected) in joined.unwrap().iter().zip(&image) {
            prop_assert!((found - expected).abs() <= 1e-6, "{} for {}", found, expected);
        }
        prop_assert_eq!(tiles, tiling.len());
    }
}

#[test]
fn tiles_overlap_by_half_at_least_and_end_with_the_image() {
    let mut seen = Vec::new();
    let row: Vec<f32> = (0..11).map(|place| place as f32).collect();
    let tiling = Tiling::new([1, 11], [1, 4]).unwrap();
    let function = |tiles: &[f32]| {
        seen.extend(tiles.chunks(4).map(<[f32]>::to_vec));
        Ok::<_, AnalysisError>(tiles.to_vec())
    };
    tiling.apply(&row, 1, function).unwrap();
    let starts: Vec<f32> = seen.iter().map(|tile| tile[0]).collect();
    assert_eq!(starts, [0.0, 1.0, 3.0, 5.0, 7.0]);
    assert_eq!(seen[4], [7.0, 8.0, 9.0, 10.0]);
}

#[test]
fn a_small_image_is_mirrored_around() {
    let tiling = Tiling::new([1, 2], [1, 7]).unwrap();
    let function = |tiles: &[f32]| {
        assert_eq!(tiles, [1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0]);
        Ok::<_, AnalysisError>(tiles.to_vec())
    };
    assert_eq!(tiling.apply(&[0.0, 1.0], 1, function).unwrap(), [0.0, 1.0]);
}

/// Two tiles that disagree meet without a step: neighbours differ by no more than the window's slope.
#[test]
fn seams_are_gradual() {
    let tiling = Tiling::new([1, 48], [1, 32]).unwrap();
    assert_eq!(tiling.len(), 2);
    let function = |_: &[f32]| Ok::<_, AnalysisError>([[0.0; 32], [1.0; 32]].concat());
    let joined = tiling.apply(&[0.5; 48], 1, function).unwrap();
    assert_eq!((joined[15], joined[32]), (0.0, 1.0));
    // Hann windows that are moved by half add up to 1: the seam is sin^2, of slope pi / 32 at most.
    for pair in joined.windows(2) {
        assert!((0.0..0.0982).contains(&(pair[1] - pair[0])), "{joined:?}");
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    assert!(Tiling::new([0, 5], [3, 3]).is_err());
    assert!(Tiling::new([5, 5], [3, 0]).is_err());
    let tiling = Tiling::new([4, 4], [3, 3]).unwrap();
    assert!(tiling.apply::<AnalysisError>(&[0.0; 15], 1, |tiles| Ok(tiles.to_vec())).is_err());
    assert!(tiling.apply::<AnalysisError>(&[0.0; 16], 1, |_| Ok(vec![0.0; 9])).is_err());
    assert!(tiling.apply(&[0.0; 16], 1, |_| Err(Failure)).is_err());
}

#[test]
fn the_overlap_may_be_chosen() {
    let overlap = |pixels| Tiling::with_overlap([10, 64], [10, 16], [0, pixels]);
    // 48 pixels of room in steps of at most 16, 8, 4 and 1.
    for (pixels, tiles) in [(0, 4), (8, 7), (12, 13), (15, 49)] {
        let tiling = overlap(pixels).unwrap();
        assert_eq!(tiling.len(), tiles, "{pixels}");
        let image = image(640);
        let joined = tiling.apply::<AnalysisError>(&image, 1, |tiles| Ok(tiles.to_vec())).unwrap();
        for (found, expected) in joined.iter().zip(&image) {
            assert!((found - expected).abs() <= 1e-6, "{found} for {expected}");
        }
    }
    assert_eq!(overlap(8).unwrap(), Tiling::new([10, 64], [10, 16]).unwrap());
    assert!(overlap(16).is_err());
}
