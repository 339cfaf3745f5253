//! The identity of a run: all settings and data that decide its weights. A resume compares them.

use ae_training::{Change, Difference, Identity};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::plan::Plan;
use crate::{ExperimentError, Spec};

/// Settings of a run's length: they may change when it is resumed.
const LENGTH: [&str; 2] = ["training.epochs", "training.early_stopping"];

/// The parts of the identity that count and measure the data.
const DATA: [&str; 3] = ["training images", "test images", "image size"];
/// The beginning of the names of digests of the data.
const DIGEST: &str = "SHA-256 of ";

impl Plan {
    /// The identity that checkpoints must agree with: all settings that decide the weights after a given number of
    /// epochs, and digests of the data. The path of the data and the number of epochs are no part of it.
    ///
    /// # Errors
    /// If a setting cannot be written as text.
    pub fn identity(&self) -> Result<Identity, ExperimentError> {
        let parts = self.parts()?.into_iter();
        Ok(Identity::new(parts.filter(|(name, _)| !LENGTH.contains(&name.as_str()))))
    }

    /// A digest of everything that decides the weights after the last epoch.
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

    /// Settings and data by name, each as text.
    pub(crate) fn parts(&self) -> Result<Vec<(String, String)>, ExperimentError> {
        let Spec { seed, data, model, corruption, training, .. } = &self.spec;
        let mut parts = vec![("seed".to_owned(), seed.to_string())];
        for (table, settings) in [
            ("data.patches", serde_json::to_value(data.patches)),
            ("model", serde_json::to_value(model)),
            ("corruption", serde_json::to_value(corruption)),
            ("training", serde_json::to_value(training)),
        ] {
            let settings = settings.map_err(|error| ExperimentError::Encode {
                what: "the settings",
                reason: error.to_string(),
            })?;
            let Value::Object(mut settings) = settings else { continue };
            as_before(table, &mut settings);
            let setting =
                |(name, value): (String, Value)| (format!("{table}.{name}"), value.to_string());
            parts.extend(settings.into_iter().map(setting));
        }
        // The digest of patches is one of files. That of whole pictures is one of the pixels that the background gives.
        if let (Some(_), Some(background)) = (data.patches, data.background) {
            parts.push(("data.background".to_owned(), background.to_string()));
        }
        let (train, test) = (&self.dataset.train, &self.dataset.test);
        let sizes = [train.len().to_string(), test.len().to_string(), train.shape().to_string()];
        parts.extend(DATA.map(str::to_owned).into_iter().zip(sizes));
        for file in &self.dataset.origin.files {
            parts.push((format!("{DIGEST}{}", file.name), file.sha256.clone()));
        }
        Ok(parts)
    }

    /// The digest that checkpoints of earlier versions hold in place of an identity, for the text of the run's spec. It
    /// covers the path of the data, but neither the question nor the expectations.
    pub(crate) fn former_digest(&self, spec: &str) -> String {
        let mut hasher = Sha256::new_with_prefix(decisive(spec));
        for file in &self.dataset.origin.files {
            hasher.update(format!("{} {}\n", file.sha256, file.name));
        }
        hexadecimal(hasher)
    }
}

/// Settings that earlier versions did not have, or always had, in their words: runs of these versions go on.
fn as_before(table: &str, settings: &mut Map<String, Value>) {
    let former = match table {
        "model" => [("network", "dense"), ("initialisation", "glorot")].as_slice(),
        _ => &[],
    };
    for (name, value) in former {
        if settings.get(*name).is_some_and(|found| found == value) {
            settings.remove(*name);
        }
    }
    if table == "training" {
        settings.entry("code_l1").or_insert_with(|| Value::from(0.0_f32));
    }
}

/// The text of a spec with an empty question and without the expectations, which stand at its end.
///
/// It works on the text, because keys that later versions add to a spec must not change the digest.
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

/// The changes since a run was begun, as a sentence that says what to do; `items` are "images" or "rows".
pub(crate) fn told_changes(difference: &Difference, items: &str) -> String {
    let is_data = |change: &&Change| DATA.contains(&change.name.as_str()) || is_digest(change);
    let (data, settings): (Vec<&Change>, Vec<&Change>) =
        difference.changes.iter().partition(is_data);
    let mut told = Vec::new();
    if !data.is_empty() {
        told.push(format!(
            "the data has changed since the run: {}; put it back as it was, or name the path that it has now",
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
    format!("{}; to learn from what is there now, train anew", told.join(". "))
}

/// The changes of the data: counts and sizes if these changed, otherwise the parts whose digests changed.
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
        name if name.starts_with("train-inputs") => format!("inputs of the training {items}"),
        name if name.starts_with("t10k-inputs") => format!("inputs of the test {items}"),
        name if name.starts_with("train-labels") => "training labels".to_owned(),
        name if name.starts_with("t10k-labels") => "test labels".to_owned(),
        name => name.to_owned(),
    });
    format!("the {} differ", names.collect::<Vec<_>>().join(" and the "))
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

    /// Earlier versions took the digest of a spec that they wrote with an empty question and no expectations.
    #[test]
    fn cutting_question_and_expectations_gives_the_text_of_a_spec_without_them() {
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
