//! Tables of numbers: CSV files, row by row.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ae_files::{AtomicFile, FileError};
use csv::{ReaderBuilder, StringRecord, StringRecordsIntoIter, Trim};

use crate::images::MAX_CLASSES;
use crate::{BadItems, DatasetError, FormatError, ReadOptions};

/// Most columns; a model's file has to hold their names and bounds.
pub(crate) const MAX_COLUMNS: usize = 8192;

/// Most bytes of a row: 8192 numbers take less.
const MAX_ROW: u64 = 16 << 20;
/// Bytes that are read at a time.
const BUFFER: usize = 1 << 16;

/// Whether a file is called like a table.
pub(crate) fn is_table(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("csv"))
}

/// The rows of a CSV file, one after the other: a line of numbers each, and a header if the first line
/// holds anything else.
pub(crate) struct TableReader {
    path: PathBuf,
    records: StringRecordsIntoIter<Rows>,
    /// Bytes read since the last row was complete.
    row_bytes: Arc<AtomicU64>,
    /// The first line, if it is not the header.
    first: Option<StringRecord>,
    /// The names of the columns of numbers, if there is a header.
    names: Option<Vec<String>>,
    /// Fields of a line.
    fields: usize,
    /// The place of the classes among them.
    label: Option<usize>,
    bad: BadItems,
    /// Rows that were left out.
    pub(crate) skipped: usize,
    /// Rows that were given out.
    pub(crate) read: usize,
}

impl TableReader {
    /// Opens a table and reads its first line.
    pub(crate) fn open(path: &Path, options: &ReadOptions) -> Result<Self, DatasetError> {
        let unreadable = |source| FileError::Read { path: path.to_owned(), source };
        let row_bytes = Arc::new(AtomicU64::new(0));
        let file = File::open(path).map_err(unreadable)?;
        let file = Rows { file, row_bytes: Arc::clone(&row_bytes) };
        let mut records = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .trim(Trim::All)
            .buffer_capacity(BUFFER)
            .from_reader(file)
            .into_records();
        let first = match records.next() {
            Some(first) => first.map_err(|error| csv_error(path, &error))?,
            None => return Err(FormatError::NoRows.in_file(path)),
        };
        let fields = first.len();
        if fields > MAX_COLUMNS {
            let error = FormatError::TooManyColumns { found: fields, limit: MAX_COLUMNS };
            return Err(error.in_file(path));
        }
        let is_header = first.iter().any(|field| number(field).is_none());
        let label = match options.label_column.as_deref() {
            None => None,
            Some(name) if is_header => Some(label_place(path, &first, name)?),
            Some(_) => return Err(FormatError::NoHeader.in_file(path)),
        };
        if fields == usize::from(label.is_some()) {
            return Err(FormatError::NoRows.in_file(path));
        }
        let names = is_header.then(|| {
            let columns = first.iter().enumerate().filter(|(place, _)| Some(*place) != label);
            columns.map(|(_, name)| strip_mark(name).to_owned()).collect()
        });
        Ok(Self {
            path: path.to_owned(),
            records,
            row_bytes,
            first: (!is_header).then_some(first),
            names,
            fields,
            label,
            bad: options.bad,
            skipped: 0,
            read: 0,
        })
    }

    /// The names of the columns of numbers, if there is a header.
    pub(crate) fn names(&self) -> Option<&[String]> {
        self.names.as_deref()
    }

    /// Columns of numbers.
    pub(crate) fn columns(&self) -> usize {
        self.fields - usize::from(self.label.is_some())
    }

    /// Appends the next row's numbers and its class; false at the end.
    pub(crate) fn next_row(
        &mut self,
        numbers: &mut Vec<f64>,
        classes: &mut Vec<String>,
    ) -> Result<bool, DatasetError> {
        loop {
            let record = match self.first.take() {
                Some(first) => first,
                None => match self.records.next() {
                    Some(record) => record.map_err(|error| csv_error(&self.path, &error))?,
                    None => return Ok(false),
                },
            };
            self.row_bytes.store(0, Ordering::Relaxed);
            match self.row(&record) {
                Ok((row, class)) => {
                    numbers.extend(row);
                    classes.extend(class);
                    self.read += 1;
                    return Ok(true);
                }
                Err(error) if self.bad == BadItems::Refuse => return Err(error),
                Err(error) => {
                    tracing::warn!("left out: {error}");
                    self.skipped += 1;
                }
            }
        }
    }

    /// A line's numbers and its class.
    fn row(&self, record: &StringRecord) -> Result<(Vec<f64>, Option<String>), DatasetError> {
        let line = record.position().map_or(1, csv::Position::line);
        let refuse = |expected: String, found: String| DatasetError::Row {
            path: self.path.clone(),
            line,
            expected,
            found,
        };
        if record.len() != self.fields {
            let fields =
                |count: usize| format!("{count} field{}", if count == 1 { "" } else { "s" });
            return Err(refuse(fields(self.fields), fields(record.len())));
        }
        let mut row = Vec::with_capacity(self.columns());
        let mut class = None;
        for (place, field) in record.iter().enumerate() {
            if Some(place) == self.label {
                class = Some(field.to_owned());
                continue;
            }
            let shown = || field.chars().take(40).collect::<String>();
            let column = place + 1;
            let value = number(field).ok_or_else(|| {
                refuse("numbers".to_owned(), format!("`{}` in field {column}", shown()))
            })?;
            if !value.is_finite() {
                return Err(refuse(
                    "finite numbers".to_owned(),
                    format!("{value} in field {column}"),
                ));
            }
            row.push(value);
        }
        Ok((row, class))
    }
}

/// A file whose rows are not endless, so that reading it row by row takes little memory.
struct Rows {
    file: File,
    row_bytes: Arc<AtomicU64>,
}

impl Read for Rows {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        let before = self.row_bytes.fetch_add(count as u64, Ordering::Relaxed);
        if before + count as u64 > MAX_ROW {
            return Err(io::Error::other(format!("a row of more than {MAX_ROW} bytes")));
        }
        Ok(count)
    }
}

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

/// Classes by name to labels by the sorted names, as numbers if all are.
pub(crate) fn label(classes: &[String]) -> Result<(Vec<u8>, Vec<String>), DatasetError> {
    let mut names = classes.to_vec();
    names.sort_by(|a, b| match (a.parse::<f64>(), b.parse::<f64>()) {
        (Ok(x), Ok(y)) => x.total_cmp(&y).then_with(|| a.cmp(b)),
        // Numbers before words.
        (Ok(_), Err(_)) => std::cmp::Ordering::Less,
        (Err(_), Ok(_)) => std::cmp::Ordering::Greater,
        (Err(_), Err(_)) => a.cmp(b),
    });
    names.dedup();
    if names.len() > MAX_CLASSES {
        return Err(DatasetError::TooManyClasses { found: names.len() });
    }
    let places: std::collections::BTreeMap<&String, u8> = names.iter().zip(0..=u8::MAX).collect();
    let labels = classes.iter().filter_map(|class| places.get(class).copied()).collect();
    Ok((labels, names))
}

/// A number; also NaN and infinity, which are numbers in a header's sense but refused in a row.
fn number(field: &str) -> Option<f64> {
    strip_mark(field).parse().ok()
}

/// The byte order mark that some programs begin a text with.
fn strip_mark(field: &str) -> &str {
    field.strip_prefix('\u{feff}').unwrap_or(field)
}

fn label_place(path: &Path, header: &StringRecord, name: &str) -> Result<usize, DatasetError> {
    header.iter().position(|field| strip_mark(field) == name).ok_or_else(|| {
        let found = header.iter().map(strip_mark).take(20).collect::<Vec<_>>().join(", ");
        FormatError::NoColumn { name: name.to_owned(), found }.in_file(path)
    })
}

fn csv_error(path: &Path, error: &csv::Error) -> DatasetError {
    FormatError::Csv { reason: error.to_string() }.in_file(path)
}
