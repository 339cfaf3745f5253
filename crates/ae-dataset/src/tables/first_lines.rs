//! The first lines of a table show its delimiter, its decimal mark, and whether it has a header.

use csv::{ReaderBuilder, StringRecord, Trim};

use crate::tables::cell::{Cell, DecimalMark};
use crate::{Delimiter, FormatError, Scaling};

/// The number of lines that decide.
const LINES: usize = 50;
/// The fewest columns for which a first line of consecutive numbers may be a header.
const MIN_COUNTED_COLUMNS: usize = 3;

/// What precedes the first line of a table.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Preamble {
    /// The bytes to skip.
    pub(crate) length: usize,
    /// The lines to skip.
    pub(crate) lines: u64,
    /// The delimiter that a line `sep=` names; spreadsheets write such lines.
    pub(crate) delimiter: Option<u8>,
}

impl Preamble {
    /// Reads the byte order mark and a line `sep=`, if there are any.
    ///
    /// # Errors
    /// If the text is UTF-16.
    pub(crate) fn of(head: &[u8]) -> Result<Self, FormatError> {
        if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
            return Err(FormatError::Utf16);
        }
        let mark: &[u8] = b"\xef\xbb\xbf";
        let length = if head.starts_with(mark) { mark.len() } else { 0 };
        let line = head[length..].split(|&byte| byte == b'\n').next().unwrap_or_default();
        let bare = line.strip_suffix(b"\r").unwrap_or(line);
        match bare.strip_prefix(b"sep=") {
            Some(&[delimiter]) => {
                Ok(Self { length: length + line.len() + 1, lines: 1, delimiter: Some(delimiter) })
            }
            _ => Ok(Self { length, lines: 0, delimiter: None }),
        }
    }
}

/// The first lines, split at a delimiter.
fn records(head: &[u8], delimiter: u8) -> Vec<StringRecord> {
    let reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(Trim::All)
        .delimiter(delimiter)
        .from_reader(head);
    reader.into_records().take(LINES).map_while(Result::ok).collect()
}

/// The delimiter that splits the first lines into the most numbers and into equally many columns; by default the comma.
pub(crate) fn delimiter_of(head: &[u8]) -> u8 {
    let mut best = (0.0, b',');
    // The first of equal scores wins: a text full of tabs or semicolons is rarely separated by commas.
    for delimiter in [b'\t', b';', b'|', b','] {
        let score = score(&records(head, delimiter), delimiter);
        if score > best.0 {
            best = (score, delimiter);
        }
    }
    best.1
}

fn score(lines: &[StringRecord], delimiter: u8) -> f64 {
    let mut lengths: Vec<usize> = lines.iter().map(StringRecord::len).collect();
    lengths.sort_unstable();
    let usual = lengths.get(lengths.len() / 2).copied().unwrap_or(0);
    if usual < 2 {
        return 0.0;
    }
    let alike = lengths.iter().filter(|&&length| length == usual).count();
    // The first line may be a header.
    let body = if lines.len() > 1 { &lines[1..] } else { lines };
    let cells: Vec<Cell> =
        body.iter().flatten().map(|field| Cell::read(field, delimiter)).collect();
    let useful = cells.iter().filter(|&&cell| cell != Cell::Text).count();
    // The small constants give a table of text only a delimiter too.
    (alike as f64 / lines.len() as f64) * (useful as f64 + 0.01) / (cells.len() as f64 + 0.01)
}

/// Whether the first line is a header or a row.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct FirstLine {
    pub(crate) is_header: bool,
    /// The reason, if this was a guess.
    pub(crate) guess: Option<String>,
}

impl FirstLine {
    fn sure(is_header: bool) -> Self {
        Self { is_header, guess: None }
    }

    fn guess(is_header: bool, why: &str) -> Self {
        Self { is_header, guess: Some(why.to_owned()) }
    }

    /// Decides by the first line, the lines after it, and the column names of the model.
    pub(crate) fn of(head: &[u8], delimiter: u8, scaling: Option<&Scaling>) -> Self {
        let lines = records(head, delimiter);
        let Some((first, rows)) = lines.split_first() else { return Self::sure(false) };
        let cells: Vec<Cell> = first.iter().map(|field| Cell::read(field, delimiter)).collect();
        if let Some(names) = scaling.and_then(|scaling| scaling.names.as_deref()) {
            let is_name = |name: &str| names.iter().any(|known| known == name);
            let mut fields = first.iter().zip(&cells);
            if fields.any(|(field, cell)| !cell.is_number() && is_name(field))
                || names.iter().all(|name| first.iter().any(|field| field == name))
            {
                return Self::sure(true);
            }
            if cells.iter().all(|&cell| cell != Cell::Text) {
                return Self::sure(false);
            }
        }
        let rows: Vec<&StringRecord> = rows.iter().filter(|row| row.len() == first.len()).collect();
        let count = |kind: fn(&Cell) -> bool| cells.iter().filter(|&cell| kind(cell)).count();
        let numbers = count(|cell| cell.is_number());
        match count(|cell| *cell == Cell::Text) {
            0 if numbers == cells.len() => Self::of_numbers(&cells, &rows, delimiter),
            0 => Self::sure(false),
            _ => Self::of_text(first, &cells, &rows, delimiter),
        }
    }

    /// A first line of numbers only.
    fn of_numbers(cells: &[Cell], rows: &[&StringRecord], delimiter: u8) -> Self {
        let values: Vec<f64> = cells
            .iter()
            .filter_map(|cell| if let Cell::Number(value, _) = cell { Some(*value) } else { None })
            .collect();
        let counts = values.windows(2).all(|pair| pair[1] - pair[0] == 1.0);
        if values.len() < MIN_COUNTED_COLUMNS || !counts || values[0].fract() != 0.0 {
            return Self::sure(false);
        }
        let strange = values.iter().enumerate().filter(|&(column, value)| {
            let others = column_of(rows, column, delimiter);
            let others = || others.iter().filter_map(|cell| number(*cell));
            let low = others().fold(f64::INFINITY, f64::min);
            let high = others().fold(f64::NEG_INFINITY, f64::max);
            low <= high && !(low..=high).contains(value)
        });
        if 2 * strange.count() >= values.len() {
            return Self::guess(
                true,
                "it counts up and is unlike the lines after it, so it is taken as the names of the \
                 columns; --header no makes it a row",
            );
        }
        Self::guess(
            false,
            "it counts up, as names of columns may, and is taken as a row; --header yes makes it the \
             names of the columns",
        )
    }

    /// A first line that contains text.
    fn of_text(
        first: &StringRecord,
        cells: &[Cell],
        rows: &[&StringRecord],
        delimiter: u8,
    ) -> Self {
        let (mut above_numbers, mut met_again, mut texts) = (0, 0, 0);
        for (column, field) in first.iter().enumerate() {
            if cells[column] != Cell::Text {
                continue;
            }
            texts += 1;
            let others = column_of(rows, column, delimiter);
            let numbers = others.iter().filter(|cell| cell.is_number()).count();
            above_numbers += usize::from(2 * numbers > others.len());
            met_again += usize::from(rows.iter().any(|row| row.get(column) == Some(field)));
        }
        let numbers = cells.iter().filter(|cell| cell.is_number()).count();
        let named = first.iter().all(|field| field != "?");
        if numbers == 0 && named && (above_numbers > 0 || met_again < texts) {
            return Self::sure(true);
        }
        if above_numbers == 0 && met_again == texts {
            return Self::sure(false);
        }
        if above_numbers > 0 && above_numbers >= numbers {
            return Self::guess(
                true,
                "it has text where the lines after it have numbers, so it is taken as the names of the \
                 columns; --header no makes it a row",
            );
        }
        Self::guess(
            false,
            "it is taken as a row, because it has numbers too; --header yes makes it the names of the \
             columns",
        )
    }
}

/// For each column, whether most of its cells in the first lines are text.
pub(crate) fn text_columns(
    head: &[u8],
    delimiter: u8,
    has_header: bool,
    fields: usize,
) -> Vec<bool> {
    let lines = records(head, delimiter);
    let rows: Vec<&StringRecord> = lines.iter().skip(usize::from(has_header)).collect();
    let is_text = |column| {
        let cells = column_of(&rows, column, delimiter);
        2 * cells.iter().filter(|&&cell| cell == Cell::Text).count() > cells.len()
    };
    (0..fields).map(is_text).collect()
}

/// The more frequent decimal mark of the first lines, if any number has one.
pub(crate) fn decimal_mark_of(head: &[u8], delimiter: u8) -> Option<DecimalMark> {
    let lines = records(head, delimiter);
    let (mut points, mut commas) = (0, 0);
    for field in lines.iter().flatten() {
        match Cell::read(field, delimiter) {
            Cell::Number(_, Some(DecimalMark::Point)) => points += 1,
            Cell::Number(_, Some(DecimalMark::Comma)) => commas += 1,
            _ => {}
        }
    }
    match (points, commas) {
        (0, 0) => None,
        (points, commas) if commas > points => Some(DecimalMark::Comma),
        _ => Some(DecimalMark::Point),
    }
}

fn column_of(rows: &[&StringRecord], column: usize, delimiter: u8) -> Vec<Cell> {
    rows.iter()
        .filter_map(|row| row.get(column))
        .map(|field| Cell::read(field, delimiter))
        .collect()
}

fn number(cell: Cell) -> Option<f64> {
    if let Cell::Number(value, _) = cell { Some(value) } else { None }
}

/// The name of a delimiter in a sentence.
pub(crate) fn name_of(delimiter: u8) -> String {
    match delimiter {
        b',' => "commas".to_owned(),
        b';' => "semicolons".to_owned(),
        b'\t' => "tabs".to_owned(),
        b'|' => "pipes (|)".to_owned(),
        other => format!("`{}`", char::from(other)),
    }
}

/// The delimiter that was asked for, or that a line `sep=` names, or that the first lines show.
pub(crate) fn choose_delimiter(asked: Delimiter, preamble: &Preamble, head: &[u8]) -> u8 {
    asked.byte().or(preamble.delimiter).unwrap_or_else(|| delimiter_of(head))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_lines_show_the_delimiter() {
        for (text, delimiter) in [
            ("x;y\n0,5;1,2\n0,7;1,5\n", b';'),
            ("0,5;1,2\n0,7;1,5\n", b';'),
            ("x,y\n0.5,1.2\n", b','),
            ("x\ty\n0.5\t1.2\n", b'\t'),
            ("x|y\n0.5|1.2\n", b'|'),
            ("1,2\n3,4\n5\n", b','),
            ("x\n1\n2\n", b','),
            ("1,a;b\n2,c;d\n", b','),
            ("name,x\n\"a;b\",1\n\"c;d\",2\n", b','),
        ] {
            assert_eq!(delimiter_of(text.as_bytes()) as char, delimiter as char, "{text}");
        }
        let excel = Preamble::of(b"\xef\xbb\xbfsep=;\r\nx;y\r\n").unwrap();
        assert_eq!(excel, Preamble { length: 10, lines: 1, delimiter: Some(b';') });
        assert!(Preamble::of(b"\xff\xfex\0").is_err());
    }

    #[test]
    fn the_other_lines_decide_whether_the_first_is_a_header() {
        let scaling = |names: &[&str]| Scaling {
            names: Some(names.iter().map(|&name| name.to_owned()).collect()),
            ..Scaling::default()
        };
        for (text, known, is_header, is_guess) in [
            ("x,y\n1,2\n", None, true, false),
            (",x,y\n0,1,2\n", None, true, false),
            ("1,2\n3,4\n", None, false, false),
            ("?,1.5,2.5\n1,2,3\n", None, false, false),
            ("0,1,2\n500,501,502\n490,510,505\n", None, true, true),
            ("0,1,2\n1,1,2\n0,2,0\n", None, false, true),
            ("0.1,a\n0.2,a\n0.3,b\n", None, false, false),
            ("0.1,c\n0.2,a\n0.3,b\n", None, false, true),
            ("id,2019,2020\n1,5,6\n2,7,8\n", None, false, true),
            ("name,id,2020\n1,5,6\n2,7,8\n", None, true, true),
            ("?,a\n1,a\n2,b\n", None, false, false),
            ("x,y\na,b\n", None, true, false),
            ("0,1\n5,6\n", Some(scaling(&["0", "1"])), true, false),
            ("3,1\n5,6\n", Some(scaling(&["x", "y"])), false, false),
            ("x,9\n5,6\n", Some(scaling(&["x", "y"])), true, false),
        ] {
            let first = FirstLine::of(text.as_bytes(), b',', known.as_ref());
            assert_eq!((first.is_header, first.guess.is_some()), (is_header, is_guess), "{text}");
        }
    }
}
