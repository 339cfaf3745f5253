//! Tables as aligned text and as Markdown.

use crate::text::printable;

/// Longer cells are cut, so that a line stays readable.
const CELL_COLUMNS: usize = 60;

/// A table of short texts: headings, and rows with one cell for each heading.
///
/// Missing cells are empty, and cells without a heading are left out.
///
/// ```
/// use ae_report::TextTable;
///
/// let mut table = TextTable::new(["metric", "reached"]);
/// table.push(["val_bce", "0.0927"]);
/// table.push(["val_ssim", "0.95"]);
/// assert_eq!(table.text(), "metric    reached\nval_bce    0.0927\nval_ssim     0.95\n");
/// assert!(table.markdown().starts_with("| metric | reached |\n|---|---:|\n"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextTable {
    headings: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl TextTable {
    /// A table without rows.
    pub fn new<T: Into<String>>(headings: impl IntoIterator<Item = T>) -> Self {
        Self { headings: headings.into_iter().map(Into::into).collect(), rows: Vec::new() }
    }

    /// Adds a row at the end.
    pub fn push<T: Into<String>>(&mut self, cells: impl IntoIterator<Item = T>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    /// The table as lines of text, with two spaces between columns. Columns of numbers are aligned right, all
    /// others left.
    ///
    /// A cell becomes one line without control characters, and a cell of more than 60 characters is cut.
    #[must_use]
    pub fn text(&self) -> String {
        let headings: Vec<String> = self.headings.iter().map(|cell| one_line(cell)).collect();
        let rows: Vec<Vec<String>> = self.rows().map(|row| row.map(one_line).collect()).collect();
        let is_number: Vec<bool> = self.columns_of_numbers();
        let lines = || std::iter::once(&headings).chain(&rows);
        let length = |cell: &String| cell.chars().count();
        let width = |column: usize| lines().filter_map(|line| line.get(column)).map(length).max();
        let widths: Vec<usize> =
            (0..headings.len()).map(|column| width(column).unwrap_or(0)).collect();
        let mut text = String::new();
        for line in lines() {
            let cells = line.iter().zip(&widths).zip(&is_number);
            let padded = cells.map(|((cell, &width), &is_number)| {
                if is_number { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
            });
            text.push_str(padded.collect::<Vec<_>>().join("  ").trim_end());
            text.push('\n');
        }
        text
    }

    /// The table in Markdown. Columns of numbers are aligned right. Cells keep their full length.
    #[must_use]
    pub fn markdown(&self) -> String {
        let escape = |cell: &str| flattened(cell).replace('|', "\\|");
        let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
        let rules = self.columns_of_numbers().into_iter();
        let rules: String =
            rules.map(|is_number| if is_number { "---:|" } else { "---|" }).collect();
        let mut text = line(self.headings.iter().map(|cell| escape(cell)).collect());
        text.push_str(&format!("|{rules}\n"));
        for row in self.rows() {
            text.push_str(&line(row.map(escape).collect()));
        }
        text
    }

    /// The rows, each with one cell for each heading.
    fn rows(&self) -> impl Iterator<Item = impl Iterator<Item = &str>> {
        self.rows.iter().map(|row| {
            (0..self.headings.len()).map(|column| row.get(column).map_or("", String::as_str))
        })
    }

    /// For each column whether its cells begin like numbers. Empty cells and dashes count as missing numbers.
    fn columns_of_numbers(&self) -> Vec<bool> {
        let is_number = |cell: &str| {
            let digits = cell.strip_prefix(['-', '+']).unwrap_or(cell);
            digits.starts_with(|c: char| c.is_ascii_digit())
        };
        let column = |column: usize| {
            let cells = self.rows().filter_map(|mut row| row.nth(column));
            let mut filled = cells.filter(|cell| !matches!(*cell, "" | "-")).peekable();
            filled.peek().is_some() && filled.all(is_number)
        };
        (0..self.headings.len()).map(column).collect()
    }
}

/// The text with spaces in place of line breaks and tabs.
fn flattened(text: &str) -> String {
    let breaks = |c: char| matches!(c, '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}');
    printable(&text.chars().map(|c| if breaks(c) { ' ' } else { c }).collect::<String>())
}

fn one_line(text: &str) -> String {
    let mut line = flattened(text);
    if let Some((end, _)) = line.char_indices().nth(CELL_COLUMNS) {
        line.truncate(end);
        line.push_str("...");
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_aligned_right_and_names_left() {
        let mut table = TextTable::new(["name", "value", "7 names", "missing"]);
        table.push(["größe", "1.5", "1st", "-"]);
        table.push(["b", "-20", "x", ""]);
        table.push(["c", "-", "2nd", "", "left out"]);
        table.push(["d"]);
        assert_eq!(
            table.text(),
            "name   value  7 names  missing\n\
             größe    1.5  1st      -\n\
             b        -20  x\n\
             c          -  2nd\n\
             d\n"
        );
        assert_eq!(
            table.markdown(),
            "| name | value | 7 names | missing |\n\
             |---|---:|---|---|\n\
             | größe | 1.5 | 1st | - |\n\
             | b | -20 | x |  |\n\
             | c | - | 2nd |  |\n\
             | d |  |  |  |\n"
        );
    }

    #[test]
    fn a_cell_of_any_text_stays_in_its_line_and_column() {
        let mut table = TextTable::new(["name", "value"]);
        table.push(["two\nlines", "1.5"]);
        table.push(["x".repeat(5000).as_str(), "-20"]);
        table.push(["\u{1b}[2J", "3"]);
        let text = table.text();
        assert_eq!(text.lines().count(), 4);
        assert!(
            text.lines().all(|line| line.chars().count() == CELL_COLUMNS + 3 + 2 + 5),
            "{text}"
        );
        assert!(text.contains("two lines ") && text.contains("?[2J"), "{text}");

        let mut table = TextTable::new(["a|b"]);
        table.push(["one | two\nthree"]);
        assert_eq!(table.markdown(), "| a\\|b |\n|---|\n| one \\| two three |\n");
    }

    #[test]
    fn a_table_without_rows_is_its_headings() {
        let table = TextTable::new(["a", "b"]);
        assert_eq!(table.text(), "a  b\n");
        assert_eq!(table.markdown(), "| a | b |\n|---|---|\n");
    }
}
