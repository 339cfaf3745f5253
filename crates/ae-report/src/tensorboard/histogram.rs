//! Values counted in bins.

use super::messages::Histogram;

const BINS: usize = 64;

/// The histogram of the finite values, in bins of equal width from the smallest to the largest; one bin if all are equal,
/// none if there is no value.
pub(super) fn histogram(values: &[f32]) -> Histogram {
    let finite = || values.iter().filter(|value| value.is_finite()).map(|&value| f64::from(value));
    let [min, max] = finite().fold([f64::INFINITY, f64::NEG_INFINITY], |[min, max], value| {
        [min.min(value), max.max(value)]
    });
    if min > max {
        return Histogram::default();
    }
    let width = (max - min) / BINS as f64;
    let bins = if width > 0.0 { BINS } else { 1 };
    let mut bucket = vec![0.0; bins];
    let [mut num, mut sum, mut sum_squares] = [0.0; 3];
    for value in finite() {
        let place = if width > 0.0 { ((value - min) / width) as usize } else { 0 };
        bucket[place.min(bins - 1)] += 1.0;
        num += 1.0;
        sum += value;
        sum_squares += value * value;
    }
    let limit = |bin: usize| if bin + 1 == bins { max } else { min + (bin + 1) as f64 * width };
    Histogram {
        min,
        max,
        num,
        sum,
        sum_squares,
        bucket_limit: (0..bins).map(limit).collect(),
        bucket,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_in_the_bin_that_its_limits_say() {
        let values: Vec<f32> =
            (0..1000_u16).map(|i| f32::from(i * 37 % 1000) / 100.0 - 5.0).collect();
        let found = histogram(&values);
        assert_eq!((found.min, found.num), (-5.0, 1000.0));
        assert_eq!(found.bucket.iter().sum::<f64>(), 1000.0);
        assert!(found.bucket_limit.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(found.bucket_limit.last(), Some(&found.max));
        let mut below = found.min;
        for (bin, (&limit, &count)) in found.bucket_limit.iter().zip(&found.bucket).enumerate() {
            let is_last = bin + 1 == found.bucket.len();
            let inside = |value: f64| value >= below && (value < limit || is_last);
            let expected = values.iter().filter(|&&value| inside(f64::from(value))).count();
            assert_eq!(count, expected as f64, "bin {bin}");
            below = limit;
        }
        let sum: f64 = values.iter().map(|&value| f64::from(value)).sum();
        assert_eq!(found.sum, sum);
    }

    #[test]
    fn equal_values_and_those_that_are_not_finite() {
        let found = histogram(&[0.5, f32::NAN, 0.5, f32::INFINITY]);
        assert_eq!(
            (found.bucket, found.bucket_limit, found.sum_squares),
            (vec![2.0], vec![0.5], 0.5)
        );
        assert_eq!(histogram(&[f32::NAN]), Histogram::default());
        assert_eq!(histogram(&[]), Histogram::default());
    }
}
