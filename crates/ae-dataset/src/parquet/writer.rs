//! Writes tables as Parquet files, row group by row group.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ::parquet::basic::{Compression, LogicalType, Repetition, Type as PhysicalType};
use ::parquet::data_type::{ByteArray, ByteArrayType, DoubleType, FloatType};
use ::parquet::errors::ParquetError;
use ::parquet::file::properties::WriterProperties;
use ::parquet::file::writer::SerializedFileWriter;
use ::parquet::schema::types::Type;
use ae_files::AtomicFile;

use super::reader::ParquetRows;
use super::{guarded, writing};
use crate::{DatasetError, FormatError, ParquetCell, ParquetColumn, ParquetKind};

/// The most cells of a row group, which is kept in memory until it is written.
const CELLS: usize = 1 << 20;
/// The most rows of a row group.
const ROWS: usize = 1 << 16;

/// The cells of a column in the row group that is not written yet.
enum Buffer {
    Floats(Vec<f32>),
    Doubles(Vec<f64>),
    Texts(Vec<ByteArray>),
}

/// Writes a table as a Parquet file row by row, compressed with Snappy. No value is missing. The file appears when it is
/// finished. A row group has at most 65 536 rows and 2^20 cells, which bounds the memory.
pub struct ParquetWriter {
    path: PathBuf,
    writer: SerializedFileWriter<AtomicFile>,
    buffers: Vec<Buffer>,
    rows: usize,
    most_rows: usize,
}

impl ParquetWriter {
    /// Begins a file.
    ///
    /// # Errors
    /// If the file cannot be created, or two columns have the same name.
    pub fn create(path: &Path, columns: &[ParquetColumn]) -> Result<Self, DatasetError> {
        let wrong = |error: FormatError| error.in_file(path);
        let schema = guarded(|| schema(columns)).map_err(wrong)?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_created_by("ae".to_owned())
            .build();
        let file = AtomicFile::begin(path)?;
        let begin = || SerializedFileWriter::new(file, Arc::new(schema), Arc::new(properties));
        let writer = writing(path, begin)?;
        let buffer = |column: &ParquetColumn| match column.kind {
            ParquetKind::Float => Buffer::Floats(Vec::new()),
            ParquetKind::Double => Buffer::Doubles(Vec::new()),
            ParquetKind::Text => Buffer::Texts(Vec::new()),
        };
        let buffers = columns.iter().map(buffer).collect();
        let most_rows = (CELLS / columns.len().max(1)).clamp(1, ROWS);
        Ok(Self { path: path.to_owned(), writer, buffers, rows: 0, most_rows })
    }

    /// Appends a row: a cell for each column, of its kind.
    ///
    /// # Errors
    /// If the row cannot be written, or a cell is of another kind than its column.
    pub fn write_row<'a>(
        &mut self,
        cells: impl IntoIterator<Item = ParquetCell<'a>>,
    ) -> Result<(), DatasetError> {
        let (mut count, columns) = (0, self.buffers.len());
        let other_cells = || other_cells(columns).in_file(&self.path);
        for (buffer, cell) in self.buffers.iter_mut().zip(cells) {
            count += 1;
            match (buffer, cell) {
                (Buffer::Floats(floats), ParquetCell::Number(value)) => floats.push(value as f32),
                (Buffer::Doubles(doubles), ParquetCell::Number(value)) => doubles.push(value),
                (Buffer::Texts(texts), ParquetCell::Text(text)) => {
                    texts.push(ByteArray::from(text.as_bytes().to_vec()));
                }
                _ => return Err(other_cells()),
            }
        }
        if count != columns {
            return Err(other_cells());
        }
        self.rows += 1;
        match self.rows == self.most_rows {
            true => self.write_group(),
            false => Ok(()),
        }
    }

    fn write_group(&mut self) -> Result<(), DatasetError> {
        let Self { path, writer, buffers, .. } = self;
        writing(path, || write_group(writer, buffers))?;
        self.rows = 0;
        Ok(())
    }

    /// Writes what is left and renames the file to its path.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn finish(mut self) -> Result<(), DatasetError> {
        if self.rows > 0 {
            self.write_group()?;
        }
        let Self { path, writer, .. } = self;
        let file = writing(&path, || writer.into_inner())?;
        Ok(file.commit()?)
    }
}

fn other_cells(columns: usize) -> FormatError {
    FormatError::Parquet { reason: format!("expected {columns} cells of the columns' kinds") }
}

fn schema(columns: &[ParquetColumn]) -> Result<Type, ParquetError> {
    let field = |ParquetColumn { name, kind }: &ParquetColumn| {
        let (physical, logical) = match kind {
            ParquetKind::Float => (PhysicalType::FLOAT, None),
            ParquetKind::Double => (PhysicalType::DOUBLE, None),
            ParquetKind::Text => (PhysicalType::BYTE_ARRAY, Some(LogicalType::String)),
        };
        let field = Type::primitive_type_builder(name, physical)
            .with_repetition(Repetition::REQUIRED)
            .with_logical_type(logical);
        field.build().map(Arc::new)
    };
    let fields = columns.iter().map(field).collect::<Result<Vec<_>, _>>()?;
    Type::group_type_builder("schema").with_fields(fields).build()
}

fn write_group(
    writer: &mut SerializedFileWriter<AtomicFile>,
    buffers: &mut [Buffer],
) -> Result<(), ParquetError> {
    let mut group = writer.next_row_group()?;
    for buffer in buffers {
        let Some(mut column) = group.next_column()? else { break };
        match buffer {
            Buffer::Floats(floats) => {
                column.typed::<FloatType>().write_batch(floats, None, None)?;
                floats.clear();
            }
            Buffer::Doubles(doubles) => {
                column.typed::<DoubleType>().write_batch(doubles, None, None)?;
                doubles.clear();
            }
            Buffer::Texts(texts) => {
                column.typed::<ByteArrayType>().write_batch(texts, None, None)?;
                texts.clear();
            }
        }
        column.close()?;
    }
    group.close()?;
    Ok(())
}

/// Joins Parquet files of the same columns, in this order, in bounded memory. The result has the bytes of one
/// [`ParquetWriter`] that wrote all rows.
///
/// # Errors
/// If a file cannot be read or is damaged, or has other columns than the first.
pub fn join_parquet(parts: &[&Path], out: &Path) -> Result<(), DatasetError> {
    let mut joined: Option<(ParquetWriter, Vec<ParquetColumn>)> = None;
    for path in parts {
        let mut rows = ParquetRows::open(path)?;
        let named = rows.names().iter().zip(rows.kinds());
        let columns: Vec<ParquetColumn> =
            named.map(|(name, &kind)| ParquetColumn { name: name.clone(), kind }).collect();
        let (writer, expected) = match &mut joined {
            Some((writer, expected)) => (writer, &*expected),
            empty => {
                let writer = ParquetWriter::create(out, &columns)?;
                let (writer, columns) = empty.insert((writer, columns.clone()));
                (writer, &*columns)
            }
        };
        if *expected != columns {
            let reason = "other columns than the first file".to_owned();
            return Err(FormatError::Parquet { reason }.in_file(path));
        }
        while let Some(record) = rows.next_record()? {
            let cells = record.iter().zip(&columns).map(|(text, column)| match column.kind {
                ParquetKind::Text => ParquetCell::Text(text),
                _ => ParquetCell::Number(text.parse().unwrap_or(f64::NAN)),
            });
            writer.write_row(cells)?;
        }
    }
    joined.map_or(Ok(()), |(writer, _)| writer.finish())
}
