//! The rows of a table that cannot be used, and the messages about them.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

use crate::limits::MAX_CLASSES;
use crate::tables::columns::{Columns, Role, shortened};
use crate::{BadItems, DatasetError};

/// The most rows, and the most columns with missing cells, that an error names.
const NAMED: usize = 5;
/// The most rows that get a warning of their own when they are left out.
const WARNED: usize = 20;

/// A cell that cannot be used, and why.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) cell: BadCell,
    pub(crate) told: String,
}

/// A kind of cell that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BadCell {
    Missing,
    Text,
    /// A number that is ambiguous or out of range.
    Unusable,
}

/// The rows that cannot be used, counted.
#[derive(Debug)]
pub(crate) struct Faults {
    /// The number of such rows.
    pub(crate) rows: usize,
    /// What is wrong with the first ones.
    first: Vec<String>,
    /// For each field, the number of missing cells.
    missing: Vec<usize>,
    /// For each field, the number of cells with text.
    texts: Vec<usize>,
    /// For each field, its first text.
    example: Vec<Option<String>>,
    /// For each field, digests of its distinct texts, as many as show whether they can be classes.
    distinct: Vec<BTreeSet<u64>>,
}

impl Faults {
    pub(crate) fn new(fields: usize) -> Self {
        let (missing, texts, example) = (vec![0; fields], vec![0; fields], vec![None; fields]);
        let distinct = vec![BTreeSet::new(); fields];
        Self { rows: 0, first: Vec::new(), missing, texts, example, distinct }
    }

    /// Counts a cell.
    pub(crate) fn count(&mut self, field: usize, kind: BadCell, text: &str) {
        match kind {
            BadCell::Missing => self.missing[field] += 1,
            BadCell::Text => {
                self.texts[field] += 1;
                if self.distinct[field].len() <= MAX_CLASSES {
                    let mut hasher = DefaultHasher::new();
                    text.hash(&mut hasher);
                    self.distinct[field].insert(hasher.finish());
                }
                self.example[field].get_or_insert_with(|| shortened(text));
            }
            BadCell::Unusable => {}
        }
    }

    /// Counts a row, and warns of it if it is left out.
    pub(crate) fn add(&mut self, told: String, path: &Path, bad: BadItems) {
        self.rows += 1;
        if bad == BadItems::Skip && self.rows <= WARNED {
            tracing::warn!("left out: {}: {told}", path.display());
        } else if bad == BadItems::Skip && self.rows == WARNED + 1 {
            tracing::warn!("left out: {}: more rows, which are counted", path.display());
        }
        if self.first.len() < NAMED {
            self.first.push(told);
        }
    }

    /// The fields with missing cells and the number of these cells, the largest first.
    pub(crate) fn missing(&self) -> Vec<(usize, usize)> {
        let mut counts: Vec<(usize, usize)> =
            self.missing.iter().copied().enumerate().filter(|(_, count)| *count > 0).collect();
        counts.sort_by_key(|&(field, count)| (std::cmp::Reverse(count), field));
        counts
    }

    /// The error of a table of `total` rows of which some cannot be used.
    pub(crate) fn error(&self, path: &Path, columns: &Columns, total: usize) -> DatasetError {
        let path = path.to_owned();
        let texts: Vec<usize> =
            (0..self.texts.len()).filter(|&field| 2 * self.texts[field] > total).collect();
        if let Some(&field) = texts.first() {
            let example = self.example[field].clone().unwrap_or_default();
            let label = texts.iter().find(|&&field| self.distinct[field].len() <= MAX_CLASSES);
            return DatasetError::TextColumns {
                path,
                columns: few(&texts, |&field| columns.described(field)).join(", "),
                count: texts.len(),
                example,
                advice: without_text(
                    dropping(columns, &texts),
                    label.map(|&field| columns.argument(field)),
                    texts.len(),
                ),
            };
        }
        let missing = self.missing();
        let is_number = |field: &usize| matches!(columns.roles[*field], Role::Number(_));
        let all: Vec<usize> = missing.iter().map(|&(field, _)| field).filter(is_number).collect();
        DatasetError::BadRows {
            path,
            first: self.first.clone(),
            count: self.rows,
            total,
            missing: few(&missing, |&(field, count)| {
                format!("{count} in {}", columns.described(field))
            }),
            arguments: dropping(columns, &all),
        }
    }
}

/// The first ones in words, the last of them with the number of those that follow.
fn few<T>(all: &[T], in_words: impl Fn(&T) -> String) -> Vec<String> {
    let mut words: Vec<String> = all.iter().take(NAMED).map(in_words).collect();
    if let (Some(last), Some(more @ 1..)) = (words.last_mut(), all.len().checked_sub(NAMED)) {
        last.push_str(&format!(" and {more} more"));
    }
    words
}

/// The arguments of `drop_columns` for these fields; `None` if there are none, or if no column of numbers would remain.
fn dropping(columns: &Columns, fields: &[usize]) -> Option<String> {
    (1..columns.count()).contains(&fields.len()).then(|| columns.arguments(fields))
}

/// The advice about columns of text.
fn without_text(arguments: Option<String>, label: Option<String>, count: usize) -> String {
    let them = if count > 1 { "them" } else { "it" };
    let drop = arguments.map(|names| format!("leave {them} out with --drop-columns {names}"));
    let label = label.map(|name| format!("name the classes with --label-column {name}"));
    match (drop, label) {
        (Some(drop), Some(label)) => format!("; {drop}, or {label}"),
        (Some(drop), None) => format!("; {drop}"),
        (None, _) => ", and no column of numbers would be left without".to_owned(),
    }
}
