//! Noise in serde: text, a table, or a list of either.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::registry::{Kind, kind_named};
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
    value: f32,
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
        let mut entry: Option<Entry> = None;
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
            } else if let Some(Entry { key: first, .. }) = &entry {
                let both =
                    format!("expected one parameter beside kind, found {first:?} and {key:?}");
                return Err(A::Error::custom(both));
            } else {
                entry = Some(Entry { key, value: map.next_value()? });
            }
        }
        let kind = kind.ok_or_else(|| A::Error::missing_field("kind"))?;
        let clipping = if clip == Some(false) { Clipping::Off } else { Clipping::UnitRange };
        from_table(&kind, entry, clipping).map_err(A::Error::custom)
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
    entry: Option<Entry>,
    clipping: Clipping,
) -> Result<Noise, CorruptionError> {
    let kind = match kind_named(name)? {
        Kind::BuiltIn(kind) => kind,
        Kind::UserDefined(kind) => {
            return Err(CorruptionError::UserDefinedTable { noise: kind.name });
        }
    };
    let (noise, parameter) = (kind.parameter.noise, kind.parameter.name);
    match entry {
        Some(Entry { key, value }) if key == parameter => kind.with_value(value, clipping),
        Some(Entry { key: found, .. }) => {
            Err(CorruptionError::WrongParameter { noise, parameter, found })
        }
        None => Err(CorruptionError::MissingParameter { noise, parameter }),
    }
}
