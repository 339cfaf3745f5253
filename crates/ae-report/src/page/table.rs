//! Tables of a page.

use super::Tone;

/// A table with more rows scrolls in a box of its own.
const LONG: usize = 40;

/// A table.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PageTable {
    /// The line above it; may be empty.
    pub title: String,
    /// The lines below it; may be empty.
    pub caption: String,
    /// The columns' headings.
    pub columns: Vec<String>,
    /// The rows, a cell for each column.
    pub rows: Vec<Vec<Cell>>,
}

/// A cell of a table.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Cell {
    /// The text.
    pub text: String,
    /// Its tone.
    pub tone: Tone,
    /// The id of a section of the page that the text links to; may be empty.
    pub link: String,
    /// The length of a bar beside the text, from 0 to 1, if there is one.
    pub bar: Option<f64>,
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self { text: text.into(), ..Self::default() }
    }
}

impl Cell {
    /// With a tone.
    #[must_use]
    pub fn with_tone(self, tone: Tone) -> Self {
        Self { tone, ..self }
    }

    /// As a link to a section.
    #[must_use]
    pub fn with_link(self, section: impl Into<String>) -> Self {
        Self { link: section.into(), ..self }
    }

    /// With a bar of a length from 0 to 1.
    #[must_use]
    pub fn with_bar(self, length: f64) -> Self {
        Self { bar: Some(length), ..self }
    }

    /// The width of the bar in per cent.
    pub(super) fn bar_percent(&self) -> Option<String> {
        let length = self.bar.filter(|length| length.is_finite())?;
        Some(format!("{:.1}", 100.0 * length.clamp(0.0, 1.0)))
    }

    fn is_number(&self) -> bool {
        let text = self.text.trim_start_matches(['-', '+', '−', '≤', '≥', '<', '>', '=', ' ']);
        // `784-32-784` is a network: a minus within a number stands behind its exponent's letter.
        let is_joined = text.replace("e-", "e").contains('-');
        text.starts_with(|letter: char| letter.is_ascii_digit())
            && text.chars().all(|letter| !letter.is_alphabetic() || letter == 'e')
            && !is_joined
    }

    fn is_nothing(&self) -> bool {
        ["", "-", "–"].contains(&self.text.as_str())
    }
}

/// What the template writes: cells with their classes.
#[derive(Debug)]
pub(super) struct TableView<'a> {
    pub(super) columns: Vec<Heading<'a>>,
    pub(super) rows: Vec<Vec<(&'a Cell, String)>>,
}

#[derive(Debug)]
pub(super) struct Heading<'a> {
    pub(super) text: &'a str,
    pub(super) class: &'static str,
}

impl PageTable {
    pub(super) fn view(&self) -> TableView<'_> {
        let numeric = self.is_numeric();
        let class = |is_numeric: &bool| if *is_numeric { "number" } else { "" };
        let columns = self.columns.iter().zip(&numeric);
        // Cells without a heading are no part of the table.
        let cell = |(cell, is_numeric): (&'_ Cell, &bool)| {
            format!("{} {}", class(is_numeric), cell.tone.class()).trim().to_owned()
        };
        let row = |row: &'_ Vec<Cell>| row.iter().zip(&numeric).map(cell).collect::<Vec<_>>();
        TableView {
            columns: columns
                .map(|(text, is_numeric)| Heading { text, class: class(is_numeric) })
                .collect(),
            rows: self.rows.iter().map(|cells| cells.iter().zip(row(cells)).collect()).collect(),
        }
    }

    /// The columns whose cells are all numbers, if they are not empty; one of dashes alone is none.
    fn is_numeric(&self) -> Vec<bool> {
        let column = |column: usize| self.rows.iter().filter_map(move |row| row.get(column));
        let numeric = |place: usize| {
            column(place).all(|cell| cell.is_number() || cell.is_nothing())
                && column(place).any(Cell::is_number)
        };
        (0..self.columns.len()).map(numeric).collect()
    }

    /// Whether it scrolls in a box of its own.
    pub(super) fn is_long(&self) -> bool {
        self.rows.len() > LONG
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: &[&[&str]]) -> PageTable {
        let row = |row: &&[&str]| row.iter().map(|&text| Cell::from(text)).collect();
        let columns = rows[0].iter().map(|_| String::new()).collect();
        PageTable { columns, rows: rows.iter().map(row).collect(), ..PageTable::default() }
    }

    #[test]
    fn a_column_is_numeric_if_all_of_its_cells_are() {
        let rows: &[&[&str]] = &[
            &["1.5", "1", "≤ 0.09", "-", "20 dB", "784-8-784"],
            &["3e-7", "a", "-", "-", "7", "4-2-4"],
        ];
        assert_eq!(table(rows).is_numeric(), [true, false, true, false, false, false]);
    }

    #[test]
    fn bars_stay_within_their_cell() {
        let percent = |length| Cell::from("x").with_bar(length).bar_percent();
        assert_eq!(percent(0.5).as_deref(), Some("50.0"));
        assert_eq!([percent(7.0), percent(-1.0)].map(Option::unwrap), ["100.0", "0.0"]);
        assert_eq!([percent(f64::NAN), Cell::from("x").bar_percent()], [None, None]);
    }
}
