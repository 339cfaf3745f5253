//! What decides the weights of a run, to be compared when it goes on.

use ae_training::{Change, Difference, Identity};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::plan::Plan;
use crate::{ExperimentError, Spec};

/// How long a run is, and not what its epochs are: a run goes on when this changes.
const LENGTH: [&str; 2] = ["training.epochs", "training.early_stopping"];

/// What the data is: training images, test images, and their size.
const DATA: [&str; 3] = ["training images", "test images", "image size"];
/// What the name of a digest of the data begins with.
const DIGEST: &str = "SHA-256 of ";

impl Plan {
    /// What checkpoints must agree with: all that decides the weights after so many epochs, the data's contents
    /// among it. Where the data lies is no part of it, and neither is how long the run is to be.
    ///
    /// # Errors
    /// If a setting cannot be written as text.
    pub fn identity(&self) -> Result<Identity, ExperimentError> {
        let parts = self.parts()?.into_iter();
        Ok(Identity::new(parts.filter(|(name, _)| !LENGTH.contains(&name.as_str()))))
    }

    /// A digest of all that decides the weights after the last epoch.
    ///
    /// # Errors
    /// As [`identity`](Self::identity).
    pub fn digest(&self) -> Result<String, ExperimentError> {
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
        let sizes = [train.len().to_string(), test.len().to_string(), train.shape().to_string()];
        parts.extend(DATA.map(str::to_owned).into_iter().zip(sizes));
        for file in &self.dataset.origin.files {
            parts.push((format!("{DIGEST}{}", file.name), file.sha256.clone()));
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

/// What has changed since a run was begun, in words, and what to do; `items` are images or rows.
pub(crate) fn told_changes(difference: &Difference, items: &str) -> String {
    let is_data = |change: &&Change| DATA.contains(&change.name.as_str()) || is_digest(change);
    let (data, settings): (Vec<&Change>, Vec<&Change>) =
        difference.changes.iter().partition(is_data);
    let mut told = Vec::new();
    if !data.is_empty() {
        told.push(format!(
            "the data has changed since the run: {}; put it back as it was, or name with --data where it lies now",
            told_data(&data, items)
        ));
    }
    if !settings.is_empty() {
        let changes = settings.iter().map(|change| {
            let Change { name, before, now } = change;
            format!("{name} was {before}, and is {now} now")
        });
        told.push(format!(
            "its spec.toml has changed since the run: {}; put it back as it was",
            changes.collect::<Vec<_>>().join("; ")
        ));
    }
    if told.is_empty() {
        told.push("its settings or its data have changed since the run; put them back".to_owned());
    }
    format!("{}; to learn from what is there now, train anew (`ae train`)", told.join(". "))
}

/// Counts and sizes say more than digests, which follow from them.
fn told_data(changes: &[&Change], items: &str) -> String {
    let sized = changes.iter().filter(|change| !is_digest(change));
    let told: Vec<String> = sized
        .map(|Change { name, before, now }| match name.strip_suffix(" images") {
            Some(part) => format!("it had {before} {part} {items}, now there are {now}"),
            None => format!("its {items} were of {before}, now they are of {now}"),
        })
        .collect();
    if !told.is_empty() {
        return told.join("; ");
    }
    let names = changes.iter().map(|change| match change.name.strip_prefix(DIGEST).unwrap_or("") {
        name if name.starts_with("train-images") => format!("training {items}"),
        name if name.starts_with("t10k-images") => format!("test {items}"),
        name if name.starts_with("train-labels") => "training labels".to_owned(),
        name if name.starts_with("t10k-labels") => "test labels".to_owned(),
        name => name.to_owned(),
    });
    format!("the {} are others", names.collect::<Vec<_>>().join(" and the "))
}

fn is_digest(change: &Change) -> bool {
    change.name.starts_with(DIGEST)
}

fn hexadecimal(hasher: Sha256) -> String {
    ae_files::hexadecimal(&hasher.finalize())
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
