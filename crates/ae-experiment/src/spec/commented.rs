//! A spec as TOML with a comment on every key.

use toml::{Table, Value};

use super::reference::{Presence, SpecKey, spec_keys};
use crate::{ExperimentError, Spec};

/// Columns of a comment.
const WIDTH: usize = 100;
/// Tables whose contents have many forms: they are written as they are, with their keys explained above.
const FREE: [&str; 2] = ["study", "expected"];

impl Spec {
    /// The spec as TOML in which every key has a comment: its meaning, range and default. Keys that are not set are
    /// written as comments.
    ///
    /// # Errors
    /// As [`to_toml`](Self::to_toml).
    pub fn to_commented_toml(&self) -> Result<String, ExperimentError> {
        let table = self.to_table()?;
        let mut text = format!(
            "# An experiment: `ae {} THIS.toml` runs it. Every key can also be set by --set KEY=VALUE.\n",
            if self.study.is_some() { "study" } else { "train" }
        );
        let mut current = "";
        for key in spec_keys().filter(|key| !is_free(key)) {
            let within = table_at(&table, key.table());
            if key.table() != current {
                current = key.table();
                let hidden = if within.is_some() { "" } else { "# " };
                text.push_str(&format!("\n{hidden}[{current}]\n"));
            }
            let kind = within.and_then(|table| table.get(key.selector())).and_then(Value::as_str);
            let value = within.filter(|_| key.is_of(kind)).and_then(|table| table.get(key.name()));
            write_key(key, value, kind, &mut text);
        }
        let whole = self.to_toml()?;
        for (place, name) in FREE.into_iter().enumerate() {
            let Some(value) = table.get(name) else { continue };
            explain(name, value, &mut text);
            // What has no comments in between is the end of the uncommented spec, up to the next of these tables.
            let start = whole.find(&format!("\n[{name}")).or(whole.find(&format!("\n[[{name}")));
            let written = start.map_or("", |start| &whole[start + 1..]);
            let next =
                FREE.iter().skip(place + 1).find_map(|next| written.find(&format!("[[{next}")));
            text.push_str(written[..next.unwrap_or(written.len())].trim_end());
            text.push('\n');
        }
        Ok(text)
    }

    /// The spec as a table of TOML.
    pub(super) fn to_table(&self) -> Result<Table, ExperimentError> {
        Table::try_from(self).map_err(|error| ExperimentError::Encode {
            what: "the spec",
            reason: error.to_string(),
        })
    }
}

fn is_free(key: &SpecKey) -> bool {
    FREE.iter().any(|name| key.path.split('.').next() == Some(name))
}

/// The table at a place such as `training.optimizer`.
pub(super) fn table_at<'a>(table: &'a Table, path: &str) -> Option<&'a Table> {
    let mut names = path.split('.').filter(|name| !name.is_empty());
    names.try_fold(table, |table, name| table.get(name)?.as_table())
}

fn write_key(key: &SpecKey, value: Option<&Value>, kind: Option<&str>, text: &mut String) {
    text.push('\n');
    text.push_str(&comment(&explanation(key)));
    let (name, example) = (key.name(), key.example());
    match value {
        Some(Value::Array(items)) if items.iter().any(Value::is_table) => {
            text.push_str(&format!("{name} = [\n"));
            items.iter().for_each(|item| text.push_str(&format!("    {},\n", inline(item))));
            text.push_str("]\n");
        }
        Some(value) => text.push_str(&format!("{name} = {}\n", written(key, value))),
        None if key.is_of(kind) => text.push_str(&format!("# {name} = {example}\n")),
        None => {
            let (selector, kinds) = (key.selector(), key.kinds.join(" or "));
            text.push_str(&format!("# {name} = {example}  # {selector} {kinds}\n"));
        }
    }
}

/// Meaning, values and default.
fn explanation(key: &SpecKey) -> String {
    let default = match key.presence {
        Presence::Given(default) => format!(" Default: {default}."),
        Presence::Optional { absence, .. } => format!(" If left out: {absence}."),
        Presence::Required(_) => String::new(),
    };
    format!("{} Values: {}.{default}", key.meaning, key.range)
}

/// Weights of penalties: they are `f32`, whose digits as an `f64` nobody has typed.
const SINGLE: [&str; 5] = [
    "training.code_l1",
    "training.kl_weight",
    "training.sparsity_weight",
    "training.sparsity_target",
    "training.contractive_weight",
];

/// A value as TOML.
fn written(key: &SpecKey, value: &Value) -> String {
    match value {
        Value::Float(_) if SINGLE.contains(&key.path) => inline(value),
        value => value.to_string(),
    }
}

/// A layer, or a number in it, which is an `f32`, in one line of TOML.
fn inline(value: &Value) -> String {
    match value {
        Value::Float(number) => format!("{:?}", *number as f32),
        Value::Table(table) => {
            // The kind of a layer comes first.
            let layer = table.get_key_value("layer").into_iter();
            let others = table.iter().filter(|(name, _)| *name != "layer");
            let keys =
                layer.chain(others).map(|(name, value)| format!("{name} = {}", inline(value)));
            format!("{{ {} }}", keys.collect::<Vec<_>>().join(", "))
        }
        value => value.to_string(),
    }
}

/// Comments on the keys of a table with lists of tables in it.
fn explain(name: &str, value: &Value, text: &mut String) {
    let kind = value.as_table().and_then(|table| table.get("kind")).and_then(Value::as_str);
    text.push('\n');
    for key in spec_keys().filter(|key| key.path.split('.').next() == Some(name)) {
        if key.is_of(kind) {
            text.push_str(&comment(&format!("{}: {}", key.path, explanation(key))));
        }
    }
}

/// A text as lines of a comment.
fn comment(text: &str) -> String {
    let (mut lines, mut line) = (String::new(), "#".to_owned());
    for word in text.split_whitespace() {
        if line.len() + 1 + word.len() > WIDTH {
            lines.push_str(&line);
            lines.push('\n');
            "#".clone_into(&mut line);
        }
        line.push(' ');
        line.push_str(word);
    }
    lines + &line + "\n"
}
