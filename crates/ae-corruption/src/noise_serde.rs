//! Noise in serde: text, a table, or a list of either.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::parameter::Parameter;
use crate::registry::{Kind, kind_named};
use crate::strength::{Number, Strength};
use crate::{Clipping, CorruptionError, Noise};

impl Serialize for Noise {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Noise {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NoiseVisitor)
    }
}

/// A parameter in a table.
struct Entry {
    key: String,
    value: EntryValue,
}

/// A number, or the text of a fraction or a range.
#[derive(serde::Deserialize)]
#[serde(untagged, expecting = "expected a number, or text such as \"25/255\" or \"0.1..0.3\"")]
enum EntryValue {
    Number(f32),
    Text(String),
}

struct NoiseVisitor;

impl<'de> Visitor<'de> for NoiseVisitor {
    type Value = Noise;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a noise: text such as \"gaussian:0.5\", a table with its kind, or a list")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Noise, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Noise, A::Error> {
        let mut kind: Option<String> = None;
        let mut entries: Vec<Entry> = Vec::new();
        let mut clip: Option<bool> = None;
        while let Some(key) = map.next_key::<String>()? {
            if key == "kind" {
                if kind.replace(map.next_value()?).is_some() {
                    return Err(A::Error::duplicate_field("kind"));
                }
            } else if key == "clip" {
                if clip.replace(map.next_value()?).is_some() {
                    return Err(A::Error::duplicate_field("clip"));
                }
            } else if entries.iter().any(|entry| entry.key == key) {
                return Err(A::Error::custom(format!("duplicate field `{key}`")));
            } else {
                entries.push(Entry { key, value: map.next_value()? });
            }
        }
        let kind = kind.ok_or_else(|| A::Error::missing_field("kind"))?;
        let clipping = if clip == Some(false) { Clipping::Off } else { Clipping::UnitRange };
        from_table(&kind, entries, clipping).map_err(A::Error::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Noise, A::Error> {
        let mut noises = Vec::new();
        while let Some(noise) = list.next_element()? {
            noises.push(noise);
        }
        Noise::chain(noises).map_err(A::Error::custom)
    }
}

fn from_table(
    name: &str,
    mut entries: Vec<Entry>,
    clipping: Clipping,
) -> Result<Noise, CorruptionError> {
    let kind = match kind_named(name)? {
        Kind::BuiltIn(kind) => kind,
        Kind::UserDefined(kind) => {
            return Err(CorruptionError::UserDefinedTable { noise: kind.name });
        }
    };
    let mut strengths = Vec::new();
    for parameter in kind.parameters {
        match entries.iter().position(|entry| entry.key == parameter.name) {
            Some(place) => strengths.push(strength(parameter, entries.swap_remove(place).value)?),
            None => break,
        }
    }
    // A parameter after one that is left out is as unknown as any other key.
    if let Some(Entry { key: found, .. }) = entries.into_iter().next() {
        let names = kind.parameters.iter().map(|parameter| format!("{:?}", parameter.name));
        let parameters = names.collect::<Vec<_>>().join(" or ");
        return Err(CorruptionError::WrongParameter { noise: kind.name, parameters, found });
    }
    kind.described(strengths, clipping)
}

fn strength(parameter: &Parameter, value: EntryValue) -> Result<Strength, CorruptionError> {
    match value {
        EntryValue::Number(number) => Strength::fixed(parameter, Number::Plain(number)),
        EntryValue::Text(text) => Strength::parse(parameter, text.trim()),
    }
}
