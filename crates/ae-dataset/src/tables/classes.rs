//! The classes of a table: names to labels.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use crate::DatasetError;
use crate::limits::MAX_CLASSES;

/// The classes of rows as they are read. A row takes two bytes.
#[derive(Debug, Default)]
pub(crate) struct ClassColumn {
    /// For each row, the place of its class's name.
    rows: Vec<u16>,
    /// The names, in the order in which they came.
    names: BTreeMap<String, u16>,
}

/// Labels, and the names of the classes in their order.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Labelled {
    /// One label for each item: the index of its class's name.
    pub(crate) labels: Vec<u8>,
    /// The names, sorted: numbers by value, then words.
    pub(crate) names: Vec<String>,
}

impl ClassColumn {
    /// Appends the class of the next row.
    ///
    /// # Errors
    /// If there are more than 65 535 classes.
    pub(crate) fn push(&mut self, class: String) -> Result<(), DatasetError> {
        let found = self.names.len();
        let next = u16::try_from(found).ok().filter(|&next| next < u16::MAX);
        let place = match self.names.get(&class) {
            Some(&place) => place,
            None => {
                let next = next.ok_or(DatasetError::TooManyClasses { found: found + 1 })?;
                *self.names.entry(class).or_insert(next)
            }
        };
        self.rows.push(place);
        Ok(())
    }

    /// Numbers the classes by their sorted names; `None` if no row has a class.
    ///
    /// # Errors
    /// If there are more than 256 classes.
    pub(crate) fn label(&self) -> Result<Option<Labelled>, DatasetError> {
        let mut sorted: Vec<(&String, u16)> =
            self.names.iter().map(|(name, &place)| (name, place)).collect();
        if sorted.len() > MAX_CLASSES {
            return Err(DatasetError::TooManyClasses { found: sorted.len() });
        }
        sorted.sort_by(|(a, _), (b, _)| match (a.parse::<f64>(), b.parse::<f64>()) {
            (Ok(x), Ok(y)) => x.total_cmp(&y).then_with(|| a.cmp(b)),
            (Ok(_), Err(_)) => Ordering::Less,
            (Err(_), Ok(_)) => Ordering::Greater,
            (Err(_), Err(_)) => a.cmp(b),
        });
        let mut labels_of = vec![0; sorted.len()];
        for (&(_, place), label) in sorted.iter().zip(0..=u8::MAX) {
            labels_of[usize::from(place)] = label;
        }
        let labels = self.rows.iter().map(|&place| labels_of[usize::from(place)]).collect();
        let names = sorted.into_iter().map(|(name, _)| name.clone()).collect();
        Ok((!self.rows.is_empty()).then_some(Labelled { labels, names }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(classes: impl IntoIterator<Item = String>) -> ClassColumn {
        let mut column = ClassColumn::default();
        classes.into_iter().for_each(|class| column.push(class).unwrap());
        column
    }

    #[test]
    fn classes_are_sorted_by_value_then_by_letter() {
        let classes = ["b", "10", "9", "a", "9"].map(str::to_owned);
        let Labelled { labels, names } = column(classes).label().unwrap().unwrap();
        assert_eq!(names, ["9", "10", "a", "b"]);
        assert_eq!(labels, [3, 1, 0, 2, 0]);
        assert_eq!(column([]).label().unwrap(), None);
        let numbered = |count: u32| (0..count).map(|class| class.to_string());
        let error = column(numbered(257)).label();
        assert!(matches!(error, Err(DatasetError::TooManyClasses { found: 257 })));
        let error = column(numbered(65_535)).push("other".to_owned());
        assert!(matches!(error, Err(DatasetError::TooManyClasses { found: 65_536 })));
    }
}
