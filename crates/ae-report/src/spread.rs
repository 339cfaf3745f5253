//! A few of many points, spread over the plane.

use crate::axis::drawable;

/// The finest grid.
const FINEST: usize = 200;

/// The indices of at most `count` points that are spread over the plane, rising: one point for each cell of a square
/// grid that holds any, the one nearest to the cell's centre. Points that no axis can show are not chosen.
#[must_use]
pub fn spread_points(points: &[[f32; 2]], count: usize) -> Vec<usize> {
    (1..=FINEST)
        .rev()
        .map(|side| nearest_to_centres(points, side))
        .find(|chosen| chosen.len() <= count)
        .unwrap_or_default()
}

/// One point for each cell that holds any, of a grid of `side` x `side` cells over all points.
fn nearest_to_centres(points: &[[f32; 2]], side: usize) -> Vec<usize> {
    let ranges = [0, 1].map(|axis| range(points, axis));
    let mut nearest: Vec<Option<(f64, usize)>> = vec![None; side * side];
    for (index, point) in points.iter().enumerate() {
        if !point.iter().all(|&value| drawable(f64::from(value))) {
            continue;
        }
        let places = [0, 1].map(|axis| {
            let (low, high) = ranges[axis];
            let width = (high - low).max(f64::MIN_POSITIVE);
            (f64::from(point[axis]) - low) / width * side as f64
        });
        let [column, row] = places.map(|place| (place as usize).min(side - 1));
        let off = |place: f64, cell: usize| place - cell as f64 - 0.5;
        let distance = off(places[0], column).powi(2) + off(places[1], row).powi(2);
        let cell = &mut nearest[row * side + column];
        if cell.is_none_or(|(best, _)| distance < best) {
            *cell = Some((distance, index));
        }
    }
    let mut chosen: Vec<usize> = nearest.into_iter().flatten().map(|(_, index)| index).collect();
    chosen.sort_unstable();
    chosen
}

/// The smallest and the largest coordinate that can be drawn.
pub(crate) fn range(points: &[[f32; 2]], axis: usize) -> (f64, f64) {
    let values = points.iter().map(|point| f64::from(point[axis])).filter(|value| drawable(*value));
    values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_the_map_has_its_point() {
        // 900 points in one corner, and one in each of the others.
        let mut points: Vec<[f32; 2]> =
            (0..900).map(|i| [(i % 30) as f32 * 0.01, (i / 30) as f32 * 0.01]).collect();
        points.extend([[10.0, 0.0], [0.0, 10.0], [10.0, 10.0]]);
        let chosen = spread_points(&points, 8);
        assert!(chosen.len() <= 8 && chosen.is_sorted(), "{chosen:?}");
        assert!([900, 901, 902].iter().all(|corner| chosen.contains(corner)), "{chosen:?}");
        // Of a cell, the point nearest to its centre.
        assert_eq!(spread_points(&[[0.0, 0.0], [4.0, 5.0], [10.0, 10.0]], 1), [1]);
    }

    #[test]
    fn none_few_and_undrawable_points() {
        assert_eq!(spread_points(&[], 5), Vec::<usize>::new());
        assert_eq!(spread_points(&[[1.0, 1.0]; 9], 5), [0]);
        assert_eq!(spread_points(&[[f32::NAN, 1.0], [2.0, 2.0]], 5), [1]);
        assert_eq!(spread_points(&[[1.0, 1.0], [2.0, 2.0]], 0), Vec::<usize>::new());
        let many: Vec<[f32; 2]> = (0..5000).map(|i| [(i % 71) as f32, (i / 71) as f32]).collect();
        for count in [1, 10, 40, 400] {
            let chosen = spread_points(&many, count).len();
            assert!(chosen <= count && 2 * chosen >= count, "{chosen} of {count}");
        }
    }
}
