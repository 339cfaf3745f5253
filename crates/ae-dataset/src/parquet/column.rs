//! The columns and the cells of a Parquet file that is written.

/// What a column of a Parquet file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParquetKind {
    /// `f32`.
    Float,
    /// `f64`.
    Double,
    /// UTF-8.
    Text,
}

/// A column of a Parquet file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParquetColumn {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: ParquetKind,
}

/// The value of a cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ParquetCell<'a> {
    /// A number, which a column of floats rounds.
    Number(f64),
    /// A text.
    Text(&'a str),
}
