//! The classes of a table: names to labels.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use crate::DatasetError;
use crate::limits::MAX_CLASSES;

/// Labels, and the names of the classes in their order.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Labelled {
    /// One label for each item: the index of its class's name.
    pub(crate) labels: Vec<u8>,
    /// The names, sorted: numbers by value, then words.
    pub(crate) names: Vec<String>,
}

/// Numbers the classes of items by their sorted names.
///
/// # Errors
/// If there are more than 256 classes.
pub(crate) fn label(classes: &[String]) -> Result<Labelled, DatasetError> {
    let mut names = classes.to_vec();
    names.sort_by(|a, b| match (a.parse::<f64>(), b.parse::<f64>()) {
        (Ok(x), Ok(y)) => x.total_cmp(&y).then_with(|| a.cmp(b)),
        (Ok(_), Err(_)) => Ordering::Less,
        (Err(_), Ok(_)) => Ordering::Greater,
        (Err(_), Err(_)) => a.cmp(b),
    });
    names.dedup();
    if names.len() > MAX_CLASSES {
        return Err(DatasetError::TooManyClasses { found: names.len() });
    }
    let places: BTreeMap<&String, u8> = names.iter().zip(0..=u8::MAX).collect();
    let labels = classes.iter().filter_map(|class| places.get(class).copied()).collect();
    Ok(Labelled { labels, names })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_sorted_by_value_then_by_letter() {
        let classes = ["b", "10", "9", "a", "9"].map(str::to_owned);
        let Labelled { labels, names } = label(&classes).unwrap();
        assert_eq!(names, ["9", "10", "a", "b"]);
        assert_eq!(labels, [3, 1, 0, 2, 0]);
        let many: Vec<String> = (0..257).map(|class| class.to_string()).collect();
        assert!(matches!(label(&many), Err(DatasetError::TooManyClasses { found: 257 })));
    }
}
