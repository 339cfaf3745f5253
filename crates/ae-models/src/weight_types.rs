//! Types of the numbers in a weights file: `f32` as it is, other floats converted on request.

use safetensors::Dtype;

/// The types of weights that a file is read with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum WeightTypes {
    /// `F32` alone: the model has the numbers of the file, bit by bit.
    #[default]
    Exact,
    /// `F32`, and `F16`, `BF16` and `F64` converted to `f32`. `F64` is rounded to the nearest; the others are exact.
    Converted,
}

/// Whether weights of a type may be read.
pub(crate) fn is_accepted(types: WeightTypes, dtype: Dtype) -> bool {
    dtype == Dtype::F32 || (types == WeightTypes::Converted && is_convertible(dtype))
}

/// What the message about a refused type adds.
pub(crate) fn hint(dtype: Dtype) -> &'static str {
    if is_convertible(dtype) { "; `WeightTypes::Converted` converts it" } else { "" }
}

fn is_convertible(dtype: Dtype) -> bool {
    matches!(dtype, Dtype::F16 | Dtype::BF16 | Dtype::F64)
}

/// Appends the numbers of an accepted type.
pub(crate) fn append(values: &mut Vec<f32>, dtype: Dtype, data: &[u8]) {
    match dtype {
        Dtype::F16 => values.extend(numbers(data, half)),
        Dtype::BF16 => values.extend(numbers(data, brain)),
        Dtype::F64 => values.extend(numbers(data, double)),
        _ => values.extend(numbers(data, f32::from_le_bytes)),
    }
}

/// The place and the value, as `f32`, of the first number of an accepted type that is wrong.
pub(crate) fn first_wrong(
    dtype: Dtype,
    data: &[u8],
    is_wrong: impl Fn(f32) -> bool,
) -> Option<(usize, f32)> {
    let first = |numbers: &mut dyn Iterator<Item = f32>| {
        numbers.enumerate().find(|(_, number)| is_wrong(*number))
    };
    match dtype {
        Dtype::F16 => first(&mut numbers(data, half)),
        Dtype::BF16 => first(&mut numbers(data, brain)),
        Dtype::F64 => first(&mut numbers(data, double)),
        _ => first(&mut numbers(data, f32::from_le_bytes)),
    }
}

/// The place and the value of the first number of an accepted type that is not finite as `f32`.
pub(crate) fn first_not_finite(dtype: Dtype, data: &[u8]) -> Option<(usize, f32)> {
    first_wrong(dtype, data, |number| !number.is_finite())
}

fn numbers<const BYTES: usize>(
    data: &[u8],
    number: impl Fn([u8; BYTES]) -> f32,
) -> impl Iterator<Item = f32> {
    data.as_chunks().0.iter().map(move |&bytes| number(bytes))
}

/// IEEE 754's binary16: 1 bit of sign, 5 of exponent with a bias of 15, 10 of fraction.
///
/// The crate `half` does the same, but brings four crates and a second version of `syn` with it.
fn half(bytes: [u8; 2]) -> f32 {
    let bits = u16::from_le_bytes(bytes);
    let (exponent, fraction) = ((bits >> 10) & 0x1f, bits & 0x3ff);
    let magnitude = match (exponent, fraction) {
        (0, _) => f32::from(fraction) * 2.0_f32.powi(-24),
        (0x1f, 0) => f32::INFINITY,
        (0x1f, _) => f32::NAN,
        _ => f32::from_bits(((u32::from(exponent) + 127 - 15) << 23) | (u32::from(fraction) << 13)),
    };
    if bits >> 15 == 0 { magnitude } else { -magnitude }
}

/// bfloat16: the upper half of an `f32`.
fn brain(bytes: [u8; 2]) -> f32 {
    f32::from_bits(u32::from(u16::from_le_bytes(bytes)) << 16)
}

fn double(bytes: [u8; 8]) -> f32 {
    f64::from_le_bytes(bytes) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_of_16_bits_is_converted_as_the_crate_half_does() {
        for bits in 0..=u16::MAX {
            let pairs = [
                (half(bits.to_le_bytes()), half::f16::from_bits(bits).to_f32()),
                (brain(bits.to_le_bytes()), half::bf16::from_bits(bits).to_f32()),
            ];
            for (found, expected) in pairs {
                let equal = found.to_bits() == expected.to_bits();
                assert!(equal || found.is_nan() && expected.is_nan(), "{bits}: {found} {expected}");
            }
        }
    }

    #[test]
    fn a_double_is_rounded_to_the_nearest_and_one_beyond_the_range_is_not_finite() {
        assert_eq!(double(0.1_f64.to_le_bytes()), 0.1);
        let data: Vec<u8> = [1.0, -1e39_f64].iter().flat_map(|x| x.to_le_bytes()).collect();
        assert_eq!(first_not_finite(Dtype::F64, &data), Some((1, f32::NEG_INFINITY)));
    }
}
