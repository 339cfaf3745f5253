//! The exponential function, with the same bits on every machine.

use std::f64::consts::LN_2;

/// `exp(-x)` for `x` in [0, 700], within 1e-13 of the value.
///
/// The C library's `exp` differs in its last bits between systems, and a count drawn with it could differ too.
/// `x = k ln 2 + r`: a power of two, exact, times Taylor's series at `r` in [0, ln 2].
pub(crate) fn exp_of_minus(x: f64) -> f64 {
    debug_assert!((0.0..=700.0).contains(&x), "exp_of_minus({x})");
    let k = (x / LN_2).floor();
    let r = x - k * LN_2;
    let series = (1..=16).rev().fold(1.0, |sum, n| 1.0 - r / f64::from(n) * sum);
    let power = f64::from_bits((1023 - k as u64) << 52);
    power * series
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_within_its_bound() {
        for step in 0..=700_000 {
            let x = f64::from(step) / 1000.0;
            let (ours, exact) = (exp_of_minus(x), (-x).exp());
            assert!((ours - exact).abs() <= 1e-13 * exact, "exp(-{x}): {ours}, expected {exact}");
        }
    }
}
