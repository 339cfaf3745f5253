//! The settings of specs as dotted keys.

use std::collections::BTreeMap;

use toml::{Table, Value};

use crate::{ExperimentError, Spec};

/// Tables and keys that say nothing of how a model is trained.
const LEFT_OUT: [&str; 2] = ["question", "expected"];

/// The settings of a spec by dotted keys, as in `ae spec --keys`, each as it is written in TOML.
///
/// # Errors
/// If the spec cannot be written as TOML.
pub(super) fn dotted(spec: &Spec) -> Result<BTreeMap<String, String>, ExperimentError> {
    let text = spec.to_toml()?;
    let table: Table = toml::from_str(&text).map_err(|error| ExperimentError::Encode {
        what: "the settings",
        reason: error.to_string(),
    })?;
    let mut settings = BTreeMap::new();
    collect("", table, &mut settings);
    settings.retain(|key, _| !LEFT_OUT.contains(&key.split('.').next().unwrap_or_default()));
    Ok(settings)
}

fn collect(place: &str, table: Table, settings: &mut BTreeMap<String, String>) {
    for (name, value) in table {
        let key = if place.is_empty() { name } else { format!("{place}.{name}") };
        match value {
            Value::Table(inner) => collect(&key, inner, settings),
            // Text needs no quotes here, as with `--set`.
            Value::String(text) => drop(settings.insert(key, text)),
            value => drop(settings.insert(key, value.to_string())),
        }
    }
}
