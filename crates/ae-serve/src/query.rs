//! What is asked beside the items: the fields of a JSON body, or the query of a picture.

use std::fmt;

use ae_apply::{Noise, check_noise, check_noise_level};
use ae_dataset::{InputFormat, Resize};
use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};

use crate::Fault;

/// The longest text of an option: a chain of many noises would take long.
const LONGEST: usize = 200;
/// The most samples of a request.
const MOST_SAMPLES: usize = 256;

/// All options with their defaults.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Options {
    /// Noise on the items before the model sees them.
    pub(crate) noise: Option<Noise>,
    /// The seed of the noise, and of samples.
    pub(crate) seed: u64,
    /// The level of noise that a network is told.
    pub(crate) noise_level: Option<f32>,
    /// What happens to pictures of another size.
    pub(crate) resize: Resize,
    /// What else is answered.
    pub(crate) include: Include,
    /// The number of samples.
    pub(crate) count: usize,
}

/// What is answered beside the result.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Include {
    /// The items as the model has seen them.
    pub(crate) inputs: bool,
    /// Their codes.
    pub(crate) codes: bool,
    /// The squared error of each number.
    pub(crate) errors: bool,
    /// What the anomaly detector says.
    pub(crate) verdicts: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            noise: None,
            seed: 42,
            noise_level: None,
            resize: Resize::None,
            include: Include::default(),
            count: 1,
        }
    }
}

impl Options {
    /// The names of all options.
    pub(crate) const NAMES: [&'static str; 6] =
        ["noise", "seed", "noise_level", "resize", "include", "count"];

    /// Sets an option by its name.
    pub(crate) fn set(&mut self, name: &str, text: &str) -> Result<(), Fault> {
        let found =
            |text: &str| format!("{name} = {}", text.chars().take(LONGEST).collect::<String>());
        let wrong = |expected: &str| {
            Fault::unfit(
                "an option is out of its range",
                expected,
                found(text),
                "change or leave it out",
            )
        };
        if text.len() > LONGEST {
            return Err(wrong("at most 200 characters"));
        }
        match name {
            "noise" if text == "none" => self.noise = None,
            "noise" => {
                let noise = text.parse::<Noise>();
                self.noise = Some(noise.map_err(|error| wrong(&error.to_string()))?);
            }
            "seed" => {
                let seed = text.parse();
                self.seed = seed.map_err(|_| wrong("a whole number from 0 to 2^64 - 1"))?;
            }
            "noise_level" => {
                let level = text.parse().ok().and_then(|level| check_noise_level(level).ok());
                self.noise_level = Some(level.ok_or_else(|| wrong("a number from 0 to 1"))?);
            }
            "resize" => self.resize = text.parse().map_err(wrong)?,
            "include" => {
                self.include = Include::of(text).ok_or_else(|| wrong(Include::EXPECTED))?
            }
            "count" => {
                let count = text.parse().ok().filter(|count| (1..=MOST_SAMPLES).contains(count));
                self.count = count.ok_or_else(|| wrong("a whole number from 1 to 256"))?;
            }
            _ => {
                let expected = Self::NAMES.join(", ");
                let name: String = name.chars().take(LONGEST).collect();
                return Err(Fault::unfit(
                    "there is no such option",
                    expected,
                    name,
                    "leave it out",
                ));
            }
        }
        Ok(())
    }

    /// Reads the query of an address.
    pub(crate) fn set_all(&mut self, query: &str) -> Result<(), Fault> {
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        pairs.try_for_each(|(name, text)| self.set(&name, &text))
    }

    /// Checks that the noise suits a model's format.
    pub(crate) fn check(&self, format: &InputFormat) -> Result<(), Fault> {
        let Some(noise) = &self.noise else { return Ok(()) };
        check_noise(noise, format).map_err(|error| {
            let expected = "a noise that suits the model; /v1/model lists them under `noises`";
            Fault::unfit(error.to_string(), expected, noise.to_string(), "choose another noise")
        })
    }
}

impl Include {
    const EXPECTED: &'static str = "inputs, codes, errors, verdicts";

    fn of(text: &str) -> Option<Self> {
        let mut include = Self::default();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            match part {
                "inputs" => include.inputs = true,
                "codes" => include.codes = true,
                "errors" => include.errors = true,
                "verdicts" => include.verdicts = true,
                _ => return None,
            }
        }
        Some(include)
    }
}

/// The value of an option in JSON as the text that a query has: text, a number, or a list of texts.
pub(crate) struct OptionText(pub(crate) String);

impl<'de> Deserialize<'de> for OptionText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OptionVisitor).map(Self)
    }
}

struct OptionVisitor;

impl<'de> Visitor<'de> for OptionVisitor {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a number, or a list of texts")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<String, E> {
        match text.len() {
            0..=LONGEST => Ok(text.to_owned()),
            _ => Err(E::custom("an option has more than 200 characters")),
        }
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<String, E> {
        Ok(value.to_string())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<String, E> {
        Ok(value.to_string())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<String, E> {
        Ok(value.to_string())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<String, A::Error> {
        let mut texts: Vec<String> = Vec::new();
        while let Some(text) = list.next_element::<String>()? {
            texts.push(text);
            if texts.len() > 8 {
                return Err(A::Error::custom("an option has more than 8 entries"));
            }
        }
        self.visit_str(&texts.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_of_a_query_are_read_and_checked() {
        let mut options = Options::default();
        let query = "noise=masking%3A0.25%2Bgaussian:0.1&seed=7&include=codes,errors&resize=fit&noise_level=0.5";
        options.set_all(query).unwrap();
        assert_eq!(options.noise.clone().unwrap().to_string(), "masking:0.25+gaussian:0.1");
        assert_eq!(
            (options.seed, options.noise_level, options.resize),
            (7, Some(0.5), Resize::Fit)
        );
        let expected = Include { codes: true, errors: true, ..Include::default() };
        assert_eq!(options.include, expected);
        options.set_all("noise=none").unwrap();
        assert_eq!(options.noise, None);
    }

    #[test]
    fn wrong_options_are_named() {
        let long = format!("noise={}", "gaussian:0.1+".repeat(100));
        for query in [
            "noise=fog:1",
            "noise=gaussian",
            "seed=-1",
            "seed=x",
            "noise_level=2",
            "noise_level=NaN",
            "resize=big",
            "include=everything",
            "count=0",
            "count=257",
            "color=red",
            &long,
        ] {
            let fault = Options::default().set_all(query).unwrap_err();
            assert_eq!(fault.status().as_u16(), 422, "{query}");
            let name = query.split('=').next().unwrap();
            assert!(fault.to_json().contains(name), "{query}: {}", fault.to_json());
        }
    }
}
