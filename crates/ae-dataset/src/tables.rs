//! Tables of numbers: CSV files, and how their columns become the pixels of grey images of one row.

pub(crate) mod classes;
pub(crate) mod columns;
#[cfg(feature = "tables")]
pub(crate) mod csv_dataset;
#[cfg(feature = "tables")]
pub(crate) mod csv_reader;
#[cfg(feature = "tables")]
pub(crate) mod csv_writer;
pub(crate) mod dataset;
pub(crate) mod rows;

#[cfg(feature = "tables")]
mod cell;
#[cfg(feature = "tables")]
pub(crate) mod csv_lines;
#[cfg(feature = "tables")]
mod faults;
#[cfg(feature = "tables")]
mod first_lines;

use std::path::Path;

/// Whether a file's name is that of a table: it ends in `.csv` or `.tsv`.
pub(crate) fn is_table(path: &Path) -> bool {
    path.extension()
        .is_some_and(|ending| ["csv", "tsv"].iter().any(|known| ending.eq_ignore_ascii_case(known)))
}
