//! The only file that writes to the terminal: results to stdout, everything else to stderr.
//!
//! What goes to stderr is in `messages`. `println!` is not used: it panics where a disk is full or a pipe is closed.

mod messages;

use std::io::{self, IsTerminal, Read, Write};
use std::path::Path;

use ae_experiment::{Bound, Diagnosis, Record, Verdict};
use ae_files::{counted_as, printable};
use ae_report::{ColorSupport, GridRow, TextTable, half_blocks};
use ae_training::Metrics;
use anyhow::Context as _;
use serde_json::{Value, json};

use crate::args::Common;
use crate::noise_levels::NoiseLevels;

pub(crate) use messages::{LogStyle, error, event, progress};

/// Columns that are assumed where there is no terminal to ask.
const COLUMNS: usize = 100;
/// Characters of a cell of a table, or of a name, that are shown.
const CELL: usize = 60;

/// Sends events to stderr ([`messages`]).
pub(crate) fn start_log(common: &Common, style: LogStyle) {
    messages::start_log(common, style);
}

/// Text that a terminal shows and does not obey; lines stay lines.
pub(crate) fn harmless(text: &str) -> String {
    text.split('\n').map(printable).collect::<Vec<_>>().join("\n")
}

/// A result as text.
pub(crate) fn text(text: &str) -> anyhow::Result<()> {
    as_it_is(&harmless(text))
}

fn as_it_is(text: &str) -> anyhow::Result<()> {
    match writeln!(io::stdout(), "{}", text.trim_end()) {
        // Whoever reads has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.context("cannot write to stdout"),
    }
}

/// A result as one line of JSON.
pub(crate) fn json(value: &Value) -> anyhow::Result<()> {
    as_it_is(&json_line(value))
}

/// A result that is read from somewhere, as it is. It ends in a line break, also if there is nothing.
pub(crate) fn copied(result: &mut impl Read) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    let copy = io::copy(result, &mut stdout).and_then(|bytes| match bytes {
        0 => stdout.write_all(b"\n"),
        _ => stdout.flush(),
    });
    match copy {
        // Whoever reads has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.context("cannot write to stdout"),
    }
}

/// JSON in one line, without characters that a terminal obeys.
pub(crate) fn json_line(value: &Value) -> String {
    value.to_string().chars().fold(String::new(), |mut text, character| {
        match character {
            // JSON leaves these as they are.
            '\u{7f}'..='\u{9f}'
            | '\u{61c}'
            | '\u{200e}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}' => text.push_str(&format!("\\u{:04x}", u32::from(character))),
            _ => text.push(character),
        }
        text
    })
}

/// What is said of an output that is there already.
pub(crate) fn exists_already(path: &Path) -> String {
    format!("{} exists already; choose another name, or replace it with --force", path.display())
}

/// Whether somebody looks at the results.
pub(crate) fn is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Images, drawn with half blocks.
pub(crate) fn pictures(rows: &[GridRow]) -> anyhow::Result<()> {
    let colors = match std::env::var("COLORTERM").as_deref() {
        _ if !is_terminal() || std::env::var_os("NO_COLOR").is_some() => ColorSupport::None,
        Ok("truecolor" | "24bit") => ColorSupport::TrueColor,
        _ => ColorSupport::Palette256,
    };
    let columns = terminal_columns().unwrap_or(COLUMNS);
    as_it_is(&half_blocks(rows, columns, colors))
}

fn terminal_columns() -> Option<usize> {
    std::env::var("COLUMNS").ok()?.parse().ok().filter(|&columns| columns > 0)
}

/// Tells where it stands which item each row is.
pub(crate) fn told_index(index: Option<&Path>) -> String {
    index.map_or_else(String::new, |path| {
        format!("; {} says which item each row is", path.display())
    })
}

/// Tells of a file that was written, how many items were left out on the way, and where it stands which are
/// left.
pub(crate) fn written(
    common: &Common,
    path: &Path,
    images: usize,
    skipped: usize,
    what: &str,
    index: Option<&Path>,
    levels: &NoiseLevels,
) -> anyhow::Result<()> {
    if common.json {
        let output = path.display().to_string();
        let mut told = json!({ "images": images, "skipped": skipped, "output": output });
        if let Some(index) = index {
            told["index"] = json!(index.display().to_string());
        }
        if let Some(levels) = levels.json() {
            told["noise_levels"] = levels;
        }
        json(&told)?;
    } else if !common.quiet {
        let left_out = if skipped > 0 { format!(", {skipped} left out") } else { String::new() };
        let index = told_index(index);
        text(&format!("{what} to {}{left_out}{index}", path.display()))?;
    }
    Ok(())
}

/// Columns that the names of metrics take.
pub(crate) fn metric_width(metrics: &Metrics) -> usize {
    metrics.keys().map(String::len).max().unwrap_or_default().max(12)
}

/// What a finished run reached.
pub(crate) fn record(record: &Record, folder: &str) -> String {
    let items = if record.dataset.scaling.is_some() { "row" } else { "image" };
    let mut lines = vec![format!(
        "{}: {} on {} ({}) {}",
        one_line(&record.name),
        counted_as(record.epochs as usize, "epoch"),
        record.dataset.name,
        counted_as(record.dataset.train_images, items),
        duration(record)
    )];
    for table in &record.tables {
        lines.push(format!("\n{}\n", table.title));
        lines.push(aligned(&table.columns, &table.rows));
    }
    if record.tables.is_empty() {
        let width = metric_width(&record.metrics);
        for (name, value) in &record.metrics {
            lines.push(format!("  {name:<width$} {value:.5}"));
        }
    }
    let is_noisy = record.metrics.contains_key("noisy_mse");
    lines.extend(record.diagnosis.as_ref().map(|diagnosis| beside(diagnosis, is_noisy)));
    for judgement in &record.expected {
        let bound = match judgement.bound {
            Bound::AtMost(bound) => format!("at most {bound}"),
            Bound::AtLeast(bound) => format!("at least {bound}"),
        };
        let verdict = match judgement.verdict {
            Verdict::Held => "held",
            Verdict::Short => "fell short",
            Verdict::NotJudged => "not judged: needs the full run",
        };
        lines.push(format!("  expected {} {bound}: {verdict}", judgement.metric));
    }
    lines.extend(record.figure_notes.iter().map(|note| format!("  figure {note}")));
    lines.push(format!("  weights_sha256 {}", record.weights_sha256));
    lines.push(format!("  written to {folder}"));
    lines.join("\n")
}

/// How long the training took, or that it was over before.
fn duration(record: &Record) -> String {
    let models = record.models.len();
    match record.resumed_after {
        Some(found) if models > 0 && found as usize == models => "had finished before".to_owned(),
        Some(epochs) if models == 0 && epochs == record.epochs => {
            "had finished before; --epochs N trains for longer".to_owned()
        }
        _ => format!("in {:.1} s", record.seconds),
    }
}

/// The model's error beside what needs no training, and its dead units.
fn beside(diagnosis: &Diagnosis, is_noisy: bool) -> String {
    let Diagnosis { model_mse, mean_mse, components, sample, code_units, .. } = diagnosis;
    let pca = diagnosis.pca_mse.map_or_else(
        || diagnosis.no_pca.map_or_else(|| "no PCA".to_owned(), |reason| reason.to_string()),
        |pca| format!("PCA with {} {pca:.5}", counted_as(*components, "component")),
    );
    let dead = match (diagnosis.dead_code_channels, diagnosis.code_channels) {
        (Some(dead), Some(channels)) => format!("{dead} of the {channels} channels of the code"),
        _ => format!("{} of the {code_units} of the code", diagnosis.dead_code_units),
    };
    let of_noisy = if is_noisy { ", all of noisy data" } else { "" };
    format!(
        "  mse of       the model {model_mse:.5}, the mean {mean_mse:.5}, {pca} (fitted to {sample} of the training data){of_noisy}\n  \
         steps        {}\n  dead units   {dead}",
        diagnosis.steps
    )
}

/// A word as one types it into a shell.
pub(crate) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=:,@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// A text in one line of at most [`CELL`] characters.
fn one_line(text: &str) -> String {
    let breaks = |c: char| matches!(c, '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}');
    let mut line: String = text.chars().map(|c| if breaks(c) { ' ' } else { c }).collect();
    if let Some((end, _)) = line.char_indices().nth(CELL) {
        line.truncate(end);
        line.push_str("...");
    }
    line
}

/// A table as text, indented by two spaces.
///
/// Long cells are cut; the CSV file has them in full.
pub(crate) fn aligned(columns: &[String], rows: &[Vec<String>]) -> String {
    let mut table = TextTable::new(columns);
    rows.iter().for_each(|row| table.push(row));
    table.text().lines().map(|line| format!("  {line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_where_a_shell_needs_it() {
        assert_eq!(quoted("runs/a-1.2"), "runs/a-1.2");
        assert_eq!(quoted("my run"), "'my run'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }

    #[test]
    fn tables_stay_tables_whatever_their_cells_hold() {
        let row = |cells: [&str; 2]| cells.map(str::to_owned).to_vec();
        let long = "x".repeat(5000);
        let rows = [row(["two\nlines", "1.5"]), row([&long, "-20"]), row(["größe", "3"])];
        let table = aligned(&row(["name", "value"]), &rows);
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(lines.len(), 4, "{table}");
        assert!(lines[1].starts_with("  two lines  ") && lines[2].contains("x...  "), "{table}");
        let widths: Vec<usize> = lines.iter().map(|line| line.chars().count()).collect();
        assert_eq!(widths, [2 + CELL + 3 + 2 + 5; 4]);
    }
}
