//! Activations, computed in integers with 16 fractional bits.

use ae_kernels::Activation;

/// The number 1.
pub(crate) const ONE: i64 = 1 << 16;

/// Fractional bits within the functions.
const BITS: u32 = 32;
const UNIT: i64 = 1 << BITS;
/// `ln 2` with [`BITS`] fractional bits.
const LN_2: i64 = 2_977_044_472;
/// SELU's constants with 16 fractional bits.
const SELU_SCALE: i64 = 68_859;
const SELU_ALPHA_SCALE: i64 = 115_217;

/// The activation of a number: exact for piecewise linear activations, otherwise within 2^-15.
pub(crate) fn activate(activation: Activation, x: i64) -> i64 {
    match activation {
        Activation::Linear => x,
        Activation::Relu => x.max(0),
        Activation::LeakyRelu => x.max(x / 100),
        Activation::Elu if x > 0 => x,
        Activation::Elu => round(exp_of_minus(-x)) - ONE,
        Activation::Selu if x > 0 => (x * SELU_SCALE) >> 16,
        Activation::Selu => ((round(exp_of_minus(-x)) - ONE) * SELU_ALPHA_SCALE) >> 16,
        Activation::Sigmoid => sigmoid(x),
        Activation::Tanh => 2 * sigmoid(2 * x) - ONE,
        Activation::Softplus => x.max(0) + round(ln_1_plus(exp_of_minus(x.abs()))),
    }
}

fn sigmoid(x: i64) -> i64 {
    let exp = exp_of_minus(x.abs());
    // With 30 fractional bits.
    let above = (1_i64 << 62) / (UNIT + exp);
    let above = (above + (1 << 13)) >> 14;
    if x < 0 { ONE - above } else { above }
}

/// `exp(-x)` for `x >= 0` with 16 fractional bits, as a number with [`BITS`] fractional bits: `2^-k` times the
/// Taylor series of the remainder, for `x = k ln 2 + remainder`.
fn exp_of_minus(x: i64) -> i64 {
    let x = x << (BITS - 16);
    let (halvings, rest) = (x / LN_2, x % LN_2);
    if halvings >= i64::from(BITS) {
        return 0;
    }
    let (mut term, mut sum) = (UNIT, UNIT);
    for n in 1..=13 {
        term = -((term * (rest >> 2)) >> (BITS - 2)) / n;
        sum += term;
    }
    sum >> halvings
}

/// `ln(1 + y)` for `y` from 0 to 1: twice the series of `artanh(y / (2 + y))`.
fn ln_1_plus(y: i64) -> i64 {
    let ratio = (y << 29) / ((2 * UNIT + y) >> 3);
    let square = (ratio * (ratio >> 2)) >> (BITS - 2);
    let (mut power, mut sum) = (ratio, 0);
    for n in 0..12 {
        sum += power / (2 * n + 1);
        power = (power * (square >> 2)) >> (BITS - 2);
    }
    2 * sum
}

/// From [`BITS`] fractional bits to 16.
fn round(x: i64) -> i64 {
    (x + (1 << 15)) >> 16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_functions_are_those_of_floats() {
        type Function = fn(f64) -> f64;
        let functions: [(Activation, Function); 5] = [
            (Activation::Sigmoid, |x| 1.0 / (1.0 + (-x).exp())),
            (Activation::Tanh, f64::tanh),
            (Activation::Softplus, |x| x.max(0.0) + (-x.abs()).exp().ln_1p()),
            (Activation::Elu, |x| if x > 0.0 { x } else { x.exp_m1() }),
            (Activation::Selu, |x| {
                let (scale, alpha) = (1.050_700_987_355_480_5, 1.673_263_242_354_377_2);
                if x > 0.0 { scale * x } else { scale * alpha * x.exp_m1() }
            }),
        ];
        for (activation, function) in functions {
            for step in -4000..4000 {
                let x = step * 211;
                let found = activate(activation, x) as f64 / ONE as f64;
                let expected = function(x as f64 / ONE as f64);
                // Two units, and SELU's scale is rounded to 16 bits.
                let allowed = 2.0 / ONE as f64 + expected.abs() / ONE as f64;
                assert!(
                    (found - expected).abs() <= allowed,
                    "{activation:?} {x}: {found} {expected}"
                );
            }
            // The largest numbers between layers must not overflow.
            for x in [-(1 << 30), 1 << 30] {
                activate(activation, x);
            }
        }
    }
}
