//! Rows of a table that cannot be used: what is said of them.

use std::path::Path;

use super::columns::Columns;
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
}

impl Faults {
    pub(crate) fn new(fields: usize) -> Self {
        let (missing, texts, example) = (vec![0; fields], vec![0; fields], vec![None; fields]);
        Self { rows: 0, first: Vec::new(), missing, texts, example }
    }

    /// Counts a cell without a number.
    pub(crate) fn count(&mut self, field: usize, kind: BadCell, text: &str) {
        match kind {
            BadCell::Missing => self.missing[field] += 1,
            BadCell::Text => {
                self.texts[field] += 1;
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
            let arguments: Vec<String> =
                texts.iter().map(|&field| columns.argument(field)).collect();
            return DatasetError::TextColumns {
                path,
                columns: listed,
                count: texts.len(),
                example,
                arguments: arguments.join(","),
                label: columns.argument(field),
            };
        }
        let missing = self.missing();
        let counts = missing.iter().take(NAMED);
        let counts =
            counts.map(|&(field, count)| format!("{count} in {}", columns.described(field)));
        let arguments: Vec<String> =
            missing.iter().take(3).map(|&(field, _)| columns.argument(field)).collect();
        DatasetError::BadRows {
            path,
            first: self.first.clone(),
            count: self.rows,
            total,
            missing: counts.collect(),
            arguments: arguments.join(","),
        }
    }
}
