//! Names of values on the command line.

use clap::ValueEnum;

/// A value's name on the command line.
pub(crate) fn name(value: impl ValueEnum) -> String {
    value.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}
