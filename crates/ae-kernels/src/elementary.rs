//! `exp`, `ln`, `ln(1 + x)`, sigmoid and tanh without branches or tables.
//!
//! They use additions, multiplications and divisions, whose rounding IEEE 754 defines, and no fused multiply-add, so
//! vectors of any width give the same bits. The polynomials are fitted at Chebyshev nodes. NaN in, NaN out. The tests
//! hold the error bounds that the functions state.

use std::f32::consts::{LN_2, LOG2_E, SQRT_2};

use pulp::Simd;

use crate::simd::INTERLEAVED;

/// Adding it rounds a number below 2^22 to an integer, which is then in the lower bits of the sum.
const ROUNDER: f32 = 12_582_912.0;
/// `ln 2` in two parts: the first has 9 trailing zero bits, so its product with an exponent is exact.
const LN_2_HIGH: f32 = 0.693_359_4;
const LN_2_LOW: f32 = -2.121_944_4e-4;
/// `ln 2^-126`: the least argument whose exponential is a normal number.
const LEAST_EXPONENT: f32 = -87.336_54;
/// Bits of the mantissa, and the biased exponent of 1.
const MANTISSA_BITS: u32 = 23;
const EXPONENT_OF_ONE: u32 = 127;
/// Coefficients of `(exp(x) - 1 - x) / x^2` for `|x| <= ln(2) / 2`, the constant first.
const SERIES: [f32; 5] = [0.5, 0.166_665_76, 0.041_666_467, 0.008_363_175, 0.001_393_364_4];

/// `exp(x)` for `x <= 0`, relative error at most 1.5e-7; 1.2e-38 below -87.33.
#[inline(always)]
pub fn exp_of_negative(x: f32) -> f32 {
    let x = if x < LEAST_EXPONENT { LEAST_EXPONENT } else { x };
    let rounded = x * LOG2_E + ROUNDER;
    let exponent = rounded - ROUNDER;
    let rest = (x - exponent * LN_2_HIGH) - exponent * LN_2_LOW;
    let [a, b, c, d, e] = SERIES;
    let series = a + rest * (b + rest * (c + rest * (d + rest * e)));
    let mantissa = 1.0 + (rest + rest * rest * series);
    // Wrapping, because the bits of a NaN may be any number. The mantissa is NaN then.
    let scale = f32::from_bits(rounded.to_bits().wrapping_add(EXPONENT_OF_ONE) << MANTISSA_BITS);
    mantissa * scale
}

/// `exp(x)`, relative error at most 2.5e-7; at most 8.5e37, and at least 1.2e-38.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    let exponential = exp_of_negative(-x.abs());
    if x > 0.0 { 1.0 / exponential } else { exponential }
}

/// The most numbers that [`exponentials`] takes.
pub(crate) const PIECE: usize = 128;

/// `exp(-|x|)` of at most [`PIECE`] numbers, with the bits of [`exp_of_negative`].
///
/// The vectors are interleaved by hand ([`INTERLEAVED`]), because the compiler does not do it.
#[inline(always)]
pub(crate) fn exponentials<S: Simd>(simd: S, numbers: &[f32], exponentials: &mut [f32; PIECE]) {
    let exponentials = &mut exponentials[..numbers.len()];
    let (x, x_rest) = S::as_simd_f32s(numbers);
    let (y, y_rest) = S::as_mut_simd_f32s(exponentials);
    let (x, x_alone) = x.as_chunks::<INTERLEAVED>();
    let (y, y_alone) = y.as_chunks_mut::<INTERLEAVED>();
    for (x, y) in x.iter().zip(y) {
        *y = exponentials_of(simd, *x);
    }
    for (x, y) in x_alone.iter().zip(y_alone) {
        [*y] = exponentials_of(simd, [*x]);
    }
    for (x, y) in x_rest.iter().zip(y_rest) {
        *y = exp_of_negative(-x.abs());
    }
}

/// `exp(-|x|)` of `N` vectors, interleaved: each term of the series for all vectors before the next term.
#[inline(always)]
pub(crate) fn exponentials_of<S: Simd, const N: usize>(simd: S, x: [S::f32s; N]) -> [S::f32s; N] {
    let [mut rest, mut scale, mut sum] = [x; 3];
    for i in 0..N {
        let x = simd.neg_f32s(simd.abs_f32s(x[i]));
        let least = simd.splat_f32s(LEAST_EXPONENT);
        let x = simd.select_f32s(simd.less_than_f32s(x, least), least, x);
        let scaled = simd.mul_f32s(x, simd.splat_f32s(LOG2_E));
        let rounded = simd.add_f32s(scaled, simd.splat_f32s(ROUNDER));
        let exponent = simd.sub_f32s(rounded, simd.splat_f32s(ROUNDER));
        let high = simd.mul_f32s(exponent, simd.splat_f32s(LN_2_HIGH));
        let low = simd.mul_f32s(exponent, simd.splat_f32s(LN_2_LOW));
        rest[i] = simd.sub_f32s(simd.sub_f32s(x, high), low);
        let one = simd.splat_u32s(EXPONENT_OF_ONE);
        let bits = simd.add_u32s(simd.transmute_u32s_f32s(rounded), one);
        let bits = simd.wrapping_dyn_shl_u32s(bits, simd.splat_u32s(MANTISSA_BITS));
        scale[i] = simd.transmute_f32s_u32s(bits);
        sum[i] = simd.splat_f32s(SERIES[SERIES.len() - 1]);
    }
    for factor in SERIES.into_iter().rev().skip(1) {
        for i in 0..N {
            sum[i] = simd.add_f32s(simd.mul_f32s(rest[i], sum[i]), simd.splat_f32s(factor));
        }
    }
    for i in 0..N {
        let square = simd.mul_f32s(rest[i], rest[i]);
        let above_one = simd.add_f32s(rest[i], simd.mul_f32s(square, sum[i]));
        let mantissa = simd.add_f32s(simd.splat_f32s(1.0), above_one);
        sum[i] = simd.mul_f32s(mantissa, scale[i]);
    }
    sum
}

/// `ln(1 + x) = 2 artanh(x / (2 + x))` for `x` in [0, 1], relative error at most 2.5e-7.
#[inline(always)]
pub(crate) fn ln_1p_of_unit(x: f32) -> f32 {
    let s = x / (2.0 + x);
    let s2 = s * s;
    let series = 0.333_333_34
        + s2 * (0.199_998_51 + s2 * (0.142_962_92 + s2 * (0.108_516_574 + s2 * 0.116_195_254)));
    2.0 * (s + s * (s2 * series))
}

/// `ln(x)` of a normal number `x >= 1`; the error is at most 2e-7 times the larger of the value and 1.
#[inline(always)]
pub(crate) fn ln_above_one(x: f32) -> f32 {
    let bits = x.to_bits();
    // Subtracting the bits of sqrt(1/2), not of 1, puts the mantissa into [sqrt(1/2), sqrt(2)).
    let exponent = (bits.wrapping_sub((SQRT_2 / 2.0).to_bits()) as i32) >> 23;
    let mantissa = f32::from_bits(bits.wrapping_sub((exponent as u32) << 23));
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let s2 = s * s;
    let series = 0.333_333_43 + s2 * (0.199_943_75 + s2 * 0.147_904_99);
    exponent as f32 * LN_2 + 2.0 * (s + s * (s2 * series))
}

/// `1 / (1 + exp(-x))`, relative error at most 2.5e-7 for `x > -87.33`.
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

/// The hyperbolic tangent, relative error at most 3e-7.
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

/// `ln(1 + exp(x)) = max(x, 0) + ln(1 + exp(-|x|))`, relative error at most 3e-7 for `x > -87.33`.
#[inline(always)]
pub(crate) fn softplus(x: f32) -> f32 {
    rectified(x) + ln_1p_of_unit(exp_of_negative(-x.abs()))
}

/// `max(x, 0)`, but NaN of NaN, where `f32::max` gives 0.
#[inline(always)]
pub(crate) fn rectified(x: f32) -> f32 {
    if x < 0.0 { 0.0 } else { x }
}

#[cfg(test)]
mod tests {
    use pulp::WithSimd;

    use super::*;
    use crate::simd::dispatches;

    /// The largest relative error of `ours` at 500 001 equidistant points of [low, high].
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

    struct Exponentials<'a>(&'a [f32], &'a mut [f32; PIECE]);

    impl WithSimd for Exponentials<'_> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) {
            exponentials(simd, self.0, self.1);
        }
    }

    #[test]
    fn vectors_of_exponentials_have_the_bits_of_one_number_at_a_time() {
        let special = [0.0, -0.0, f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e-40, 87.4, -3e38];
        let numbers = (-9000..9000).map(|i| i as f32 * 0.011);
        let numbers: Vec<f32> = special.into_iter().chain(numbers).collect();
        for dispatch in dispatches() {
            for length in [1, 7, 16, 61, PIECE] {
                for piece in numbers.chunks(length) {
                    let mut found = [-1.0; PIECE];
                    dispatch.run(Exponentials(piece, &mut found));
                    for (&x, y) in piece.iter().zip(found) {
                        let alone = exp_of_negative(-std::hint::black_box(x).abs());
                        let same = y.to_bits() == alone.to_bits() || x.is_nan() && y.is_nan();
                        assert!(same, "{y} instead of {alone}, {x}, {dispatch:?}");
                    }
                    assert!(found[piece.len()..].iter().all(|&other| other == -1.0));
                }
            }
        }
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
    fn extreme_arguments_have_finite_values_and_nan_stays_nan() {
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
