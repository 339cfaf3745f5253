//! The identity of a run, so that a checkpoint of another run is refused.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// Everything that decides the weights of a run: settings and data by name, each as a text.
///
/// Two runs are the same if all parts are equal. A path is not a part: data counts by its contents.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    parts: BTreeMap<String, String>,
    /// What checkpoints of earlier versions may say instead of the parts.
    former: Vec<String>,
}

/// What has changed since a checkpoint was written. There are no details if the checkpoint only has a digest of
/// everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Difference {
    /// The parts that are not equal.
    pub changes: Vec<Change>,
}

/// A part of a run's identity that has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Which part.
    pub name: String,
    /// Its value when the checkpoint was written; `none` if there was none.
    pub before: String,
    /// Its value now; `none` if there is none.
    pub now: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.changes.is_empty() {
            return f.write_str("settings or data have changed");
        }
        for (place, Change { name, before, now }) in self.changes.iter().enumerate() {
            let separator = if place > 0 { "; " } else { "" };
            write!(f, "{separator}{name} was {before}, and is {now} now")?;
        }
        Ok(())
    }
}

/// An identity as it stands in a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Written {
    Parts(BTreeMap<String, String>),
    /// One digest of everything, by earlier versions.
    Former(String),
}

impl Identity {
    /// An identity of these parts: name and text.
    pub fn new(parts: impl IntoIterator<Item = (String, String)>) -> Self {
        Self { parts: parts.into_iter().collect(), former: Vec::new() }
    }

    /// Also accepts checkpoints of earlier versions, which name the run by this one digest.
    #[must_use]
    pub fn or_former(mut self, digest: String) -> Self {
        self.former.push(digest);
        self
    }

    pub(crate) fn written(&self) -> Written {
        Written::Parts(self.parts.clone())
    }

    /// What has changed since a checkpoint was written, if anything.
    pub(crate) fn difference(&self, written: &Written) -> Option<Difference> {
        let before = match written {
            Written::Former(digest) if self.former.contains(digest) => return None,
            Written::Former(_) => return Some(Difference::default()),
            Written::Parts(parts) => parts,
        };
        let text = |parts: &BTreeMap<String, String>, name: &str| {
            parts.get(name).cloned().unwrap_or_else(|| "none".to_owned())
        };
        let gone = before.keys().filter(|name| !self.parts.contains_key(*name));
        let names = self.parts.keys().chain(gone);
        let changes: Vec<Change> = names
            .filter(|name| self.parts.get(*name) != before.get(*name))
            .map(|name| Change {
                name: name.clone(),
                before: text(before, name),
                now: text(&self.parts, name),
            })
            .collect();
        (!changes.is_empty()).then_some(Difference { changes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity() -> Identity {
        Identity::new([("seed".to_owned(), "7".to_owned())])
    }

    #[test]
    fn a_checkpoint_says_what_the_run_is() {
        let written = serde_json::to_string(&identity().written()).unwrap();
        assert_eq!(written, r#"{"seed":"7"}"#);
        let read: Written = serde_json::from_str(&written).unwrap();
        assert_eq!(identity().difference(&read), None);
    }

    #[test]
    fn a_digest_of_an_earlier_version_is_known_if_it_is_this_run_s() {
        let read: Written = serde_json::from_str(r#""ab12""#).unwrap();
        assert_eq!(identity().or_former("ab12".to_owned()).difference(&read), None);
        for other in [identity(), identity().or_former("cd34".to_owned())] {
            let difference = other.difference(&read);
            assert_eq!(difference.unwrap().to_string(), "settings or data have changed");
        }
    }
}
