//! Tables of numbers: CSV and Parquet files, and how their columns become the pixels of grey images of one row.

pub(crate) mod classes;
pub(crate) mod columns;
#[cfg(feature = "tables")]
pub(crate) mod csv_dataset;
#[cfg(feature = "tables")]
pub(crate) mod csv_reader;
#[cfg(feature = "tables")]
pub(crate) mod csv_writer;
pub(crate) mod dataset;
pub(crate) mod learned_rows;
pub(crate) mod row_store;
pub(crate) mod rows;

#[cfg(feature = "tables")]
mod cell;
#[cfg(feature = "tables")]
pub(crate) mod csv_lines;
#[cfg(feature = "tables")]
mod faults;
#[cfg(feature = "tables")]
mod first_lines;
#[cfg(feature = "tables")]
mod records;

use std::path::Path;

/// Whether a file's name is that of a table: it ends in `.csv`, `.tsv` or `.parquet`.
pub(crate) fn is_table(path: &Path) -> bool {
    ["csv", "tsv", "parquet"].iter().any(|known| ends_in(path, known))
}

/// Whether a file's name is that of a Parquet file.
#[cfg(feature = "tables")]
pub(crate) fn is_parquet(path: &Path) -> bool {
    ends_in(path, "parquet")
}

fn ends_in(path: &Path, ending: &str) -> bool {
    path.extension().is_some_and(|found| found.eq_ignore_ascii_case(ending))
}
