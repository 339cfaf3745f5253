//! `.npy` files put together along their first axis.

use std::path::Path;

use crate::arrays::npy_reader::NpyReader;
use crate::arrays::npy_writer::NpyWriter;
use crate::arrays::numbers::Numbers;
use crate::{DatasetError, FormatError};

/// The most numbers that are read at once: 4 MiB.
const NUMBERS: usize = 1 << 20;

/// Joins `.npy` files of `f4` numbers along their first axis, in this order, in bounded memory. The result has the bytes of
/// one [`NpyWriter`] that wrote all items.
///
/// # Errors
/// If a file cannot be read or is damaged, if it is no `f4` array in C order, or if the items of two files have different
/// shapes.
pub fn join_npy(parts: &[&Path], out: &Path) -> Result<(), DatasetError> {
    let mut joined: Option<(NpyWriter, Vec<usize>)> = None;
    for path in parts {
        let Some(mut reader) = NpyReader::open(path)? else {
            return Err(FormatError::NotNpy.in_file(path));
        };
        let item = reader.shape().get(1..).unwrap_or_default().to_vec();
        let (writer, expected) = match &mut joined {
            Some((writer, expected)) => (writer, &*expected),
            empty => {
                let (writer, item) = empty.insert((NpyWriter::create(out, &item)?, item.clone()));
                (writer, &*item)
            }
        };
        if *expected != item {
            let expected = format!("(n, {expected:?})");
            let found = reader.shape().to_vec();
            return Err(FormatError::NpyShape { expected, found }.in_file(path));
        }
        let items = (NUMBERS / reader.item_size().max(1)).max(1);
        while let Some(part) = reader.next(items)? {
            let Numbers::Floats(values) = part.numbers else {
                let found = "another type than <f4".to_owned();
                return Err(FormatError::NpyType { found }.in_file(path));
            };
            writer.write(&values)?;
        }
    }
    joined.map_or(Ok(()), |(writer, _)| writer.finish())
}
