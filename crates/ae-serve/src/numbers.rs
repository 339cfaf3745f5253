//! Nested lists of numbers, read from JSON in one pass and in bounded memory.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, SeqAccess, Visitor};

/// The deepest nesting: items of channels of rows of numbers.
const DEPTH: usize = 4;

/// Numbers of a regular shape.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Numbers {
    /// The lengths of the lists, from the outermost to the innermost.
    pub(crate) shape: Vec<usize>,
    /// All numbers, row-major.
    pub(crate) values: Vec<f64>,
}

/// Reads at most so many numbers.
pub(crate) struct AtMost(pub(crate) usize);

impl<'de> DeserializeSeed<'de> for AtMost {
    type Value = Numbers;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Numbers, D::Error> {
        let mut read = Read { values: Vec::new(), lengths: Vec::new(), leaf: None, most: self.0 };
        deserializer.deserialize_any(Nested { read: &mut read, depth: 0 })?;
        let shape = read.lengths.into_iter().map(Option::unwrap_or_default).collect();
        Ok(Numbers { shape, values: read.values })
    }
}

/// What was read until now.
struct Read {
    values: Vec<f64>,
    /// The length of the lists of each depth; none before the first one ended.
    lengths: Vec<Option<usize>>,
    /// The depth of the numbers, once one was read.
    leaf: Option<usize>,
    most: usize,
}

/// A number or a list at a depth.
struct Nested<'a> {
    read: &'a mut Read,
    depth: usize,
}

impl Nested<'_> {
    fn push<E: Error>(self, value: f64) -> Result<(), E> {
        let Read { values, lengths, leaf, most } = self.read;
        if *leaf.get_or_insert(self.depth) != self.depth || lengths.len() > self.depth {
            return Err(E::custom("numbers and lists are mixed"));
        }
        if values.len() == *most {
            return Err(E::custom(format_args!(
                "more than the {most} numbers of the largest batch"
            )));
        }
        values.push(value);
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Nested<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Nested<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("numbers, or lists of numbers")
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        self.push(value)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.push(value as f64)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.push(value as f64)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Nested { read, depth } = self;
        if depth == DEPTH {
            return Err(A::Error::custom("lists are nested deeper than four times"));
        }
        if read.leaf.is_some_and(|leaf| leaf <= depth) {
            return Err(A::Error::custom("numbers and lists are mixed"));
        }
        if read.lengths.len() == depth {
            read.lengths.push(None);
        }
        let mut length = 0;
        while list.next_element_seed(Nested { read, depth: depth + 1 })?.is_some() {
            length += 1;
        }
        match *read.lengths[depth].get_or_insert(length) {
            known if known == length => Ok(()),
            known => Err(A::Error::custom(format_args!(
                "a list has {length} entries, the one before it {known}"
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Numbers, serde_json::Error> {
        AtMost(6).deserialize(&mut serde_json::Deserializer::from_str(text))
    }

    #[test]
    fn regular_lists_have_a_shape() {
        for (text, shape, numbers) in [
            ("[1, 2.5, -3]", vec![3], 3),
            ("[[1,2],[3,4]]", vec![2, 2], 4),
            ("[[[[1]],[[2]]]]", vec![1, 2, 1, 1], 2),
            ("[]", vec![0], 0),
            ("[[],[]]", vec![2, 0], 0),
            ("7", vec![], 1),
        ] {
            let Numbers { shape: found, values } = read(text).unwrap();
            assert_eq!((found, values.len()), (shape, numbers), "{text}");
        }
    }

    #[test]
    fn irregular_lists_are_refused() {
        for (text, word) in [
            ("[1,[2]]", "mixed"),
            ("[[1],2]", "mixed"),
            ("[[],2]", "mixed"),
            ("[[[]],[1]]", "mixed"),
            ("[[1],[2,3]]", "2 entries, the one before it 1"),
            ("[[],[2]]", "1 entries, the one before it 0"),
            ("[[[[[1]]]]]", "deeper"),
            ("[1,2,3,4,5,6,7]", "more than the 6 numbers"),
            ("[null]", "null"),
            ("[\"1\"]", "numbers"),
            ("[true]", "numbers"),
            ("[NaN]", "expected"),
            ("[1e999]", "out of range"),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(word), "{text}: {error}");
        }
    }
}
