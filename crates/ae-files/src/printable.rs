//! Names that come from elsewhere, so that a terminal shows them and does not obey them.

use std::borrow::Cow;
use std::path::Path;

/// The text with its control characters escaped, such as `\u{1b}` for the one that begins a terminal's
/// commands; also those that change the direction of what follows, and line separators.
///
/// ```
/// assert_eq!(ae_files::printable("grün.png"), "grün.png");
/// assert_eq!(ae_files::printable("\u{1b}[2Jgone\n"), "\\u{1b}[2Jgone\\n");
/// ```
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_command) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if is_command(character) {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    Cow::Owned(shown)
}

/// A path as [`printable`] text.
pub fn shown(path: &Path) -> String {
    printable(&path.to_string_lossy()).into_owned()
}

fn is_command(character: char) -> bool {
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
    fn commands_of_a_terminal_become_text() {
        let name = "a\u{1b}]0;title\u{7}\u{9b}31m\u{7f}\r\n\t\u{202e}gpj.exe";
        let shown = printable(name);
        assert!(!shown.chars().any(is_command), "{shown:?}");
        assert_eq!(shown, "a\\u{1b}]0;title\\u{7}\\u{9b}31m\\u{7f}\\r\\n\\t\\u{202e}gpj.exe");
    }
}
