//! Lines of CSV files: the one place that quotes cells.

/// One line of a CSV file, with its line feed: cells separated by commas and quoted where RFC 4180 requires it.
///
/// ```
/// let line = ae_dataset::csv_line(["a.png", "salt, pepper", "say \"hi\"", "0.5"]);
/// assert_eq!(line, "a.png,\"salt, pepper\",\"say \"\"hi\"\"\",0.5\n");
/// ```
pub fn csv_line<T: AsRef<str>>(cells: impl IntoIterator<Item = T>) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for cell in cells {
        // Writing to a vector cannot fail, and the fields of one record may have any number.
        let _ = writer.write_field(cell.as_ref());
    }
    let _ = writer.write_record(None::<&[u8]>);
    // Every cell is UTF-8, and so are commas and quotes.
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn cells_are_quoted_only_where_they_must_be() {
        assert_eq!(csv_line(["x", "", "y z", "1.5"]), "x,,y z,1.5\n");
        assert_eq!(csv_line(["a,b", "c\nd", "e\rf"]), "\"a,b\",\"c\nd\",\"e\rf\"\n");
        assert_eq!(csv_line(["only"]), "only\n");
    }

    proptest! {
        #[test]
        fn a_line_is_read_as_the_same_cells(cells in prop::collection::vec(any::<String>(), 1..6)) {
            let line = csv_line(&cells);
            let mut reader =
                csv::ReaderBuilder::new().has_headers(false).from_reader(line.as_bytes());
            let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
            prop_assert_eq!(records.len(), 1);
            prop_assert_eq!(records[0].iter().collect::<Vec<_>>(), cells);
        }
    }
}
