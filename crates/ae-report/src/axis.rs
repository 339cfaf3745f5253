//! An axis, and its ticks at round numbers.

/// An axis of a plot: its range, and the round step of its ticks.
#[derive(Debug)]
pub(crate) struct Axis {
    low: f64,
    high: f64,
    step: f64,
    /// The power of ten of the step.
    power: i32,
}

/// The approximate number of steps.
const STEPS: f64 = 5.0;
/// Free space on either side, as a fraction of the values' range.
const ROOM: f64 = 0.03;
/// Smaller magnitudes count as 0 and larger ones are left out, so that no step under- or overflows.
const MAGNITUDES: std::ops::Range<f64> = 1e-100..1e100;

/// Whether an axis can show a value: it is finite and not beyond 1e100.
pub(crate) fn drawable(value: f64) -> bool {
    value.abs() < MAGNITUDES.end
}

impl Axis {
    /// An axis that covers the drawable values, in steps of at least `smallest_step`.
    pub(crate) fn covering(values: impl Iterator<Item = f64>, smallest_step: f64) -> Self {
        let (mut low, mut high) = values
            .filter(|value| drawable(*value))
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
        if low > high {
            (low, high) = (0.0, 1.0);
        }
        let largest = low.abs().max(high.abs());
        // The values are equal, or so close that their labels would be.
        if high - low < (largest * 1e-9).max(MAGNITUDES.start) {
            let half = if largest < MAGNITUDES.start { 1.0 } else { largest * 0.05 };
            let half = half.max(smallest_step);
            (low, high) = (low - half, high + half);
        }
        let (step, power) = round_step(((high - low) / STEPS).max(smallest_step));
        Self { low: (low / step).floor() * step, high: (high / step).ceil() * step, step, power }
    }

    /// An axis that ends slightly beyond the drawable values instead of at round numbers.
    pub(crate) fn around(values: impl Iterator<Item = f64> + Clone) -> Self {
        let round = Self::covering(values.clone(), 0.0);
        let (low, high) = values
            .filter(|value| drawable(*value))
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
        let room = ROOM * (high - low);
        if room > (round.high - round.low) * MAGNITUDES.start {
            return Self { low: low - room, high: high + room, ..round };
        }
        round
    }

    /// An axis from one value to another, without round numbers. Its ticks are not for reading.
    pub(crate) fn between(low: f64, high: f64) -> Self {
        Self { low, high, step: high - low, power: 0 }
    }

    /// The position of a value: 0 at the low end, 1 at the high end.
    pub(crate) fn fraction(&self, value: f64) -> f32 {
        ((value - self.low) / (self.high - self.low)) as f32
    }

    /// The round numbers on it with their labels, in rising order.
    pub(crate) fn ticks(&self) -> Vec<(f64, String)> {
        // The ends may be round numbers up to a rounding error.
        let first = (self.low / self.step - 1e-6).ceil();
        let count = ((self.high / self.step + 1e-6).floor() - first) as usize;
        (0..=count)
            .map(|index| (first + index as f64) * self.step)
            .map(|value| (value, self.label(value)))
            .collect()
    }

    fn label(&self, value: f64) -> String {
        let largest = self.low.abs().max(self.high.abs()).log10().floor() as i32;
        if largest < 6 && self.power >= -6 {
            return format!("{value:.*}", (-self.power).max(0) as usize);
        }
        if value == 0.0 {
            "0".to_owned()
        } else {
            format!("{value:.*e}", self.digits_beyond(value))
        }
    }

    /// The digits after the first that a label needs to differ from its neighbours.
    fn digits_beyond(&self, value: f64) -> usize {
        (value.abs().log10().floor() as i32 - self.power).max(0) as usize
    }
}

/// The smallest of 1, 2 and 5 times a power of ten that is not below `step`, and that power.
fn round_step(step: f64) -> (f64, i32) {
    let power = step.log10().floor() as i32;
    let unit = 10_f64.powi(power);
    // A step of 1 may come out as 1.0000000000000002 of its unit.
    let fits = |factor: &f64| factor * unit >= step * (1.0 - 1e-9);
    match [1.0, 2.0, 5.0].into_iter().find(fits) {
        Some(factor) => (factor * unit, power),
        None => (10.0 * unit, power + 1),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn labels(values: &[f64], smallest_step: f64) -> String {
        let axis = Axis::covering(values.iter().copied(), smallest_step);
        let labels: Vec<String> = axis.ticks().into_iter().map(|(_, label)| label).collect();
        labels.join(" ")
    }

    #[test]
    fn ticks_are_round_numbers() {
        assert_eq!(labels(&[0.0915, 0.274], 0.0), "0.05 0.10 0.15 0.20 0.25 0.30");
        assert_eq!(labels(&[1.0, 50.0], 1.0), "0 10 20 30 40 50");
        assert_eq!(labels(&[1.0, 4.0], 1.0), "1 2 3 4");
        assert_eq!(labels(&[-0.3, 0.3], 0.0), "-0.4 -0.2 0.0 0.2 0.4");
        assert_eq!(labels(&[0.0, 3e7], 0.0), "0 1e7 2e7 3e7");
    }

    #[test]
    fn an_axis_around_values_ends_near_them_with_round_numbers_between() {
        let axis = Axis::around([-41.0, 3.0, 26.0].into_iter());
        assert_eq!(
            [-41.0, 26.0].map(|value| (axis.fraction(value) * 1060.0).round()),
            [30.0, 1030.0]
        );
        let labels: Vec<String> = axis.ticks().into_iter().map(|(_, label)| label).collect();
        assert_eq!(labels.join(" "), "-40 -20 0 20");
        assert_eq!(Axis::around([7.0].into_iter()).fraction(7.0), 0.5);
        assert_eq!(Axis::around(std::iter::empty()).ticks().len(), 6);
    }

    #[test]
    fn one_value_and_none_still_make_an_axis() {
        assert_eq!(labels(&[1.0], 1.0), "0 1 2");
        assert_eq!(labels(&[0.5, 0.5], 0.0), "0.47 0.48 0.49 0.50 0.51 0.52 0.53");
        assert_eq!(labels(&[f64::NAN, f64::INFINITY], 0.0), "0.0 0.2 0.4 0.6 0.8 1.0");
    }

    proptest! {
        #[test]
        fn every_axis_covers_its_values_with_few_distinct_ticks(
            values in prop::collection::vec(any::<f64>(), 0..6),
        ) {
            let axis = Axis::covering(values.iter().copied(), 0.0);
            let ticks = axis.ticks();
            prop_assert!((2..=9).contains(&ticks.len()), "{ticks:?}");
            let mut labels: Vec<&String> = ticks.iter().map(|(_, label)| label).collect();
            labels.dedup();
            prop_assert_eq!(labels.len(), ticks.len());
            for value in values.into_iter().filter(|value| drawable(*value)) {
                prop_assert!((-1e-6..=1.0 + 1e-6).contains(&axis.fraction(value)), "{axis:?}");
            }
        }
    }
}
