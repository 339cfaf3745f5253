//! Numbers with a fixed number of fractional bits, as integers.

/// Fractional bits of a weight; a number between layers has 16.
pub(crate) const WEIGHT_BITS: u32 = 20;
/// The largest sum of the absolute weights of a unit, so that each weight fits an `i32`.
pub(crate) const LARGEST_SUM: f64 = 2047.0;

/// A float as an integer with this many fractional bits. It is rounded, and saturates.
pub(crate) fn fixed(value: f32, bits: u32) -> i64 {
    (f64::from(value) * (1_u64 << bits) as f64).round() as i64
}
