//! What decides the weights of a run, to be compared when it goes on.

use ae_training::Identity;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::plan::Plan;
use crate::{ExperimentError, Spec};

/// How long a run is, and not what its epochs are: a run goes on when this changes.
const LENGTH: [&str; 2] = ["training.epochs", "training.early_stopping"];

impl Plan {
    /// What checkpoints must agree with: all that decides the weights after so many epochs, the data's contents
    /// among it. Where the data lies is no part of it, and neither is how long the run is to be.
    pub(crate) fn identity(&self) -> Result<Identity, ExperimentError> {
        let parts = self.parts()?.into_iter();
        Ok(Identity::new(parts.filter(|(name, _)| !LENGTH.contains(&name.as_str()))))
    }

    /// A digest of all that decides the weights after the last epoch.
    pub(crate) fn digest(&self) -> Result<String, ExperimentError> {
        let mut hasher = Sha256::new();
        for (name, value) in self.parts()? {
            hasher.update(format!("{name} {value}\n"));
        }
        Ok(hexadecimal(hasher))
    }

    /// Settings and data by name, each as a text.
    fn parts(&self) -> Result<Vec<(String, String)>, ExperimentError> {
        let Spec { seed, model, corruption, training, .. } = &self.spec;
        let mut parts = vec![("seed".to_owned(), seed.to_string())];
        for (table, settings) in [
            ("model", serde_json::to_value(model)),
            ("corruption", serde_json::to_value(corruption)),
            ("training", serde_json::to_value(training)),
        ] {
            let settings = settings.map_err(|error| ExperimentError::Encode {
                what: "the settings",
                reason: error.to_string(),
            })?;
            let Value::Object(settings) = settings else { continue };
            let setting =
                |(name, value): (String, Value)| (format!("{table}.{name}"), value.to_string());
            parts.extend(settings.into_iter().map(setting));
        }
        let (train, test) = (&self.dataset.train, &self.dataset.test);
        parts.push(("training images".to_owned(), train.len().to_string()));
        parts.push(("test images".to_owned(), test.len().to_string()));
        parts.push(("image size".to_owned(), train.shape().to_string()));
        for file in &self.dataset.origin.files {
            parts.push((format!("SHA-256 of {}", file.name), file.sha256.clone()));
        }
        Ok(parts)
    }

    /// The digest in checkpoints that named a run by one, for the text of the spec that the run has written: the
    /// data's path was a part of it, the question and the expectations were not.
    pub(crate) fn former_digest(&self, spec: &str) -> String {
        let mut hasher = Sha256::new_with_prefix(decisive(spec));
        for file in &self.dataset.origin.files {
            hasher.update(format!("{} {}\n", file.sha256, file.name));
        }
        hexadecimal(hasher)
    }
}

/// A spec as TOML with an empty question and without the expectations, which stand at its end.
///
/// As text: what later versions add to a spec must not change it.
fn decisive(spec: &str) -> String {
    let end = spec.find("\n[[expected]]").unwrap_or(spec.len());
    let spec = &spec[..end];
    let question = spec.find("question = ");
    let rest = question.and_then(|start| Some(start + spec[start..].find("\nseed = ")?));
    match (question, rest) {
        (Some(start), Some(rest)) => format!("{}question = \"\"{}", &spec[..start], &spec[rest..]),
        _ => spec.to_owned(),
    }
}

fn hexadecimal(hasher: Sha256) -> String {
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Bound, Expectation};

    /// Earlier versions wrote the spec again with an empty question and no expectations.
    #[test]
    fn a_spec_without_what_decides_nothing_is_as_if_written_so() {
        let mut spec = Spec::tutorial();
        let expectation = Expectation {
            dataset: "mnist".to_owned(),
            epochs: 1,
            metric: "val_bce".to_owned(),
            bound: Bound::AtMost(0.1),
            published: String::new(),
            source: String::new(),
        };
        for question in ["plain?", "two\nlines, \"quoted\"", ""] {
            for expected in [vec![], vec![expectation.clone(); 2]] {
                spec.question = question.to_owned();
                spec.expected = expected;
                let bare = Spec { question: String::new(), expected: vec![], ..spec.clone() };
                assert_eq!(decisive(&spec.to_toml().unwrap()), bare.to_toml().unwrap());
            }
        }
    }
}
