//! Uniform words to standard normal numbers by the Box-Muller transform (Annals of Mathematical Statistics 29, 1958).
//!
//! `ln` and `cos` of the C library differ in their last bits between systems. The functions here use operations whose
//! rounding IEEE 754 defines, and no branches. Long chains of dependent operations are written as interleaved vectors,
//! because the compiler does not interleave them; the rest are loops over lanes that the compiler vectorises. (They are
//! `for` loops, because closures, as in an array's `map`, are not inlined under the dispatch.)

use std::f32::consts::{FRAC_PI_2, LN_2, SQRT_2};

use pulp::Simd;

use crate::philox::{LANES, Words};

/// A number for each pair of words, in lanes.
type Pairs = [[f32; LANES]; 2];

/// Turns pairs of words, the first for a radius and the second for an angle, into pairs of independent standard normal
/// numbers. Their magnitude is at most `sqrt(-2 ln 2^-31) = 6.56`.
#[inline(always)]
pub(crate) fn box_muller<S: Simd>(simd: S, words: &Words) -> [[f32; LANES]; 4] {
    match S::F32_LANES {
        16 => transform::<S, 2>(simd, words),
        8 => transform::<S, 4>(simd, words),
        4 => transform::<S, 8>(simd, words),
        _ => transform::<S, { 2 * LANES }>(simd, words),
    }
}

/// The same with `N` vectors for the pairs.
#[inline(always)]
fn transform<S: Simd, const N: usize>(simd: S, words: &Words) -> [[f32; LANES]; 4] {
    let [mut mantissas, mut exponents, mut angles] = [Pairs::default(); 3];
    for pair in 0..2 {
        let (radius_words, angle_words) = (&words[2 * pair], &words[2 * pair + 1]);
        for lane in 0..LANES {
            let (mantissa, exponent) = split(uniform(radius_words[lane]));
            mantissas[pair][lane] = mantissa;
            exponents[pair][lane] = exponent;
            angles[pair][lane] = turn(angle_words[lane]).1;
        }
    }
    let mantissas = vectors::<S, N>(simd, &mantissas);
    let mut radii = logarithms(simd, mantissas, vectors::<S, N>(simd, &exponents));
    for radius in &mut radii {
        *radius = simd.sqrt_f32s(simd.mul_f32s(simd.splat_f32s(-2.0), *radius));
    }
    let (cosines, sines) = cos_sin(simd, vectors::<S, N>(simd, &angles));
    let (radii, cosines, sines) =
        (numbers::<S, N>(&radii), numbers::<S, N>(&cosines), numbers::<S, N>(&sines));
    let mut normals = [[0.0; LANES]; 4];
    for pair in 0..2 {
        for lane in 0..LANES {
            let (quarters, _) = turn(words[2 * pair + 1][lane]);
            let (cosine, sine) = turned(quarters, cosines[pair][lane], sines[pair][lane]);
            normals[2 * pair][lane] = radii[pair][lane] * cosine;
            normals[2 * pair + 1][lane] = radii[pair][lane] * sine;
        }
    }
    normals
}

#[inline(always)]
fn vectors<S: Simd, const N: usize>(simd: S, numbers: &Pairs) -> [S::f32s; N] {
    let mut vectors = [simd.splat_f32s(0.0); N];
    vectors.copy_from_slice(S::as_simd_f32s(numbers.as_flattened()).0);
    vectors
}

#[inline(always)]
fn numbers<S: Simd, const N: usize>(vectors: &[S::f32s; N]) -> Pairs {
    let mut numbers = Pairs::default();
    S::as_mut_simd_f32s(numbers.as_flattened_mut()).0.copy_from_slice(vectors);
    numbers
}

/// A number in (0, 1] from 31 bits: every machine converts a signed integer to `f32` in one instruction.
#[inline(always)]
fn uniform(word: u32) -> f32 {
    ((word >> 1) as i32 as f32 + 1.0) * (1.0 / 2_147_483_648.0)
}

/// The mantissa `m` in [sqrt(1/2), sqrt(2)) and the exponent `e` of a normal number `x = m 2^e`.
#[inline(always)]
fn split(x: f32) -> (f32, f32) {
    let bits = x.to_bits() as i32;
    // Subtracting the bits of sqrt(1/2), not of 1, puts the mantissa into this range.
    let exponent = (bits - (SQRT_2 / 2.0).to_bits() as i32) >> 23;
    (f32::from_bits((bits - (exponent << 23)) as u32), exponent as f32)
}

/// The natural logarithms of `m 2^e` in (0, 1]; the error is at most 3e-7 times the larger of the magnitude and 1.
///
/// `ln m = 2 artanh s` with `s = (m - 1) / (m + 1)`.
#[inline(always)]
fn logarithms<S: Simd, const N: usize>(
    simd: S,
    mantissas: [S::f32s; N],
    exponents: [S::f32s; N],
) -> [S::f32s; N] {
    let (one, two) = (simd.splat_f32s(1.0), simd.splat_f32s(2.0));
    let (mut s, mut s2) = (mantissas, mantissas);
    for i in 0..N {
        s[i] = simd.div_f32s(simd.sub_f32s(s[i], one), simd.add_f32s(s[i], one));
        s2[i] = simd.mul_f32s(s[i], s[i]);
    }
    let mut sums = polynomials(simd, s2, [2.0 / 3.0, 2.0 / 5.0, 2.0 / 7.0, 2.0 / 9.0]);
    for i in 0..N {
        let rest = simd.mul_f32s(simd.mul_f32s(s[i], s2[i]), sums[i]);
        let of_mantissa = simd.add_f32s(simd.mul_f32s(two, s[i]), rest);
        let of_exponent = simd.mul_f32s(exponents[i], simd.splat_f32s(LN_2));
        sums[i] = simd.add_f32s(of_exponent, of_mantissa);
    }
    sums
}

/// The angle of `word / 2^32` turns as the nearest number of quarter turns, and the rest in radians, at most an eighth
/// of a turn in magnitude.
#[inline(always)]
fn turn(word: u32) -> (u32, f32) {
    let quarters = word.wrapping_add(1 << 29) >> 30;
    let rest = word.wrapping_sub(quarters << 30) as i32;
    (quarters, rest as f32 * (FRAC_PI_2 / 1_073_741_824.0))
}

/// Cosines and sines of angles of at most an eighth of a turn, by Taylor's series.
#[inline(always)]
fn cos_sin<S: Simd, const N: usize>(simd: S, angles: [S::f32s; N]) -> ([S::f32s; N], [S::f32s; N]) {
    let mut a2 = angles;
    for square in &mut a2 {
        *square = simd.mul_f32s(*square, *square);
    }
    let of_sine = [-1.0 / 6.0, 1.0 / 120.0, -1.0 / 5040.0, 1.0 / 362_880.0];
    let mut sines = polynomials(simd, a2, of_sine);
    let cosines = polynomials(simd, a2, [1.0, -0.5, 1.0 / 24.0, -1.0 / 720.0, 1.0 / 40_320.0]);
    for i in 0..N {
        let cube = simd.mul_f32s(angles[i], a2[i]);
        sines[i] = simd.add_f32s(angles[i], simd.mul_f32s(cube, sines[i]));
    }
    (cosines, sines)
}

/// `a + x (b + x (c + ...))` of `N` vectors, interleaved: each coefficient for all vectors before the next.
#[inline(always)]
fn polynomials<S: Simd, const N: usize, const C: usize>(
    simd: S,
    x: [S::f32s; N],
    coefficients: [f32; C],
) -> [S::f32s; N] {
    let mut sums = [simd.splat_f32s(coefficients[C - 1]); N];
    for c in (0..C - 1).rev() {
        for i in 0..N {
            let product = simd.mul_f32s(x[i], sums[i]);
            sums[i] = simd.add_f32s(simd.splat_f32s(coefficients[c]), product);
        }
    }
    sums
}

/// Cosine and sine of an angle increased by quarter turns, of which each swaps the two and flips a sign.
#[inline(always)]
fn turned(quarters: u32, cosine: f32, sine: f32) -> (f32, f32) {
    let swap = (quarters & 1).wrapping_neg();
    let keep = !swap;
    let (c, s) = (cosine.to_bits(), sine.to_bits());
    let cosine_sign = ((quarters ^ (quarters >> 1)) & 1) << 31;
    let sine_sign = (quarters >> 1) << 31;
    (
        f32::from_bits(((c & keep) | (s & swap)) ^ cosine_sign),
        f32::from_bits(((s & keep) | (c & swap)) ^ sine_sign),
    )
}

#[cfg(test)]
mod tests {
    use pulp::{Arch, WithSimd};

    use super::*;

    /// Logarithms of `LANES` numbers, and cosines and sines of as many words.
    struct Functions<'a>(&'a [f32; LANES], &'a [u32; LANES]);

    impl WithSimd for Functions<'_> {
        type Output = [Pairs; 3];

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) -> Self::Output {
            match S::F32_LANES {
                16 => self.with_vectors::<S, 2>(simd),
                8 => self.with_vectors::<S, 4>(simd),
                4 => self.with_vectors::<S, 8>(simd),
                _ => self.with_vectors::<S, { 2 * LANES }>(simd),
            }
        }
    }

    impl Functions<'_> {
        #[inline(always)]
        fn with_vectors<S: Simd, const N: usize>(self, simd: S) -> [Pairs; 3] {
            let parts = self.0.map(split);
            let (mantissas, exponents) = ([parts.map(|x| x.0); 2], [parts.map(|x| x.1); 2]);
            let mantissas = vectors::<S, N>(simd, &mantissas);
            let logarithms = logarithms(simd, mantissas, vectors::<S, N>(simd, &exponents));
            let angles = [self.1.map(|word| turn(word).1); 2];
            let (cosines, sines) = cos_sin(simd, vectors::<S, N>(simd, &angles));
            [&logarithms, &cosines, &sines].map(numbers::<S, N>)
        }
    }

    #[test]
    fn functions_are_within_their_bounds() {
        for step in (1..=1_000_000_u32).step_by(LANES) {
            let steps: [u32; LANES] = std::array::from_fn(|lane| step + lane as u32);
            let words = steps.map(|step| (step - 1).wrapping_mul(4_294_967));
            for divisor in [1e6, 2_147_483_648.0] {
                let numbers = steps.map(|step| step as f32 / divisor);
                let functions = [Arch::new(), Arch::Scalar]
                    .map(|arch| arch.dispatch(Functions(&numbers, &words)));
                assert_eq!(functions[0], functions[1], "from {step}");
                let [logarithms, cosines, sines] = functions[0].map(|pairs| pairs[0]);
                for lane in 0..LANES {
                    let exact = f64::from(numbers[lane]).ln();
                    let error = (f64::from(logarithms[lane]) - exact).abs();
                    assert!(error <= 3e-7 * exact.abs().max(1.0), "ln({})", numbers[lane]);
                    let angle = f64::from(words[lane]) / 4_294_967_296.0 * std::f64::consts::TAU;
                    let (quarters, _) = turn(words[lane]);
                    let (cosine, sine) = turned(quarters, cosines[lane], sines[lane]);
                    assert!((f64::from(cosine) - angle.cos()).abs() < 2e-7, "cosine of {angle}");
                    assert!((f64::from(sine) - angle.sin()).abs() < 2e-7, "sine of {angle}");
                }
            }
        }
    }
}
