//! Smooth curves through a few points.

/// The position of the pen (x to the right, y down) and its width there.
pub(super) type PenPoint = [f32; 3];

/// The number of points on the curve from one given point to the next.
const STEPS: usize = 6;

/// The points of a stroke: uniform Catmull-Rom splines through the given points (Catmull and Rom, "A class of local
/// interpolating splines", 1974). A point that is given twice is a corner.
pub(super) fn trace(points: &[PenPoint]) -> Vec<PenPoint> {
    points.chunk_by(|a, b| a != b).flat_map(spline).collect()
}

fn spline(points: &[PenPoint]) -> impl Iterator<Item = PenPoint> {
    let last = points.len() - 1;
    let spans = (0..last).flat_map(move |i| {
        let (from, to) = (points[i], points[i + 1]);
        // Beyond its ends, the curve continues straight.
        let before = if i == 0 { reflect(to, from) } else { points[i - 1] };
        let after = if i + 1 == last { reflect(from, to) } else { points[i + 2] };
        (0..STEPS)
            .map(move |step| catmull_rom([before, from, to, after], step as f32 / STEPS as f32))
    });
    spans.chain(std::iter::once(points[last]))
}

/// The mirror image of `point` in `centre`.
fn reflect(point: PenPoint, centre: PenPoint) -> PenPoint {
    std::array::from_fn(|axis| 2.0 * centre[axis] - point[axis])
}

/// The curve from `b` at `t = 0` to `c` at `t = 1`.
fn catmull_rom([a, b, c, d]: [PenPoint; 4], t: f32) -> PenPoint {
    std::array::from_fn(|axis| {
        let [a, b, c, d] = [a[axis], b[axis], c[axis], d[axis]];
        let slope = c - a;
        let square = 2.0 * a - 5.0 * b + 4.0 * c - d;
        let cube = 3.0 * (b - c) + d - a;
        b + 0.5 * t * (slope + t * (square + t * cube))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_curve_passes_through_its_points_and_goes_straight_where_they_do() {
        let line = [[0.0, 0.0, 1.0], [1.0, 2.0, 2.0], [2.0, 4.0, 3.0], [3.0, 6.0, 4.0]];
        let traced = trace(&line);
        assert_eq!(traced.len(), 3 * STEPS + 1);
        for (given, point) in line.iter().zip(traced.iter().step_by(STEPS)) {
            assert_eq!(given, point);
        }
        for [x, y, pen] in traced {
            assert!((y - 2.0 * x).abs() < 1e-5 && (pen - x - 1.0).abs() < 1e-5);
        }
    }

    #[test]
    fn a_point_given_twice_is_a_corner_between_straight_lines() {
        let corner = [1.0, 0.0, 1.0];
        let traced = trace(&[[0.0, 0.0, 1.0], corner, corner, [1.0, 1.0, 1.0]]);
        assert!(traced.iter().all(|&[x, y, _]| y == 0.0 || (x - 1.0).abs() < 1e-6));

        let bend = trace(&[[0.0, 0.0, 1.0], corner, [1.0, 1.0, 1.0]]);
        assert!(bend.iter().any(|&[x, y, _]| y != 0.0 && (x - 1.0).abs() > 0.01));
    }
}
