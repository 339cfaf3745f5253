//! The file of scores, or what goes to stdout, written item by item.

use std::fs::File;
use std::io::{Cursor, Read, Seek, Write};
use std::path::{Path, PathBuf};

use ae_apply::AnomalyVerdict;
use ae_dataset::{ParquetCell, ParquetColumn, ParquetKind, ParquetWriter};
use ae_files::{AtomicFile, FileError, scratch_file};
use anyhow::Context as _;
use serde_json::Value;

use super::Scored;
use super::scores::label;
use crate::args::{AnomalyScoring, Common};
use crate::delivery::ending;
use crate::shards::has_header;
use crate::{csv, output};

/// The bytes that are written at a time.
const BUFFER: usize = 1 << 16;

/// How scores are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Csv,
    Json,
    Parquet,
}

/// Scores that are written.
pub(super) struct Written {
    format: Format,
    out: Option<PathBuf>,
    sink: Sink,
    /// Text that is not written yet.
    text: String,
    is_first: bool,
}

enum Sink {
    File(AtomicFile),
    Parquet(Box<ParquetWriter>),
    /// What stands before the scores of JSON is known at the end, and stdout gets all or nothing: until then the text is
    /// in memory, or in a temporary file in a folder.
    Held(Option<File>, PathBuf),
}

impl Written {
    /// Begins the output.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(super) fn begin(args: &AnomalyScoring, common: &Common) -> anyhow::Result<Self> {
        let out = args.out.as_ref().map(|path| path.to_path_buf());
        let format = match &out {
            None if common.json => Format::Json,
            None => Format::Csv,
            Some(path) => match ending(path) {
                "json" => Format::Json,
                "parquet" => Format::Parquet,
                _ => Format::Csv,
            },
        };
        let sink = match (&out, format) {
            (Some(path), Format::Csv) => Sink::File(AtomicFile::begin(path)?),
            (Some(path), Format::Parquet) => {
                Sink::Parquet(Box::new(ParquetWriter::create(path, &columns())?))
            }
            (out, _) => {
                let folder = out.as_deref().and_then(Path::parent).map(Path::to_owned);
                let folder = folder.filter(|folder| !folder.as_os_str().is_empty());
                let here = || if out.is_some() { PathBuf::from(".") } else { std::env::temp_dir() };
                let folder = folder.unwrap_or_else(here);
                Sink::Held(None, folder)
            }
        };
        let has_header = format == Format::Csv && has_header(args.shard.shard);
        let text = if has_header { "item,score,p_value,label\n" } else { "" }.to_owned();
        Ok(Self { format, out, sink, text, is_first: true })
    }

    pub(super) fn format(&self) -> Format {
        self.format
    }

    /// Writes what is said of the next item.
    pub(super) fn push(&mut self, item: &Scored) -> anyhow::Result<()> {
        let Scored { name, verdict, .. } = item;
        let AnomalyVerdict { score, p_value, .. } = *verdict;
        let is_first = std::mem::replace(&mut self.is_first, false);
        match (&mut self.sink, self.format) {
            (Sink::Parquet(file), _) => file.write_row([
                ParquetCell::Text(name),
                ParquetCell::Number(score),
                ParquetCell::Number(p_value),
                ParquetCell::Text(label(verdict)),
            ])?,
            (_, Format::Json) => {
                let json = item.json();
                let is_shown = self.out.is_none();
                let json = if is_shown { output::json_line(&json) } else { json.to_string() };
                self.text.push_str(if is_first { "" } else { "," });
                self.text.push_str(&json);
            }
            _ => {
                let line = format!("{},{score},{p_value},{}\n", csv::cell(name), label(verdict));
                let is_shown = self.out.is_none();
                self.text.push_str(&if is_shown { output::harmless(&line) } else { line });
            }
        }
        if self.text.len() >= BUFFER { self.write_text() } else { Ok(()) }
    }

    fn write_text(&mut self) -> anyhow::Result<()> {
        let text = std::mem::take(&mut self.text);
        match &mut self.sink {
            Sink::File(file) => file.write(text.as_bytes())?,
            Sink::Parquet(_) => {}
            Sink::Held(file, folder) => {
                let file = match file {
                    Some(file) => file,
                    none => none.insert(scratch_file(folder)?),
                };
                // A temporary file has no name: what cannot be written is the output.
                let path = self.out.as_ref().unwrap_or(folder).clone();
                file.write_all(text.as_bytes())
                    .map_err(|source| FileError::Write { path, source })?;
            }
        }
        Ok(())
    }

    /// Ends the output. JSON has the summary around the scores.
    pub(super) fn finish(mut self, summary: &Value) -> anyhow::Result<()> {
        if !matches!(self.sink, Sink::Held(None, _)) {
            self.write_text()?;
        }
        let held: Box<dyn Read> = match self.sink {
            Sink::File(file) => return Ok(file.commit()?),
            Sink::Parquet(file) => return Ok(file.finish()?),
            Sink::Held(None, _) => Box::new(Cursor::new(self.text)),
            Sink::Held(Some(mut file), _) => {
                file.rewind()?;
                Box::new(file)
            }
        };
        let mut document = summary.clone();
        document["scores"] = Value::Array(Vec::new());
        let document = document.to_string() + "\n";
        // Of the other values all are numbers.
        let around = document.split_once("[]").filter(|_| self.format == Format::Json);
        let (before, after) = match around {
            Some((before, after)) => (format!("{before}["), format!("]{after}")),
            None => (String::new(), String::new()),
        };
        let mut whole = before.as_bytes().chain(held).chain(after.as_bytes());
        let Some(path) = &self.out else { return output::copied(&mut whole) };
        let mut file = AtomicFile::begin(path)?;
        std::io::copy(&mut whole, &mut file)
            .with_context(|| format!("cannot write {}", path.display()))?;
        Ok(file.commit()?)
    }
}

/// The columns of the CSV file.
fn columns() -> [ParquetColumn; 4] {
    let column = |name: &str, kind| ParquetColumn { name: name.to_owned(), kind };
    [
        column("item", ParquetKind::Text),
        column("score", ParquetKind::Double),
        column("p_value", ParquetKind::Double),
        column("label", ParquetKind::Text),
    ]
}
