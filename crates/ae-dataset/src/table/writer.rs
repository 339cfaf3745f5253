//! Tables as CSV files.

use std::path::Path;

use ae_files::AtomicFile;

use super::csv_error;
use crate::{DatasetError, FormatError};

/// Writes a table as a CSV file, rows after rows; it is there once it is finished.
#[derive(Debug)]
pub struct TableWriter {
    file: AtomicFile,
    columns: usize,
}

impl TableWriter {
    /// Begins a table, with a header if the columns have names.
    ///
    /// # Errors
    /// If the file cannot be made.
    pub fn create(
        path: &Path,
        columns: usize,
        names: Option<&[String]>,
    ) -> Result<Self, DatasetError> {
        let mut file = AtomicFile::begin(path)?;
        if let Some(names) = names {
            file.write(&csv_lines(path, [names])?)?;
        }
        Ok(Self { file, columns })
    }

    /// Writes further rows, `n x columns`, as the shortest text that is read as the same numbers.
    ///
    /// # Errors
    /// If they cannot be written.
    pub fn write(&mut self, rows: &[f64]) -> Result<(), DatasetError> {
        let mut text = String::new();
        for row in rows.chunks(self.columns.max(1)) {
            let fields: Vec<String> = row.iter().map(f64::to_string).collect();
            text.push_str(&fields.join(","));
            text.push('\n');
        }
        Ok(self.file.write(text.as_bytes())?)
    }

    /// Gives the file its name.
    ///
    /// # Errors
    /// If that fails.
    pub fn finish(self) -> Result<(), DatasetError> {
        Ok(self.file.commit()?)
    }
}

/// Lines of fields, quoted where they must be.
fn csv_lines<'a>(
    path: &Path,
    lines: impl IntoIterator<Item = &'a [String]>,
) -> Result<Vec<u8>, DatasetError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for line in lines {
        writer.write_record(line).map_err(|error| csv_error(path, &error))?;
    }
    let unwritten = |error: csv::IntoInnerError<_>| FormatError::Csv { reason: error.to_string() };
    writer.into_inner().map_err(|error| unwritten(error).in_file(path))
}
