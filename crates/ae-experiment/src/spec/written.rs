//! An encoder or a decoder as it is written: widths, or layers.

use std::fmt;

use ae_models::Layer;
use serde::de::{self, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer, Serialize};
use toml::Table;

/// An encoder or a decoder: widths, or layers.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub(super) enum Written {
    Widths(Vec<usize>),
    Layers(Vec<Layer>),
}

impl<'de> Deserialize<'de> for Written {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(WrittenVisitor)
    }
}

struct WrittenVisitor;

impl<'de> Visitor<'de> for WrittenVisitor {
    type Value = Written;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of widths, such as [784, 32], or of layers")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Written, A::Error> {
        let (mut widths, mut layers) = (Vec::new(), Vec::new());
        while let Some(item) = items.next_element()? {
            match item {
                Item::Width(width) => widths.push(width),
                Item::Layer(layer) => layers.push(*layer),
            }
            if !widths.is_empty() && !layers.is_empty() {
                return Err(de::Error::custom("expected widths or layers, found both in one list"));
            }
        }
        Ok(if layers.is_empty() { Written::Widths(widths) } else { Written::Layers(layers) })
    }
}

/// A width, or a layer.
enum Item {
    Width(usize),
    Layer(Box<Layer>),
}

impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ItemVisitor)
    }
}

struct ItemVisitor;

impl<'de> Visitor<'de> for ItemVisitor {
    type Value = Item;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a width, or a layer such as { layer = \"conv\", channels = 16, kernel = 3 }")
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Item, E> {
        let width = usize::try_from(number).ok();
        width
            .map(Item::Width)
            .ok_or_else(|| E::invalid_value(de::Unexpected::Unsigned(number), &self))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Item, E> {
        let width = usize::try_from(number).ok();
        width
            .map(Item::Width)
            .ok_or_else(|| E::invalid_value(de::Unexpected::Signed(number), &self))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Item, A::Error> {
        let table = Table::deserialize(MapAccessDeserializer::new(map))?;
        match Layer::deserialize(table.clone()) {
            Ok(layer) => Ok(Item::Layer(Box::new(layer))),
            Err(error) => Err(de::Error::custom(with_key(&table, error.message()))),
        }
    }
}

/// The reason why a table is no layer, with the key whose value is wrong: serde does not tell it of a layer.
fn with_key(table: &Table, reason: &str) -> String {
    if reason.starts_with("missing field") {
        return reason.to_owned();
    }
    let is_wrong = |key: &&String| {
        let mut others = table.clone();
        others.remove(*key);
        match Layer::deserialize(others) {
            Ok(_) => true,
            Err(error) => error.message() == format!("missing field `{key}`"),
        }
    };
    let told = |key: &&String| reason.contains(&format!("`{key}`"));
    let wrong = table.keys().filter(|key| *key != "layer").find(is_wrong);
    match wrong.filter(|key| !told(key)).and_then(|key| Some((key, table.get(key)?))) {
        Some((key, value)) => format!("`{key} = {value}`: {reason}"),
        None => reason.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wrong_key_of_a_layer_is_named_with_its_value() {
        let refusal = |text: &str| {
            let table: Table = toml::from_str(text).unwrap();
            let error = Layer::deserialize(table.clone()).unwrap_err();
            with_key(&table, error.message())
        };
        let conv = "layer = \"conv\"\nchannels = 3\n";
        for (written, told) in [
            ("kernel = \"x\"", "`kernel = \"x\"`: expected a number or a list of two numbers"),
            ("kernel = [3]", "`kernel = [3]`: expected"),
            ("kernel = 3\nstride = 1.5", "`stride = 1.5`: expected"),
            ("kernel = 3\npadding = 3", "`padding = 3`: "),
        ] {
            let found = refusal(&format!("{conv}{written}"));
            assert!(found.starts_with(told), "{found}");
        }
        let found = refusal("layer = \"dense\"\noutputs = 4\ntied_to = -1");
        assert!(found.starts_with("`tied_to = -1`: invalid value"), "{found}");
        // What names its key already stays as it is.
        let found = refusal(conv);
        assert!(found.starts_with("missing field `kernel`"), "{found}");
        let found = refusal(&format!("{conv}kernel = 3\nsteps = 2"));
        assert!(found.starts_with("unknown field `steps`"), "{found}");
    }
}
