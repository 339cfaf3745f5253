//! Reading JSON by hand, with the place in every error.
//!
//! Deriving this with serde would triple the time that `cargo xtask` takes to build.

use std::collections::BTreeMap;

use anyhow::{Context, Result, anyhow};
use serde_json::Value;

/// A value and where in its document it stands.
#[derive(Debug, Clone)]
pub(crate) struct Node<'a> {
    value: &'a Value,
    place: String,
}

impl<'a> Node<'a> {
    /// The document itself.
    pub(crate) fn root(value: &'a Value) -> Self {
        Self { value, place: String::new() }
    }

    /// A field that has to be there.
    pub(crate) fn field(&self, key: &str) -> Result<Self> {
        self.optional(key).ok_or_else(|| anyhow!("{}: missing", self.place_of(key)))
    }

    /// A field, if it is there and not null.
    pub(crate) fn optional(&self, key: &str) -> Option<Self> {
        let value = self.value.get(key).filter(|value| !value.is_null())?;
        Some(Self { value, place: self.place_of(key) })
    }

    pub(crate) fn text(&self) -> Result<String> {
        self.value.as_str().map(str::to_owned).with_context(|| self.expected("text"))
    }

    pub(crate) fn number(&self) -> Result<f64> {
        self.value.as_f64().with_context(|| self.expected("a number"))
    }

    pub(crate) fn count(&self) -> Result<u64> {
        self.value.as_u64().with_context(|| self.expected("a whole number"))
    }

    /// The items of a list, each read by `read`.
    pub(crate) fn list<T>(&self, read: impl Fn(&Node<'a>) -> Result<T>) -> Result<Vec<T>> {
        let items = self.value.as_array().with_context(|| self.expected("a list"))?;
        let node = |(index, value)| Node { value, place: format!("{}[{index}]", self.place) };
        items.iter().enumerate().map(|item| read(&node(item))).collect()
    }

    /// Named numbers; JSON has no infinity, which is written as null.
    pub(crate) fn numbers(&self) -> Result<BTreeMap<String, Option<f64>>> {
        let object = self.value.as_object().with_context(|| self.expected("an object"))?;
        let number = |key: &String| self.optional(key).map(|node| node.number()).transpose();
        object.keys().map(|key| Ok((key.clone(), number(key)?))).collect()
    }

    /// An error about this value.
    pub(crate) fn error(&self, message: &str) -> anyhow::Error {
        anyhow!("{}: {message}, found {}", self.place, self.value)
    }

    fn expected(&self, what: &str) -> anyhow::Error {
        self.error(&format!("expected {what}"))
    }

    fn place_of(&self, key: &str) -> String {
        if self.place.is_empty() { key.to_owned() } else { format!("{}.{key}", self.place) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_the_place_and_what_stands_there() {
        let value = serde_json::json!({"a": {"b": [{"c": 1}, {"c": "x"}]}});
        let list = Node::root(&value).field("a").unwrap().field("b").unwrap();
        let error = list.list(|item| item.field("c")?.number()).unwrap_err();
        assert_eq!(error.to_string(), "a.b[1].c: expected a number, found \"x\"");
        let error = list.list(|item| item.field("d")?.number()).unwrap_err();
        assert_eq!(error.to_string(), "a.b[0].d: missing");
    }

    #[test]
    fn a_null_number_is_kept_as_unknown() {
        let value = serde_json::json!({"val_psnr": null, "val_bce": 0.5});
        let numbers = Node::root(&value).numbers().unwrap();
        assert_eq!(numbers["val_psnr"], None);
        assert_eq!(numbers["val_bce"], Some(0.5));
    }
}
