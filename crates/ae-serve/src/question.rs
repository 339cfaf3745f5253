//! What a JSON body asks: items or codes, and options.

use std::fmt;

use http::StatusCode;
use serde::de::{Deserializer, Error, MapAccess, Visitor};

use crate::Fault;
use crate::numbers::{AtMost, Numbers};
use crate::query::{OptionText, Options};

/// What a body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Json,
    #[cfg(feature = "server")]
    Picture,
}

/// What a JSON body asks.
#[derive(Debug)]
pub(crate) struct Asked {
    /// The field with numbers, and the numbers.
    pub(crate) numbers: Option<(Field, Numbers)>,
    /// The options.
    pub(crate) options: Options,
}

/// A field that holds numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    Item,
    Items,
    Code,
    Codes,
}

impl Field {
    const ALL: [(Self, &'static str); 4] = [
        (Self::Item, "item"),
        (Self::Items, "items"),
        (Self::Code, "code"),
        (Self::Codes, "codes"),
    ];

    pub(crate) fn name(self) -> &'static str {
        Self::ALL.iter().find(|(field, _)| *field == self).map_or("", |(_, name)| name)
    }

    fn of(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(field, _)| *field)
    }

    /// Whether it holds several.
    pub(crate) fn is_batch(self) -> bool {
        matches!(self, Self::Items | Self::Codes)
    }

    /// Whether it holds codes.
    pub(crate) fn is_code(self) -> bool {
        matches!(self, Self::Code | Self::Codes)
    }
}

/// Understands a JSON body with at most so many numbers. Options that it does not set have these defaults.
pub(crate) fn understand(bytes: &[u8], most: usize, defaults: Options) -> Result<Asked, Fault> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let mut options = Vec::new();
    let visitor = BodyVisitor { most, options: &mut options };
    let read = deserializer.deserialize_map(visitor).and_then(|it| deserializer.end().map(|()| it));
    let numbers = read.map_err(|error| not_understood(&error))?;
    let mut asked = Asked { numbers, options: defaults };
    options.iter().try_for_each(|(name, text)| asked.options.set(name, text))?;
    Ok(asked)
}

fn not_understood(error: &serde_json::Error) -> Fault {
    let found = error.to_string();
    if error.is_data() {
        let expected =
            "an object with `item`, `items`, `code` or `codes`: lists of numbers of one shape";
        return Fault::unfit(
            "the fields of the body do not fit",
            expected,
            found,
            "correct the body",
        );
    }
    Fault::new(
        StatusCode::BAD_REQUEST,
        "the body is no JSON",
        "JSON; numbers are finite, as JSON knows neither NaN nor infinity",
        found,
        "correct the body at the line and column that are named",
    )
}

struct BodyVisitor<'a> {
    most: usize,
    options: &'a mut Vec<(String, String)>,
}

impl<'de> Visitor<'de> for BodyVisitor<'_> {
    type Value = Option<(Field, Numbers)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut numbers = None;
        while let Some(OptionText(name)) = map.next_key()? {
            if let Some(field) = Field::of(&name) {
                if numbers.is_some() {
                    return Err(A::Error::custom("more than one of item, items, code and codes"));
                }
                numbers = Some((field, map.next_value_seed(AtMost(self.most))?));
            } else if self.options.len() < 2 * Options::NAMES.len() {
                let OptionText(text) = map.next_value()?;
                self.options.push((name, text));
            } else {
                return Err(A::Error::custom("too many fields"));
            }
        }
        Ok(numbers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_has_numbers_and_options() {
        let text = br#"{"seed": 3, "items": [[0.5, 1]], "include": ["codes", "errors"], "noise": "gaussian:0.5"}"#;
        let Asked { numbers, options } = understand(text, 2, Options::default()).unwrap();
        let (field, numbers) = numbers.unwrap();
        assert_eq!(
            (field, numbers.shape, numbers.values),
            (Field::Items, vec![1, 2], vec![0.5, 1.0])
        );
        assert_eq!(options.seed, 3);
        assert!(options.include.codes && options.include.errors && !options.include.inputs);
    }

    #[test]
    fn bodies_that_cannot_be_understood_have_the_right_status() {
        for (text, status, word) in [
            ("", 400, "EOF"),
            ("{", 400, "EOF"),
            ("{\"item\": [1,]}", 400, "line 1"),
            ("{\"item\": [NaN]}", 400, "line 1"),
            ("{\"item\": [1e999]}", 400, "out of range"),
            ("{} {}", 400, "trailing"),
            ("[1]", 422, "an object"),
            ("{\"item\": [1], \"code\": [1]}", 422, "more than one"),
            ("{\"item\": [1,2,3]}", 422, "more than the 2 numbers"),
            ("{\"item\": {\"a\": 1}}", 422, "numbers"),
            ("{\"noise\": {\"a\": 1}}", 422, "a text"),
            ("{\"colour\": \"red\"}", 422, "colour"),
        ] {
            let fault = understand(text.as_bytes(), 2, Options::default()).unwrap_err();
            assert_eq!(fault.status().as_u16(), status, "{text}: {}", fault.to_json());
            assert!(fault.to_json().contains(word), "{text}: {}", fault.to_json());
        }
    }
}
