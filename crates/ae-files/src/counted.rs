//! Counts with their noun, for messages.

/// "1 image", "2 images": for nouns whose plural takes an s.
#[must_use]
pub fn counted_as(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_singular_and_none_is_not() {
        assert_eq!([0, 1, 2].map(|count| counted_as(count, "row")), ["0 rows", "1 row", "2 rows"]);
    }
}
