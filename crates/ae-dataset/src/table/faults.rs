//! Rows of a table that cannot be used: what is said of them.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

use super::columns::{Columns, Role};
use crate::images::MAX_CLASSES;
use crate::{BadItems, DatasetError};

/// Rows that an error names, and columns that it counts missing cells of.
const NAMED: usize = 5;
/// Rows that are listed as left out.
const LISTED: usize = 20;

/// What is wrong with a cell.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) cell: BadCell,
    pub(crate) told: String,
}

/// A cell without a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BadCell {
    Missing,
    Text,
    /// A number that cannot be used.
    Unusable,
}

/// The rows that cannot be used.
#[derive(Debug)]
pub(crate) struct Faults {
    pub(crate) rows: usize,
    first: Vec<String>,
    /// Missing cells and texts of each field.
    missing: Vec<usize>,
    texts: Vec<usize>,
    example: Vec<Option<String>>,
    /// Digests of each field's different texts, no more than tell whether they can be classes.
    different: Vec<BTreeSet<u64>>,
}

impl Faults {
    pub(crate) fn new(fields: usize) -> Self {
        let (missing, texts, example) = (vec![0; fields], vec![0; fields], vec![None; fields]);
        let different = vec![BTreeSet::new(); fields];
        Self { rows: 0, first: Vec::new(), missing, texts, example, different }
    }

    /// Counts a cell without a number.
    pub(crate) fn count(&mut self, field: usize, kind: BadCell, text: &str) {
        match kind {
            BadCell::Missing => self.missing[field] += 1,
            BadCell::Text => {
                self.texts[field] += 1;
                if self.different[field].len() <= MAX_CLASSES {
                    let mut hasher = DefaultHasher::new();
                    text.hash(&mut hasher);
                    self.different[field].insert(hasher.finish());
                }
                self.example[field].get_or_insert_with(|| super::columns::shortened(text));
            }
            BadCell::Unusable => {}
        }
    }

    /// Takes note of a row; it is listed if it is left out.
    pub(crate) fn add(&mut self, told: String, path: &Path, bad: BadItems) {
        self.rows += 1;
        if bad == BadItems::Skip && self.rows <= LISTED {
            tracing::warn!("left out: {}: {told}", path.display());
        } else if bad == BadItems::Skip && self.rows == LISTED + 1 {
            tracing::warn!("left out: {}: more rows, which are counted", path.display());
        }
        if self.first.len() < NAMED {
            self.first.push(told);
        }
    }

    /// The fields with missing cells, most of them first, with their numbers.
    pub(crate) fn missing(&self) -> Vec<(usize, usize)> {
        let mut counts: Vec<(usize, usize)> =
            self.missing.iter().copied().enumerate().filter(|(_, count)| *count > 0).collect();
        counts.sort_by_key(|&(field, count)| (std::cmp::Reverse(count), field));
        counts
    }

    /// The error of a table of so many rows, of which some are bad and that is not accepted.
    pub(crate) fn error(&self, path: &Path, columns: &Columns, total: usize) -> DatasetError {
        let path = path.to_owned();
        let texts: Vec<usize> =
            (0..self.texts.len()).filter(|&field| 2 * self.texts[field] > total).collect();
        if let Some(&field) = texts.first() {
            let example = self.example[field].clone().unwrap_or_default();
            let listed: Vec<String> =
                texts.iter().take(NAMED).map(|&field| columns.described(field)).collect();
            let more = texts.len() - listed.len();
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let label = texts.iter().find(|&&field| self.different[field].len() <= MAX_CLASSES);
            return DatasetError::TextColumns {
                path,
                columns: listed.join(", ") + &more,
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
        let counts = missing.iter().take(NAMED);
        let counts =
            counts.map(|&(field, count)| format!("{count} in {}", columns.described(field)));
        let is_number = |field: &usize| matches!(columns.roles[*field], Role::Number(_));
        let worst: Vec<usize> =
            missing.iter().map(|&(field, _)| field).filter(is_number).take(NAMED).collect();
        DatasetError::BadRows {
            path,
            first: self.first.clone(),
            count: self.rows,
            total,
            missing: counts.collect(),
            arguments: dropping(columns, &worst),
        }
    }
}

/// What `--drop-columns` has to name; nothing if that were all columns of numbers, or none.
fn dropping(columns: &Columns, fields: &[usize]) -> Option<String> {
    (1..columns.count()).contains(&fields.len()).then(|| columns.arguments(fields))
}

/// What can be done about columns of text.
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
