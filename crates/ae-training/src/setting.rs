//! Checks of the ranges of settings.

use crate::TrainingError;

/// A number below becomes 0 as `f32`, a number above infinite.
const IN_F32: &str = "from 1.5e-45 to 3.4e38, the range of 32-bit floats";

/// Refuses a number that is not finite or outside its range.
pub(crate) fn check(
    setting: &'static str,
    value: f64,
    expected: &str,
    holds: impl Fn(f64) -> bool,
) -> Result<(), TrainingError> {
    if value.is_finite() && holds(value) {
        return Ok(());
    }
    Err(TrainingError::Setting { setting, expected: expected.to_owned(), found: value.to_string() })
}

/// Refuses a number that is not above 0, or that is 0 or infinite as `f32`, in which steps are taken: an epsilon of 0
/// would divide 0 by 0 where a gradient is 0.
pub(crate) fn check_positive(setting: &'static str, value: f64) -> Result<(), TrainingError> {
    check(setting, value, "finite and above 0", |x| x > 0.0)?;
    check(setting, value, IN_F32, |x| x as f32 > 0.0 && (x as f32).is_finite())
}

/// Refuses a number that is negative, or infinite as `f32`.
pub(crate) fn check_not_negative(setting: &'static str, value: f64) -> Result<(), TrainingError> {
    check(setting, value, "finite and at least 0", |x| x >= 0.0)?;
    check(setting, value, IN_F32, |x| (x as f32).is_finite())
}

/// Refuses a factor that is outside [0, 1), also as `f32`.
pub(crate) fn check_decay(setting: &'static str, value: f64) -> Result<(), TrainingError> {
    check(setting, value, "in [0, 1)", |x| (0.0..1.0).contains(&x))?;
    check(setting, value, "below 1 as a 32-bit float too", |x| (x as f32) < 1.0)
}

/// Refuses 0.
pub(crate) fn at_least_1(setting: &'static str, value: usize) -> Result<(), TrainingError> {
    if value >= 1 {
        return Ok(());
    }
    let (expected, found) = ("at least 1".to_owned(), value.to_string());
    Err(TrainingError::Setting { setting, expected, found })
}
