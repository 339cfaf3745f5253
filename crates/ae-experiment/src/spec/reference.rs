//! Every key of a spec: what it means, its default and its range. `ae spec`, `--set` and the reference in the
//! documentation all read this table.

mod experiment;
mod model;
mod study;
mod training;

/// A key of a spec.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpecKey {
    /// The key with the tables around it, such as `training.epochs`. Keys within a list of tables have the list's name
    /// in front.
    pub path: &'static str,
    /// What it means, in a sentence.
    pub meaning: &'static str,
    /// Whether it may be left out, and what it is otherwise.
    pub presence: Presence,
    /// The accepted values.
    pub range: &'static str,
    /// The values of [`selector`](Self::selector) in the same table that know this key; all do if there are none here.
    pub kinds: &'static [&'static str],
}

/// Whether a key may be left out. Values are written as in TOML.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// A spec says it. This is what the tutorial's spec says, or what is usual for the other kinds.
    Given(&'static str),
    /// It may be left out: what that means in words, and an example of a value.
    Optional {
        /// What its absence means.
        absence: &'static str,
        /// A value that it might have.
        example: &'static str,
    },
    /// The table that it is in has it, and nothing is usual. An example.
    Required(&'static str),
}

const fn given(
    path: &'static str,
    default: &'static str,
    range: &'static str,
    meaning: &'static str,
) -> SpecKey {
    SpecKey { path, meaning, presence: Presence::Given(default), range, kinds: &[] }
}

const fn optional(
    path: &'static str,
    [absence, example]: [&'static str; 2],
    range: &'static str,
    meaning: &'static str,
) -> SpecKey {
    SpecKey { path, meaning, presence: Presence::Optional { absence, example }, range, kinds: &[] }
}

const fn required(
    path: &'static str,
    example: &'static str,
    range: &'static str,
    meaning: &'static str,
) -> SpecKey {
    SpecKey { path, meaning, presence: Presence::Required(example), range, kinds: &[] }
}

const fn of(kinds: &'static [&'static str], key: SpecKey) -> SpecKey {
    SpecKey { kinds, ..key }
}

/// All keys, in the order in which a spec is written.
pub fn spec_keys() -> impl DoubleEndedIterator<Item = &'static SpecKey> + Clone {
    experiment::KEYS.iter().chain(model::KEYS).chain(training::KEYS).chain(study::KEYS)
}

impl SpecKey {
    /// The name of the key without its tables.
    pub fn name(&self) -> &'static str {
        self.path.rsplit_once('.').map_or(self.path, |(_, name)| name)
    }

    /// The tables around the key, separated by dots; empty at the top.
    pub fn table(&self) -> &'static str {
        self.path.rsplit_once('.').map_or("", |(table, _)| table)
    }

    /// The key of the same table whose value decides whether there is this key.
    pub fn selector(&self) -> &'static str {
        selector(self.table())
    }

    /// Whether a table whose selector has this value has the key.
    pub(super) fn is_of(&self, kind: Option<&str>) -> bool {
        self.kinds.is_empty() || kind.is_some_and(|kind| self.kinds.contains(&kind))
    }

    /// The default in words, or none where nothing is usual.
    pub fn default_in_words(&self) -> Option<&'static str> {
        match self.presence {
            Presence::Given(default) => Some(default),
            Presence::Optional { absence, .. } => Some(absence),
            Presence::Required(_) => None,
        }
    }

    /// A value as it is written in TOML: the default if there is one, or an example.
    pub fn example(&self) -> &'static str {
        match self.presence {
            Presence::Given(value)
            | Presence::Required(value)
            | Presence::Optional { example: value, .. } => value,
        }
    }
}

/// The key whose value decides which other keys a table has.
pub(super) fn selector(table: &str) -> &'static str {
    if table == "model" { "network" } else { "kind" }
}

/// The table of all keys in Markdown, as `docs/reference/spec.md` shows it.
pub fn spec_reference() -> String {
    let mut text = "| key | meaning | default | values |\n|---|---|---|---|\n".to_owned();
    for key in spec_keys() {
        let of = match key.kinds {
            [] => String::new(),
            kinds => format!(" Of the {} {}.", key.selector(), kinds.join(", ")),
        };
        let escaped = |text: &str| text.replace('|', "\\|");
        let default = match key.presence {
            Presence::Given(default) => format!("`{default}`"),
            Presence::Optional { absence, .. } => absence.to_owned(),
            Presence::Required(_) => "none".to_owned(),
        };
        let (meaning, range) = (escaped(key.meaning), escaped(key.range));
        text.push_str(&format!("| `{}` | {meaning}{of} | {default} | {range} |\n", key.path));
    }
    text
}
