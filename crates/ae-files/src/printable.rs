//! Text from elsewhere, such as file names, made safe to print in a terminal.

use std::borrow::Cow;
use std::path::Path;

/// The text with its control characters escaped, such as `\u{1b}`, which begins a terminal's commands. Line
/// separators and characters that change the direction of writing are escaped too.
///
/// ```
/// assert_eq!(ae_files::printable("grün.png"), "grün.png");
/// assert_eq!(ae_files::printable("\u{1b}[2Jgone\n"), "\\u{1b}[2Jgone\\n");
/// ```
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(must_escape) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if must_escape(character) {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    Cow::Owned(shown)
}

/// A path as [`printable`] text, for messages.
pub fn shown(path: &Path) -> String {
    printable(&path.to_string_lossy()).into_owned()
}

fn must_escape(character: char) -> bool {
    let changes_direction = matches!(
        character,
        '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{61c}'
    );
    character.is_control() || changes_direction
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_become_text() {
        let name = "a\u{1b}]0;title\u{7}\u{9b}31m\u{7f}\r\n\t\u{202e}gpj.exe";
        let shown = printable(name);
        assert!(!shown.chars().any(must_escape), "{shown:?}");
        assert_eq!(shown, "a\\u{1b}]0;title\\u{7}\\u{9b}31m\\u{7f}\\r\\n\\t\\u{202e}gpj.exe");
    }
}
