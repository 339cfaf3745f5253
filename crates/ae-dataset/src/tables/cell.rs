//! The cells of a table: numbers, missing values, or text.

/// The character before the fraction of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DecimalMark {
    Point,
    Comma,
}

/// The contents of a cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Cell {
    /// A number, possibly infinite, and its decimal mark if it has a fraction.
    Number(f64, Option<DecimalMark>),
    /// A missing value: an empty cell or one of [`MISSING`].
    Missing,
    /// Anything else.
    Text,
}

/// The texts that stand for a missing value: those of pandas' `read_csv`, and `?`.
const MISSING: [&str; 19] = [
    "", "?", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN",
    "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "null",
];

impl Cell {
    /// Reads a cell of a table with this delimiter. Decimal commas are accepted unless the delimiter is a comma.
    pub(crate) fn read(field: &str, delimiter: u8) -> Self {
        if MISSING.contains(&field) {
            return Self::Missing;
        }
        if let Ok(value) = field.parse::<f64>() {
            return match value.is_nan() {
                true => Self::Missing,
                false => Self::Number(value, field.contains('.').then_some(DecimalMark::Point)),
            };
        }
        let has_comma = delimiter != b',' && field.contains(',') && !field.contains('.');
        match has_comma.then(|| field.replacen(',', ".", 1).parse()) {
            Some(Ok(value)) => Self::Number(value, Some(DecimalMark::Comma)),
            _ => Self::Text,
        }
    }

    pub(crate) fn is_number(self) -> bool {
        matches!(self, Self::Number(..))
    }
}

/// Whether a text is a number with separators between its digits, such as `1,234.5`, `1 234` or `1'234`.
pub(crate) fn has_thousands_separators(field: &str) -> bool {
    let bare: String = field.chars().filter(|c| !",' _.\u{a0}\u{202f}".contains(*c)).collect();
    bare.parse::<f64>().is_ok_and(f64::is_finite)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_a_number_nothing_or_text() {
        let number = |value, mark| Cell::Number(value, mark);
        for (field, delimiter, cell) in [
            ("1.5", b',', number(1.5, Some(DecimalMark::Point))),
            ("1,5", b';', number(1.5, Some(DecimalMark::Comma))),
            ("-1,5e-3", b'\t', number(-1.5e-3, Some(DecimalMark::Comma))),
            ("1,5", b',', Cell::Text),
            ("1,234,567", b';', Cell::Text),
            ("1.234,5", b';', Cell::Text),
            ("+7", b',', number(7.0, None)),
            ("1e999", b',', number(f64::INFINITY, None)),
            ("nan", b',', Cell::Missing),
            ("+NaN", b',', Cell::Missing),
            ("?", b',', Cell::Missing),
            ("", b',', Cell::Missing),
            ("N/A", b',', Cell::Missing),
            ("0x10", b',', Cell::Text),
        ] {
            assert_eq!(Cell::read(field, delimiter), cell, "{field}");
        }
    }

    #[test]
    fn thousands_separators_are_told_from_text() {
        for field in ["1,234", "1.234,5", "1 234", "1'234", "1_000"] {
            assert!(has_thousands_separators(field), "{field}");
        }
        for field in ["alpha", "2014-04-10", "5%", "", "1,2,x"] {
            assert!(!has_thousands_separators(field), "{field}");
        }
    }
}
