//! Numbers as the page writes them.

/// A number with four significant digits; a dash if it is not finite.
pub fn number(value: f64) -> String {
    significant(value, 4)
}

/// A number with some significant digits; a dash if it is not finite. Very small and very large ones have an exponent.
pub fn significant(value: f64, digits: usize) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    if value == 0.0 {
        return "0".to_owned();
    }
    let digits = digits.clamp(1, 17);
    let exponential = format!("{value:.*e}", digits - 1);
    // Of the rounded number: 9.9996 has one digit more than it seems.
    let exponent = exponential.rsplit('e').next().and_then(|text| text.parse::<i32>().ok());
    match exponent {
        Some(exponent) if (-5..9).contains(&exponent) => {
            let decimals = (digits as i32 - 1 - exponent).max(0) as usize;
            format!("{value:.decimals$}")
        }
        _ => exponential,
    }
}

/// A whole number, its digits in groups of three.
pub fn counted(count: usize) -> String {
    let digits = count.to_string();
    if digits.len() < 5 {
        return digits;
    }
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            // A narrow space at which no line breaks.
            grouped.push('\u{202f}');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_significant_digits() {
        for (value, expected) in [
            (0.0, "0"),
            (0.091_516, "0.09152"),
            (9.999_96, "10.00"),
            (-20.123_456, "-20.12"),
            (12_345.6, "12346"),
            (3.2e-7, "3.200e-7"),
            (4e12, "4.000e12"),
            (f64::NAN, "–"),
            (f64::NEG_INFINITY, "–"),
        ] {
            assert_eq!(number(value), expected);
        }
    }

    #[test]
    fn counts_are_grouped_from_five_digits_on() {
        let text = [0, 9999, 60_000, 1_234_567].map(counted);
        assert_eq!(text, ["0", "9999", "60\u{202f}000", "1\u{202f}234\u{202f}567"]);
    }
}
