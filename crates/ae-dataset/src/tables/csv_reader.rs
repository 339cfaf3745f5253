//! Reads tables row by row: CSV and Parquet files.

use std::io::Read;
use std::path::{Path, PathBuf};

use ae_files::{FileError, counted_as, open_regular};
use csv::StringRecord;

use crate::limits::MAX_COLUMNS;
use crate::tables::cell::{Cell, DecimalMark, has_thousands_separators};
use crate::tables::columns::{Columns, Role, shortened};
use crate::tables::faults::{BadCell, Fault, Faults};
use crate::tables::first_lines::{
    FirstLine, Preamble, choose_delimiter, decimal_mark_of, name_of, text_columns,
};
use crate::tables::is_parquet;
use crate::tables::records::Records;
use crate::{
    BadItems, DatasetError, FormatError, Header, MissingCells, Progress, ReadOptions, Scaling,
};

/// The bytes of the first lines, which decide how a table is read.
const HEAD: u64 = 1 << 20;

/// Reads the rows of a CSV or a Parquet file one by one.
pub(crate) struct TableReader {
    path: PathBuf,
    records: Records,
    /// The first row, if the table has no header.
    first: Option<StringRecord>,
    delimiter: u8,
    decimal: Option<DecimalMark>,
    /// The number of lines before those that the CSV reader counts.
    lines: u64,
    has_crlf: bool,
    columns: Columns,
    scaling: Option<Scaling>,
    wants_classes: bool,
    bad: BadItems,
    faults: Faults,
    /// The number of rows that were read or passed over, including those that are left out.
    pub(crate) rows: usize,
    /// The number of rows that were passed over.
    passed: usize,
    /// The place behind the last row that is read.
    pub(crate) end: usize,
}

/// A row of a table.
pub(crate) struct Row {
    /// The place among all rows of the table, counted from 0. Rows that are left out count too.
    pub(crate) place: u64,
    /// The numbers, in the order of the model's columns.
    pub(crate) numbers: Vec<f64>,
    /// The class, if the table has classes.
    pub(crate) class: Option<String>,
}

impl TableReader {
    /// Opens a table. Its first lines decide how it is read. `scaling` is that of the model that the rows are for; `None`
    /// if a model is to be trained on them.
    pub(crate) fn open(
        path: &Path,
        options: &ReadOptions,
        scaling: Option<&Scaling>,
        progress: &mut dyn Progress,
    ) -> Result<Self, DatasetError> {
        if is_parquet(path) {
            return Self::open_parquet(path, options, scaling, progress);
        }
        let unreadable = |source| FileError::Read { path: path.to_owned(), source };
        let wrong = |error: FormatError| error.in_file(path);
        let mut file = open_regular(path).map_err(unreadable)?;
        let mut head = Vec::new();
        (&mut file).take(HEAD).read_to_end(&mut head).map_err(unreadable)?;
        let preamble = Preamble::of(&head).map_err(wrong)?;
        head.drain(..preamble.length.min(head.len()));
        let delimiter = choose_delimiter(options.delimiter, &preamble, &head);
        let first_line = match options.header {
            Header::Auto => FirstLine::of(&head, delimiter, scaling),
            asked => FirstLine { is_header: asked == Header::Yes, guess: None },
        };
        let has_crlf =
            head.split(|&byte| byte == b'\n').next().is_some_and(|line| line.ends_with(b"\r"));
        let decimal = decimal_mark_of(&head, delimiter);
        let beginning = head.clone();
        let mut records = Records::of_csv(head, file, delimiter);
        let Some(first) = records.next(path)? else { return Err(wrong(FormatError::NoRows)) };
        let fields = first.len();
        if fields > MAX_COLUMNS {
            return Err(wrong(FormatError::TooManyColumns { found: fields, limit: MAX_COLUMNS }));
        }
        let header =
            first_line.is_header.then(|| first.iter().map(str::to_owned).collect::<Vec<_>>());
        let columns = match scaling {
            Some(scaling) => Columns::to_apply(header, fields, options, scaling),
            None => Columns::to_learn(header, fields, options),
        };
        let columns = columns.map_err(wrong)?;
        if let Some(why) = &first_line.guess {
            let line: Vec<String> = first.iter().take(5).map(shortened).collect();
            let line = line.join(&char::from(delimiter).to_string());
            tracing::warn!("{}: line 1 (`{line}`): {why}", path.display());
        }
        let reader = Self {
            path: path.to_owned(),
            records,
            first: (!first_line.is_header).then_some(first),
            delimiter,
            decimal,
            lines: preamble.lines,
            has_crlf,
            columns,
            scaling: scaling.cloned(),
            wants_classes: options.label_column.is_some(),
            bad: options.bad,
            faults: Faults::new(fields),
            rows: 0,
            passed: 0,
            end: usize::MAX,
        };
        let texts = text_columns(&beginning, delimiter, first_line.is_header, fields);
        reader.say_how(first_line.is_header, &texts, progress);
        Ok(reader)
    }

    #[cfg(not(feature = "parquet"))]
    fn open_parquet(
        _: &Path,
        _: &ReadOptions,
        _: Option<&Scaling>,
        _: &mut dyn Progress,
    ) -> Result<Self, DatasetError> {
        Err(DatasetError::NotInThisBuild { what: "read Parquet files", feature: "parquet" })
    }

    /// Opens a Parquet file, whose columns have names and whose numbers have one spelling.
    #[cfg(feature = "parquet")]
    fn open_parquet(
        path: &Path,
        options: &ReadOptions,
        scaling: Option<&Scaling>,
        progress: &mut dyn Progress,
    ) -> Result<Self, DatasetError> {
        use crate::ParquetKind;
        use crate::parquet::reader::ParquetRows;

        let rows = ParquetRows::open(path)?;
        let (names, fields) = (rows.names().to_vec(), rows.names().len());
        let texts: Vec<bool> = rows.kinds().iter().map(|kind| *kind == ParquetKind::Text).collect();
        let columns = match scaling {
            Some(scaling) => Columns::to_apply(Some(names), fields, options, scaling),
            None => Columns::to_learn(Some(names), fields, options),
        };
        let columns = columns.map_err(|error| error.in_file(path))?;
        let reader = Self {
            path: path.to_owned(),
            records: Records::Parquet(Box::new(rows)),
            first: None,
            delimiter: b',',
            decimal: Some(DecimalMark::Point),
            lines: 0,
            has_crlf: false,
            columns,
            scaling: scaling.cloned(),
            wants_classes: options.label_column.is_some(),
            bad: options.bad,
            faults: Faults::new(fields),
            rows: 0,
            passed: 0,
            end: usize::MAX,
        };
        reader.say_how(true, &texts, progress);
        Ok(reader)
    }

    /// Reports how the table is read.
    fn say_how(&self, has_header: bool, texts: &[bool], progress: &mut dyn Progress) {
        let path = self.path.display();
        let mut say = |sentence: String| progress.chose(&format!("{path}: {sentence}"));
        if self.delimiter != b',' {
            say(format!("columns are separated by {}", name_of(self.delimiter)));
        }
        if self.decimal == Some(DecimalMark::Comma) {
            say("numbers have decimal commas".to_owned());
        }
        let left_out = self.columns.shown(Role::LeftOut);
        match &self.scaling {
            None => {
                let header = if has_header { "with a header" } else { "no header" };
                say(self.columns.counted(texts) + ", " + header);
            }
            Some(scaling) if scaling.names.is_some() && !has_header => {
                say("no header; the columns are taken in the model's order".to_owned());
            }
            Some(scaling) if scaling.names.is_none() && has_header => {
                say("the header is ignored, because the model's columns have no names".to_owned());
            }
            Some(_) if self.columns.reordered => {
                say("the columns are put into the model's order, by name".to_owned());
            }
            Some(_) => {}
        }
        if self.wants_classes && self.columns.with_role(Role::Class).is_empty() {
            say("there is no label column; the rows are read without classes".to_owned());
        }
        if !left_out.is_empty() {
            say(format!("columns left out: {}", shortened(&left_out.join(", "))));
        }
    }

    /// The roles of the columns.
    pub(crate) fn columns(&self) -> &Columns {
        &self.columns
    }

    /// The number of rows that were left out.
    pub(crate) fn skipped(&self) -> usize {
        self.faults.rows
    }

    /// The columns that have missing cells.
    pub(crate) fn missing(&self) -> Vec<MissingCells> {
        let missing = self.faults.missing().into_iter();
        missing
            .map(|(field, cells)| MissingCells { column: self.columns.described(field), cells })
            .collect()
    }

    /// Passes over rows without looking at their cells, at most so many; returns how many there were.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub(crate) fn pass_over(&mut self, most: usize) -> Result<usize, DatasetError> {
        let mut passed = 0;
        while passed < most && self.next_record()?.is_some() {
            passed += 1;
        }
        self.rows += passed;
        self.passed += passed;
        Ok(passed)
    }

    fn next_record(&mut self) -> Result<Option<StringRecord>, DatasetError> {
        match self.first.take() {
            Some(first) => Ok(Some(first)),
            None => self.records.next(&self.path),
        }
    }

    /// The next row that can be used; `None` at the end.
    ///
    /// # Errors
    /// If no row can be used, or if some cannot be used and such rows are refused. This error comes after all rows were
    /// read, so that it counts them.
    pub(crate) fn next_row(&mut self) -> Result<Option<Row>, DatasetError> {
        while self.rows < self.end
            && let Some(record) = self.next_record()?
        {
            let place = self.rows as u64;
            self.rows += 1;
            match self.row(&record) {
                Ok((numbers, class)) if self.faults.rows == 0 || self.bad == BadItems::Skip => {
                    return Ok(Some(Row { place, numbers, class }));
                }
                // Bad rows are refused: the error comes at the end and counts them all.
                Ok(_) => {}
                Err(told) => self.faults.add(told, &self.path, self.bad),
            }
        }
        if self.rows == 0 && self.end > 0 {
            return Err(FormatError::NoRows.in_file(&self.path));
        }
        let rows = self.rows - self.passed;
        // Of a part of the rows, none may be left.
        let none_left = rows == self.faults.rows && self.end == usize::MAX;
        if self.faults.rows > 0 && (self.bad == BadItems::Refuse || none_left) {
            return Err(self.faults.error(&self.path, &self.columns, rows));
        }
        Ok(None)
    }

    /// The numbers and the class of a line, or why it cannot be used.
    fn row(&mut self, record: &StringRecord) -> Result<(Vec<f64>, Option<String>), String> {
        let line = self.line(record);
        let row = self.rows;
        let fields = self.columns.roles.len();
        if record.len() != fields {
            let [expected, found] = [fields, record.len()].map(|count| counted_as(count, "field"));
            return Err(format!("row {row}{line}: expected {expected}, found {found}"));
        }
        let mut numbers = vec![0.0; self.columns.count()];
        let (mut class, mut fault, mut mark) = (None, None, self.decimal);
        for (field, text) in record.iter().enumerate() {
            match self.columns.roles[field] {
                Role::LeftOut => {}
                Role::Class if text.is_empty() => {
                    self.faults.count(field, BadCell::Missing, text);
                    fault.get_or_insert((field, "the class is missing".to_owned()));
                }
                Role::Class => class = Some(text.to_owned()),
                Role::Number(place) => match self.number(text, place, &mut mark) {
                    Ok(number) => numbers[place] = number,
                    Err(Fault { cell, told }) => {
                        self.faults.count(field, cell, text);
                        fault.get_or_insert((field, told));
                    }
                },
            }
        }
        match fault {
            None => {
                self.decimal = mark;
                Ok((numbers, class))
            }
            Some((field, told)) => {
                let column = self.columns.described(field);
                Err(format!("row {row}, {column}{line}: {told}"))
            }
        }
    }

    /// The line of a record in words, counted from 1; nothing if the file has no lines.
    fn line(&self, record: &StringRecord) -> String {
        if !self.records.are_lines() {
            return String::new();
        }
        let line = record.position().map_or(1 + self.lines, |position| {
            // If lines end in CRLF, the CSV reader counts the LF with the next record.
            let uncounted = self.has_crlf && position.byte() > 0;
            position.line() + self.lines + u64::from(uncounted)
        });
        format!(" (line {line})")
    }

    /// The number in a cell.
    fn number(
        &self,
        text: &str,
        place: usize,
        mark: &mut Option<DecimalMark>,
    ) -> Result<f64, Fault> {
        let fault = |cell, told| Fault { cell, told };
        let shown = shortened(text);
        let (value, own) = match Cell::read(text, self.delimiter) {
            Cell::Number(value, own) => (value, own),
            Cell::Missing if text.is_empty() => {
                return Err(fault(BadCell::Missing, "the cell is empty".to_owned()));
            }
            Cell::Missing => {
                return Err(fault(BadCell::Missing, format!("the value is missing (`{shown}`)")));
            }
            Cell::Text if has_thousands_separators(text) => {
                let told = format!(
                    "`{shown}` is ambiguous (a thousands separator or a decimal comma); write numbers \
                     such as 1234.5"
                );
                return Err(fault(BadCell::Unusable, told));
            }
            Cell::Text => return Err(fault(BadCell::Text, format!("`{shown}` is not a number"))),
        };
        match (*mark, own) {
            (Some(before), Some(own)) if before != own => {
                let told =
                    format!("`{shown}` has another decimal mark than the table's other numbers");
                return Err(fault(BadCell::Unusable, told));
            }
            (None, Some(own)) => *mark = Some(own),
            _ => {}
        }
        let told = match &self.scaling {
            _ if !(value as f32).is_finite() => {
                format!("`{shown}` is not finite in single precision (at most 3.4e38)")
            }
            Some(scaling) if !scaling.scale(place, value).is_finite() => format!(
                "`{shown}` is not finite in single precision once it is scaled by the range of training"
            ),
            _ => return Ok(value),
        };
        Err(fault(BadCell::Unusable, told))
    }
}
