//! Writes tables of numbers as CSV files.

use std::path::Path;

use ae_files::AtomicFile;

use crate::DatasetError;
use crate::tables::csv_lines::csv_line;

/// Writes a table as a CSV file row by row. The file appears when it is finished.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use ae_dataset::TableWriter;
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("rows.csv");
/// let names = ["x, mm".to_owned(), "y".to_owned()];
/// let mut table = TableWriter::create(&path, 2, Some(&names))?;
/// table.write(&[0.1, 2.0, -3.5, 1e-9])?;
/// table.finish()?;
/// assert_eq!(std::fs::read_to_string(&path)?, "\"x, mm\",y\n0.1,2\n-3.5,0.000000001\n");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct TableWriter {
    file: AtomicFile,
    columns: usize,
}

impl TableWriter {
    /// Begins a table of `columns` columns, with a header if they have names.
    ///
    /// # Errors
    /// If the file cannot be created.
    pub fn create(
        path: &Path,
        columns: usize,
        names: Option<&[String]>,
    ) -> Result<Self, DatasetError> {
        let mut file = AtomicFile::begin(path)?;
        if let Some(names) = names {
            file.write(csv_line(names).as_bytes())?;
        }
        Ok(Self { file, columns })
    }

    /// Appends rows, `n x columns`, each number as the shortest decimal that is read as the same number.
    ///
    /// # Errors
    /// If they cannot be written.
    pub fn write(&mut self, rows: &[f64]) -> Result<(), DatasetError> {
        let mut text = String::new();
        for row in rows.chunks(self.columns.max(1)) {
            let cells: Vec<String> = row.iter().map(f64::to_string).collect();
            text.push_str(&cells.join(","));
            text.push('\n');
        }
        Ok(self.file.write(text.as_bytes())?)
    }

    /// Renames the file to its path.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn finish(self) -> Result<(), DatasetError> {
        Ok(self.file.commit()?)
    }
}
