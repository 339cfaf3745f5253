//! Uniform words to standard normals by Box and Muller's transform (Annals of Mathematical
//! Statistics 29, 1958), with elementary functions of our own.
//!
//! The C library's `ln` and `cos` differ in their last bits between systems. These use operations
//! that are rounded in one way everywhere, and no branches, so that the compiler vectorises them.

use std::f32::consts::{FRAC_PI_2, LN_2, SQRT_2};

use crate::philox::LANES;

/// `LANES` pairs of words to `LANES` pairs of independent standard normals, in place of each word.
///
/// The largest magnitude is 6.56: `sqrt(-2 ln 2^-31)`.
#[inline(always)]
pub(crate) fn box_muller(
    radius_words: &[u32; LANES],
    angle_words: &[u32; LANES],
) -> ([f32; LANES], [f32; LANES]) {
    let mut cosines = [0.0; LANES];
    let mut sines = [0.0; LANES];
    for lane in 0..LANES {
        // (0, 1]: 31 bits, because a signed integer converts to f32 in one instruction everywhere.
        let uniform = ((radius_words[lane] >> 1) as i32 as f32 + 1.0) * (1.0 / 2_147_483_648.0);
        let radius = (-2.0 * ln(uniform)).sqrt();
        let (cosine, sine) = cos_sin_of_turn(angle_words[lane]);
        cosines[lane] = radius * cosine;
        sines[lane] = radius * sine;
    }
    (cosines, sines)
}

/// The natural logarithm of a normal number in (0, 1], within 3e-7 of the value or of 1.
///
/// `x = 2^e m` with m in [sqrt(1/2), sqrt(2)); `ln m = 2 artanh s` with `s = (m - 1) / (m + 1)`.
#[inline(always)]
fn ln(x: f32) -> f32 {
    let bits = x.to_bits() as i32;
    // Adding the distance from sqrt(1/2) to 1 moves the exponent's carry to sqrt(1/2).
    let exponent = (bits - (SQRT_2 / 2.0).to_bits() as i32) >> 23;
    let mantissa = f32::from_bits((bits - (exponent << 23)) as u32);
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let s2 = s * s;
    let series = 2.0 / 3.0 + s2 * (2.0 / 5.0 + s2 * (2.0 / 7.0 + s2 * (2.0 / 9.0)));
    exponent as f32 * LN_2 + (2.0 * s + s * s2 * series)
}

/// Cosine and sine of `word / 2^32` of a full turn, within 2e-7.
///
/// The two upper bits choose the quadrant's rotation after rounding to the nearest quarter turn;
/// Taylor's series serve the eighth of a turn that is left on either side.
#[inline(always)]
fn cos_sin_of_turn(word: u32) -> (f32, f32) {
    let quadrant = word.wrapping_add(1 << 29) >> 30;
    let rest = word.wrapping_sub(quadrant << 30) as i32;
    let angle = rest as f32 * (FRAC_PI_2 / 1_073_741_824.0);
    let a2 = angle * angle;
    let sine = angle
        + angle
            * a2
            * (-1.0 / 6.0 + a2 * (1.0 / 120.0 + a2 * (-1.0 / 5040.0 + a2 * (1.0 / 362_880.0))));
    let cosine =
        1.0 + a2 * (-0.5 + a2 * (1.0 / 24.0 + a2 * (-1.0 / 720.0 + a2 * (1.0 / 40_320.0))));
    // A quarter turn swaps the two; the signs follow the quadrant's bits.
    let swap = (quadrant & 1).wrapping_neg();
    let keep = !swap;
    let (c, s) = (cosine.to_bits(), sine.to_bits());
    let cosine_sign = ((quadrant ^ (quadrant >> 1)) & 1) << 31;
    let sine_sign = (quadrant >> 1) << 31;
    (
        f32::from_bits(((c & keep) | (s & swap)) ^ cosine_sign),
        f32::from_bits(((s & keep) | (c & swap)) ^ sine_sign),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithm_is_within_its_bound() {
        for step in 1..=1_000_000_u32 {
            for x in [step as f32 / 1e6, step as f32 / 2_147_483_648.0] {
                let exact = f64::from(x).ln();
                let error = (f64::from(ln(x)) - exact).abs();
                assert!(error <= 3e-7 * exact.abs().max(1.0), "ln({x}) is off by {error}");
            }
        }
    }

    #[test]
    fn cosine_and_sine_are_within_their_bound() {
        for step in 0..1_000_000_u32 {
            let word = step.wrapping_mul(4_294_967);
            let angle = f64::from(word) / 4_294_967_296.0 * std::f64::consts::TAU;
            let (cosine, sine) = cos_sin_of_turn(word);
            assert!((f64::from(cosine) - angle.cos()).abs() < 2e-7, "cosine of {angle}");
            assert!((f64::from(sine) - angle.sin()).abs() < 2e-7, "sine of {angle}");
        }
    }
}
