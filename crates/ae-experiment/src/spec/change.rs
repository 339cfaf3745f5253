//! A key of a spec set to another value.

use serde::Deserialize as _;
use toml::{Table, Value};

use super::commented::table_at;
use super::network::NetworkForm;
use super::reference::{Presence, SpecKey, selector, spec_keys};
use crate::{ExperimentError, Spec};

/// Tables that may be missing.
const OPTIONAL_TABLES: [&str; 4] =
    ["data.patches", "corruption", "training.early_stopping", "study"];
/// Lists of tables, which are set as a whole.
const LISTS: [&str; 4] = ["expected", "study.noises", "study.scores", "study.networks"];
/// The encoder's widths, which the decoder mirrors as long as it has mirrored them.
const ENCODER: &str = "model.encoder";
/// What takes an optional key away.
const NONE: &str = "none";

impl Spec {
    /// The same spec with another value for a key such as `training.schedule.kind`.
    ///
    /// The value is written as in TOML; text needs no quotes. `none` takes an optional key or table away. If a `kind`
    /// changes, keys of the old kind are dropped, and those of the new one have their defaults.
    ///
    /// # Errors
    /// [`ExperimentError::UnknownKey`] names the nearest key; [`ExperimentError::Value`] if the value has another type.
    pub fn with(&self, path: &str, value: &str) -> Result<Self, ExperimentError> {
        let is_known = spec_keys().any(|key| key.path == path) || LISTS.contains(&path);
        let takes_away = value == NONE && OPTIONAL_TABLES.contains(&path);
        if !is_known && !takes_away {
            return Err(ExperimentError::UnknownKey {
                key: path.to_owned(),
                nearest: nearest(path),
            });
        }
        let before = self.to_table()?;
        let set = |value: Option<Value>| {
            let mut table = before.clone();
            put(&mut table, path, value);
            complete(&mut table, &before, path);
            if path == ENCODER {
                mirror(&mut table, self);
            }
            Self::deserialize(table)
        };
        let attempts = [
            (!takes_away).then(|| set(Some(parsed(value)))),
            (!takes_away).then(|| set(Some(Value::String(value.to_owned())))),
            (!takes_away).then(|| set(Some(texts(parsed(value))))),
            (value == NONE && (takes_away || is_optional(path))).then(|| set(None)),
        ];
        let mut first = None;
        for attempt in attempts.into_iter().flatten() {
            match attempt {
                Ok(spec) => return Ok(spec),
                Err(error) => first = first.or(Some(error)),
            }
        }
        let reason = first.map(|error| error.message().to_owned()).unwrap_or_default();
        Err(ExperimentError::Value { key: path.to_owned(), reason, range: range(path) })
    }
}

/// A value as TOML reads it; text without quotes is text.
fn parsed(value: &str) -> Value {
    let table = toml::from_str::<Table>(&format!("value = {value}")).ok();
    let only = table.filter(|table| table.len() == 1).and_then(|mut table| table.remove("value"));
    only.unwrap_or_else(|| Value::String(value.to_owned()))
}

/// A list of numbers as a list of texts: columns are named by both.
fn texts(value: Value) -> Value {
    let Value::Array(items) = value else { return value };
    let text = |item: Value| match item {
        Value::Integer(number) => Value::String(number.to_string()),
        item => item,
    };
    Value::Array(items.into_iter().map(text).collect())
}

fn is_optional(path: &str) -> bool {
    let is_it = |key: &&SpecKey| key.path == path;
    let key = spec_keys().find(is_it);
    key.is_some_and(|key| matches!(key.presence, Presence::Optional { .. }))
}

fn range(path: &str) -> &'static str {
    let key = spec_keys().find(|key| key.path == path);
    key.map_or("a list of tables", |key| key.range)
}

/// Puts a value at a path, in tables that are made where they are missing; without one, takes it away.
fn put(table: &mut Table, path: &str, value: Option<Value>) {
    match (path.split_once('.'), value) {
        (Some((name, rest)), value) => {
            let inner = table.entry(name).or_insert_with(|| Value::Table(Table::new()));
            if let Value::Table(inner) = inner {
                put(inner, rest, value);
            }
        }
        (None, Some(value)) => drop(table.insert(path.to_owned(), value)),
        (None, None) => drop(table.remove(path)),
    }
}

/// Mirrors the new encoder in the decoder, if the decoder mirrored the encoder before.
fn mirror(table: &mut Table, before: &Spec) {
    let is_mirror = match &before.model.form {
        NetworkForm::Dense(dense) => dense.encoder.iter().rev().eq(&dense.decoder),
        _ => false,
    };
    let model = table.get_mut("model").and_then(Value::as_table_mut);
    let Some(model) = model.filter(|_| is_mirror) else { return };
    if let Some(Value::Array(widths)) = model.get("encoder").cloned() {
        model.insert("decoder".to_owned(), Value::Array(widths.into_iter().rev().collect()));
    }
}

/// Fills in the defaults of keys that are missing beside a key. If that key decides which others there are, keys of the
/// earlier kind are dropped.
fn complete(table: &mut Table, before: &Table, path: &str) {
    let around = path.rsplit_once('.').map_or("", |(around, _)| around);
    let kind_of = |table: &Table| {
        let kind = table_at(table, around)?.get(selector(around))?;
        kind.as_str().map(str::to_owned)
    };
    let (kind, earlier) = (kind_of(table), kind_of(before));
    let is_changed = path.rsplit('.').next() == Some(selector(around)) && kind != earlier;
    let siblings = || spec_keys().filter(|key| key.table() == around);
    if is_changed {
        // A key may be of both kinds under one name, such as an encoder of widths or of layers.
        let stale = siblings().filter(|key| !key.kinds.is_empty());
        let stays = |key: &SpecKey| key.is_of(kind.as_deref()) && key.is_of(earlier.as_deref());
        let kept: Vec<&str> = siblings().filter(|key| stays(key)).map(|key| key.path).collect();
        let stale = stale.filter(|key| !kept.contains(&key.path));
        stale.for_each(|key| put(table, key.path, None));
    }
    let Some(inner) = table_at(table, around) else { return };
    let missing: Vec<_> = siblings()
        .filter(|key| key.is_of(kind.as_deref()) && !inner.contains_key(key.name()))
        .filter_map(|key| match key.presence {
            Presence::Given(default) => Some((key.path, parsed(default))),
            _ => None,
        })
        .collect();
    missing.into_iter().for_each(|(path, value)| put(table, path, Some(value)));
}

/// The known key that is nearest to what was typed; a key of the same name in another table comes first.
fn nearest(typed: &str) -> &'static str {
    let last = typed.rsplit('.').next().unwrap_or(typed);
    let likeness = |key: &SpecKey| {
        let whole = strsim::normalized_levenshtein(typed, key.path);
        let name = strsim::normalized_levenshtein(last, key.name());
        // A table means its keys.
        let is_within = key.path.strip_prefix(typed).is_some_and(|rest| rest.starts_with('.'));
        // Few specs have a study: its keys are named if the path is like theirs, not the last name alone.
        let name = if key.path.starts_with("study.") && last == typed { 0.0 } else { name };
        whole + name + f64::from(u8::from(is_within))
    };
    let better = |a: &&SpecKey, b: &&SpecKey| likeness(a).total_cmp(&likeness(b));
    // Of equal ones the first.
    spec_keys().rev().max_by(better).map_or("name", |key| key.path)
}
