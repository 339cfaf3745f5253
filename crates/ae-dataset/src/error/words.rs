//! Parts of error messages.

use crate::ImageShape;

/// The advice about another size; empty if only the channels differ.
pub(super) fn resizing(expected: ImageShape, found: ImageShape) -> &'static str {
    let is_size = (expected.height, expected.width) != (found.height, found.width);
    if is_size { "; --resize fit or --resize crop brings them to it" } else { "" }
}

/// " and 3 more", if not all of `count` are named.
pub(super) fn and_more(named: usize, count: usize) -> String {
    if count > named { format!(" and {} more", count - named) } else { String::new() }
}

/// The advice about rows that cannot be used, of which `left` others remain.
pub(super) fn next_step(missing: &[String], arguments: Option<&str>, left: usize) -> String {
    let skip = match left {
        0 => String::new(),
        1 => "; --skip-bad leaves these rows out, and 1 row remains".to_owned(),
        _ => format!("; --skip-bad leaves these rows out, and {left} rows remain"),
    };
    if missing.is_empty() {
        return skip;
    }
    let cells = missing.join(", ");
    let drop = arguments.map(|names| format!("; --drop-columns {names} leaves such columns out"));
    format!("; missing cells: {cells}{skip}{}", drop.unwrap_or_default())
}

/// "a, b and c"
pub(super) fn list(names: &[&str]) -> String {
    match names {
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        _ => names.concat(),
    }
}
