//! Noise in specifications: text, a table, or a list of either.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::Noise;

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
        let mut entry: Option<(String, f32)> = None;
        while let Some(key) = map.next_key::<String>()? {
            if key == "kind" {
                if kind.replace(map.next_value()?).is_some() {
                    return Err(A::Error::duplicate_field("kind"));
                }
            } else if let Some((first, _)) = &entry {
                let both =
                    format!("expected one parameter beside kind, found {first:?} and {key:?}");
                return Err(A::Error::custom(both));
            } else {
                entry = Some((key, map.next_value()?));
            }
        }
        let kind = kind.ok_or_else(|| A::Error::missing_field("kind"))?;
        Noise::from_entries(&kind, entry).map_err(A::Error::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Noise, A::Error> {
        let mut noises = Vec::new();
        while let Some(noise) = list.next_element()? {
            noises.push(noise);
        }
        Noise::chain(noises).map_err(A::Error::custom)
    }
}
