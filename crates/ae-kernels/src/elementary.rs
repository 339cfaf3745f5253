//! `exp`, `ln`, `ln(1 + x)`, sigmoid and tanh without branches or tables.
//!
//! They are additions, multiplications and divisions that IEEE 754 rounds in one way, and never a
//! fused multiply-add, so a loop over them gives the same bits in vectors of any width. Polynomials
//! are fitted at Chebyshev's nodes. A NaN stays a NaN. The bounds are those that the tests hold.

use std::f32::consts::{LN_2, LOG2_E, SQRT_2};

/// Adding it rounds a number below 2^22 to a whole one, which then stands in the lower bits.
const ROUNDER: f32 = 12_582_912.0;
/// `ln 2` in two parts: the first has 9 trailing zero bits, so its product with an exponent is exact.
const LN_2_HIGH: f32 = 0.693_359_4;
const LN_2_LOW: f32 = -2.121_944_4e-4;
/// `ln 2^-126`: the least argument whose exponential is a normal number.
const LEAST_EXPONENT: f32 = -87.336_54;

/// `exp(x)` for `x <= 0`, within 1.5e-7 of the value; below -87.33 it is 1.2e-38.
#[inline(always)]
pub(crate) fn exp_of_negative(x: f32) -> f32 {
    let x = if x < LEAST_EXPONENT { LEAST_EXPONENT } else { x };
    let rounded = x * LOG2_E + ROUNDER;
    let exponent = rounded - ROUNDER;
    let rest = (x - exponent * LN_2_HIGH) - exponent * LN_2_LOW;
    let series = 0.5
        + rest
            * (0.166_665_76
                + rest * (0.041_666_467 + rest * (0.008_363_175 + rest * 0.001_393_364_4)));
    let mantissa = 1.0 + (rest + rest * rest * series);
    // Wrapping: the bits of a NaN are any number, and it is a NaN already.
    let scale = f32::from_bits(rounded.to_bits().wrapping_add(127) << 23);
    mantissa * scale
}

/// `ln(1 + x)` for `x` in [0, 1], within 2.5e-7 of the value: `2 artanh(x / (2 + x))`.
#[inline(always)]
pub(crate) fn ln_1p_of_unit(x: f32) -> f32 {
    let s = x / (2.0 + x);
    let s2 = s * s;
    let series = 0.333_333_34
        + s2 * (0.199_998_51 + s2 * (0.142_962_92 + s2 * (0.108_516_574 + s2 * 0.116_195_254)));
    2.0 * (s + s * (s2 * series))
}

/// `ln(x)` of a normal number of 1 or more, within 2e-7 of the value or of 1.
#[inline(always)]
pub(crate) fn ln_above_one(x: f32) -> f32 {
    let bits = x.to_bits();
    // Adding the distance from sqrt(1/2) to 1 moves the exponent's carry to sqrt(1/2).
    let exponent = (bits.wrapping_sub((SQRT_2 / 2.0).to_bits()) as i32) >> 23;
    let mantissa = f32::from_bits(bits.wrapping_sub((exponent as u32) << 23));
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let s2 = s * s;
    let series = 0.333_333_43 + s2 * (0.199_943_75 + s2 * 0.147_904_99);
    exponent as f32 * LN_2 + 2.0 * (s + s * (s2 * series))
}

/// `1 / (1 + exp(-x))`, within 2.5e-7 of the value above -87.33.
#[inline(always)]
pub(crate) fn sigmoid(x: f32) -> f32 {
    let exponential = exp_of_negative(-x.abs());
    sigmoid_of(x, exponential)
}

/// The sigmoid of `x`, given `exp(-|x|)`.
#[inline(always)]
pub(crate) fn sigmoid_of(x: f32, exponential: f32) -> f32 {
    (if x < 0.0 { exponential } else { 1.0 }) / (1.0 + exponential)
}

/// The hyperbolic tangent, within 3e-7 of the value.
#[inline(always)]
pub(crate) fn tanh(x: f32) -> f32 {
    let magnitude = x.abs();
    let square = magnitude * magnitude;
    let series = -0.333_333_28
        + square
            * (0.133_327_83
                + square * (-0.053_852_5 + square * (0.021_003_641 - square * 0.006_104_948)));
    let near_zero = magnitude + magnitude * (square * series);
    let exponential = exp_of_negative(-2.0 * magnitude);
    let far = (1.0 - exponential) / (1.0 + exponential);
    (if magnitude < 0.625 { near_zero } else { far }).copysign(x)
}

/// `ln(1 + exp(x)) = max(x, 0) + ln(1 + exp(-|x|))`, within 3e-7 of the value above -87.33.
#[inline(always)]
pub(crate) fn softplus(x: f32) -> f32 {
    rectified(x) + ln_1p_of_unit(exp_of_negative(-x.abs()))
}

/// `max(x, 0)`; a NaN stays one, which `f32::max` would hide.
#[inline(always)]
pub(crate) fn rectified(x: f32) -> f32 {
    if x < 0.0 { 0.0 } else { x }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The largest error of `ours` relative to `exact`, in steps over [low, high].
    fn worst(low: f32, high: f32, ours: fn(f32) -> f32, exact: fn(f64) -> f64) -> f64 {
        let steps = 500_000;
        let points = (0..=steps).map(|i| low + (high - low) * (i as f32 / steps as f32));
        let error = points.map(|x| {
            let value = exact(f64::from(x));
            if value == 0.0 {
                return f64::from(ours(x)).abs();
            }
            (f64::from(ours(x)) - value).abs() / value.abs()
        });
        error.fold(0.0, f64::max)
    }

    fn exact_sigmoid(x: f64) -> f64 {
        1.0 / (1.0 + (-x).exp())
    }

    fn exact_softplus(x: f64) -> f64 {
        x.max(0.0) + (-x.abs()).exp().ln_1p()
    }

    #[test]
    fn functions_are_within_their_bounds() {
        for (name, bound, error) in [
            ("exp", 1.5e-7, worst(-87.33, 0.0, exp_of_negative, f64::exp)),
            ("exp near 0", 1.5e-7, worst(-1.0, 0.0, exp_of_negative, f64::exp)),
            ("ln_1p", 2.5e-7, worst(0.0, 1.0, ln_1p_of_unit, f64::ln_1p)),
            ("ln_1p near 0", 2.5e-7, worst(0.0, 1e-6, ln_1p_of_unit, f64::ln_1p)),
            ("sigmoid", 2.5e-7, worst(-87.0, 100.0, sigmoid, exact_sigmoid)),
            ("sigmoid near 0", 2.5e-7, worst(-2.0, 2.0, sigmoid, exact_sigmoid)),
            ("tanh", 3e-7, worst(-30.0, 30.0, tanh, f64::tanh)),
            ("tanh near 0", 3e-7, worst(-1.0, 1.0, tanh, f64::tanh)),
            ("tanh at 0", 3e-7, worst(-1e-6, 1e-6, tanh, f64::tanh)),
            ("softplus", 3e-7, worst(-87.0, 100.0, softplus, exact_softplus)),
            ("softplus near 0", 3e-7, worst(-2.0, 2.0, softplus, exact_softplus)),
        ] {
            assert!(error <= bound, "{name} is off by {error:e}, its bound is {bound:e}");
        }
    }

    #[test]
    fn logarithm_is_within_its_bound() {
        for step in 0..1_000_000_u32 {
            let x = f32::from_bits(1.0_f32.to_bits() + step * 1_000);
            let exact = f64::from(x).ln();
            let error = (f64::from(ln_above_one(x)) - exact).abs();
            assert!(error <= 2e-7 * exact.max(1.0), "ln({x}) is off by {error:e}");
        }
    }

    #[test]
    fn ends_of_the_range_are_finite_and_a_nan_stays() {
        for x in [0.0, -0.0, 1e30, -1e30, f32::INFINITY, f32::NEG_INFINITY, f32::MIN_POSITIVE] {
            assert!((0.0..=1.0).contains(&sigmoid(x)), "sigmoid({x})");
            assert!((-1.0..=1.0).contains(&tanh(x)), "tanh({x})");
            assert!(softplus(x) >= 0.0 && softplus(x) <= rectified(x) + 0.7, "softplus({x})");
        }
        for function in [sigmoid, tanh, softplus, exp_of_negative, rectified] {
            assert!(function(f32::NAN).is_nan());
        }
    }
}
