//! Fonts, the widths of texts, and how captions wrap.

use noto_sans_mono_bitmap::{FontWeight, RasterHeight, get_raster};

/// The three kinds of text. All are monospaced, so that a layout knows every width.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Style {
    Title,
    /// Labels of rows and axes, captions.
    Label,
    /// Numbers of ticks and under images.
    Note,
}

impl Style {
    pub(crate) fn weight(self) -> FontWeight {
        if self == Self::Title { FontWeight::Bold } else { FontWeight::Regular }
    }

    pub(crate) fn raster(self) -> RasterHeight {
        if self == Self::Note { RasterHeight::Size24 } else { RasterHeight::Size32 }
    }

    /// Width of a character: half of the glyph's width, since a PNG is drawn at twice the size.
    pub(crate) fn advance(self) -> f32 {
        if self == Self::Note { 5.5 } else { 7.0 }
    }

    pub(crate) fn line_height(self) -> f32 {
        self.raster().val() as f32 / 2.0
    }

    /// Distance from the top of the line to the baseline of the glyphs.
    pub(crate) fn baseline(self) -> f32 {
        if self == Self::Note { 9.5 } else { 12.5 }
    }

    pub(crate) fn width(self, text: &str) -> f32 {
        text.chars().count() as f32 * self.advance()
    }
}

/// Whether the font of the PNG has a letter; it has the same letters in all weights and sizes.
pub(crate) fn font_has(letter: char) -> bool {
    get_raster(letter, FontWeight::Regular, RasterHeight::Size24).is_some()
}

/// The text with `?` in place of control characters, which XML forbids and which a terminal would execute,
/// and of characters that change the direction of the text around them.
pub(crate) fn printable(text: &str) -> String {
    let forbidden = |c: char| {
        let changes_direction = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        c.is_control() || changes_direction || matches!(c, '\u{fffe}' | '\u{ffff}')
    };
    text.chars().map(|c| if forbidden(c) { '?' } else { c }).collect()
}

/// The text, cut to `columns` characters that end in an ellipsis if it is longer.
pub(crate) fn shorten(text: &str, columns: usize) -> String {
    if text.chars().count() <= columns {
        return text.to_owned();
    }
    text.chars().take(columns.saturating_sub(3)).chain("...".chars()).collect()
}

/// The last `columns` characters of the text, which begin with an ellipsis if it is longer.
pub(crate) fn shorten_front(text: &str, columns: usize) -> String {
    let length = text.chars().count();
    if length <= columns {
        return text.to_owned();
    }
    "...".chars().chain(text.chars().skip(length + 3 - columns)).collect()
}

/// Keeps at most `most` lines of `columns` characters. If there were more, the last one ends in an ellipsis,
/// and the result is `true`.
pub(crate) fn cut(lines: &mut Vec<String>, most: usize, columns: usize) -> bool {
    if lines.len() <= most {
        return false;
    }
    lines.truncate(most);
    if let Some(last) = lines.last_mut() {
        let kept: String = last.chars().take(columns.saturating_sub(3)).collect();
        *last = kept + "...";
    }
    true
}

/// Breaks a text at white space into lines of at most `columns` characters. A longer word is broken too.
pub(crate) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut used = columns;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if let Some(line) = lines.last_mut().filter(|_| used + 1 + length <= columns) {
            line.push(' ');
            line.push_str(word);
            used += 1 + length;
            continue;
        }
        let letters: Vec<char> = word.chars().collect();
        for piece in letters.chunks(columns.max(1)) {
            lines.push(piece.iter().collect());
            used = piece.len();
        }
    }
    lines
}

/// A number with this many significant digits, in scientific notation where it is very large or small.
pub(crate) fn significant(value: f64, digits: usize) -> String {
    let digits = digits.saturating_sub(1);
    let scientific = format!("{value:.digits$e}");
    let exponent = scientific.split_once('e').and_then(|(_, power)| power.parse::<i32>().ok());
    match exponent {
        Some(power @ -4..6) => format!("{value:.*}", (digits as i32 - power).max(0) as usize),
        _ => scientific,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_keep_their_significant_digits() {
        let shown = |value| significant(value, 4);
        assert_eq!(
            [41.2345, 0.0920049, 9.99996, 0.0, 1.5e-7, 7e8, 123_456.0, -3.0].map(shown),
            ["41.23", "0.09200", "10.00", "0.000", "1.500e-7", "7.000e8", "123456", "-3.000"]
        );
        assert_eq!(shown(f64::NAN), "NaN");
    }

    #[test]
    fn long_labels_end_in_an_ellipsis() {
        assert_eq!(shorten("größe", 5), "größe");
        assert_eq!(shorten("größer", 5), "gr...");
    }

    #[test]
    fn what_does_not_fit_into_the_lines_ends_in_an_ellipsis() {
        let mut lines = vec!["abcdef".to_owned(), "ab".to_owned(), "c".to_owned()];
        assert!(!cut(&mut lines, 3, 6));
        assert!(cut(&mut lines, 2, 6));
        assert_eq!(lines, ["abcdef", "ab..."]);
        assert!(cut(&mut lines, 1, 6));
        assert_eq!(lines, ["abc..."]);
    }

    proptest! {
        #[test]
        fn wrapping_keeps_every_letter_and_the_width(text in "[a-z ü\n]{0,80}", columns in 1_usize..20) {
            let lines = wrap(&text, columns);
            let letters = |text: &str| text.split_whitespace().collect::<String>();
            prop_assert_eq!(letters(&lines.concat()), letters(&text));
            prop_assert!(lines.iter().all(|line| (1..=columns).contains(&line.chars().count())));
        }
    }
}
