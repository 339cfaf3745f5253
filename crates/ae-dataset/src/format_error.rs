//! What can be wrong with the bytes of a file.

use std::io;
use std::path::Path;

use crate::{DatasetError, ImageShape};

/// What is wrong with the bytes of a file, whichever file they come from.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    /// The bytes are of no kind that is understood.
    #[error(
        "neither IDX, .npy, PNG nor JPEG; tables are read too, and their names must end in .csv or .tsv"
    )]
    Unrecognised,
    /// A picture where a data set was asked for.
    #[error("a single picture, and a data set has many; name the folder that holds it")]
    SinglePicture,
    /// The bytes are no picture.
    #[error("neither PNG nor JPEG")]
    NotAPicture,
    /// A table without rows or columns.
    #[error("holds no rows of numbers")]
    NoRows,
    /// A table with too many columns.
    #[error("{found} columns, more than the {limit} that are accepted")]
    TooManyColumns {
        /// How many there are.
        found: usize,
        /// How many are accepted.
        limit: usize,
    },
    /// A column was named, and the table has no names.
    #[error(
        "there is no column `{name}`: the table has no header (name a column by its number, from 1 to \
         {columns}, or use --header yes if the first line names the columns)"
    )]
    NoHeader {
        /// What was named.
        name: String,
        /// How many columns there are.
        columns: usize,
    },
    /// A column was named that is not there.
    #[error("no column is named `{name}`; there are {found}")]
    NoColumn {
        /// The name.
        name: String,
        /// The first names of the table.
        found: String,
    },
    /// The column of the classes is left out too.
    #[error("{column} is both the label column and one of --drop-columns; choose one")]
    LabelLeftOut {
        /// The column.
        column: String,
    },
    /// No column is left to learn from.
    #[error("no columns of numbers are left without the label column and --drop-columns")]
    NoColumns,
    /// Two columns have one name.
    #[error("columns {first} and {second} are both named `{name}`; give each its own name")]
    DuplicateColumn {
        /// The name.
        name: String,
        /// The number of the first of them, counted from 1.
        first: usize,
        /// The number of the second.
        second: usize,
    },
    /// A table lacks columns of the model's.
    #[error(
        "the model's columns {missing} are missing; the first line names {found} (--header no if it is a \
         row)"
    )]
    MissingColumns {
        /// The names.
        missing: String,
        /// The names of the table.
        found: String,
    },
    /// A table has columns that the model does not know.
    #[error(
        "the model was not trained on the columns {unknown}; leave them out with --drop-columns, or name \
         the classes with --label-column"
    )]
    UnknownColumns {
        /// The names.
        unknown: String,
    },
    /// Another number of columns than the model's.
    #[error(
        "{} of numbers, but the model takes {expected}; --drop-columns and --label-column name those that \
         are none of the model's",
        ae_files::counted_as(*found, "column")
    )]
    ColumnCount {
        /// The model's number.
        expected: usize,
        /// The table's.
        found: usize,
    },
    /// A text of another encoding.
    #[error("the text is UTF-16; save the table as UTF-8")]
    Utf16,
    /// A text of another encoding.
    #[error("line {line} is not UTF-8; save the table as UTF-8")]
    NotUtf8 {
        /// The line, counted from 1.
        line: u64,
    },
    /// A table was given to a model of images.
    #[error("a table, but the model takes images of {shape}")]
    TableForImages {
        /// The model's images.
        shape: ImageShape,
    },
    /// Something else was given to a model of a table.
    #[error(
        "no table, but the model takes rows of {columns} numbers (.csv, or .npy of shape (n, {columns}))"
    )]
    NotATable {
        /// The model's columns.
        columns: usize,
    },
    /// A table cannot be parsed.
    #[error("damaged table: {reason}")]
    Csv {
        /// Why not.
        reason: String,
    },
    /// The magic number of an IDX file is another.
    #[error(
        "magic number {found:#010x} ({}), expected {expected:#010x} ({})",
        kind_of(*found), kind_of(*expected)
    )]
    Magic {
        /// The magic number of what was asked for.
        expected: u32,
        /// The first four bytes.
        found: u32,
    },
    /// There are fewer bytes than the header, or what it claims, takes.
    #[error("cut short: {found} bytes, expected {expected}")]
    Truncated {
        /// How many bytes there should be, or at least be.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// There are more bytes than the header claims.
    #[error("bytes after the end: {found} bytes, expected {expected}")]
    TrailingBytes {
        /// How many bytes there should be.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// The header claims more than is accepted.
    #[error("claims {claimed} bytes, more than the {limit} that are accepted")]
    TooLarge {
        /// What the header claims, in bytes.
        claimed: u128,
        /// The largest accepted size in bytes.
        limit: u64,
    },
    /// There is no image, or images without pixels.
    #[error("holds no images")]
    NoImages,
    /// The compressed data end too early.
    #[error("the gzip data are cut short")]
    GzipTruncated,
    /// The compressed data are damaged, or their checksum is another.
    #[error("damaged gzip data: {0}")]
    GzipDamaged(#[source] io::Error),
    /// The compressed data hold more than their contents' header claims.
    #[error("the gzip data hold more than the {expected} bytes that the header in them claims")]
    GzipTooLong {
        /// How many bytes there should be.
        expected: usize,
    },
    /// Something follows the compressed data.
    #[error("{bytes} bytes after the end of the gzip data")]
    GzipTrailing {
        /// How many bytes follow.
        bytes: usize,
    },
    /// The file does not begin as a `.npy` file does.
    #[error("not a .npy file")]
    NotNpy,
    /// The header of a `.npy` file lacks something.
    #[error("the .npy header lacks {missing}")]
    NpyHeader {
        /// What it lacks.
        missing: &'static str,
    },
    /// The numbers of a `.npy` file are of another type.
    #[error("numbers of type {found}, expected |u1, <f4 or <f8 (numpy: x.astype('<f4'))")]
    NpyType {
        /// The type's name in the header.
        found: String,
    },
    /// The numbers of a `.npy` file of other than two dimensions are stored column by column.
    #[error(
        "stored in Fortran order, which is read in two dimensions alone; expected C order (numpy: \
         np.ascontiguousarray(x))"
    )]
    NpyOrder,
    /// The array of a `.npy` file has another shape.
    #[error("an array of shape {found:?}, expected {expected}")]
    NpyShape {
        /// The shapes that are understood.
        expected: String,
        /// The array's shape.
        found: Vec<usize>,
    },
    /// A number of a `.npy` file is not acceptable.
    #[error("{place} is {}, expected {expected}", shown(*found))]
    Value {
        /// Where it stands: "row 3, column 2", "image 1, row 3, column 2", counted from 1.
        place: String,
        /// The number.
        found: f64,
        /// What is accepted.
        expected: &'static str,
    },
    /// A PNG or JPEG cannot be decoded.
    #[error("cannot be decoded as an image: {0}")]
    Picture(#[source] image::ImageError),
    /// A PNG or JPEG is cut short or holds bytes that cannot be right.
    #[error("damaged {format}: {reason}")]
    DamagedPicture {
        /// "PNG" or "JPEG".
        format: &'static str,
        /// What was found.
        reason: String,
    },
    /// A PNG is partly transparent.
    #[error("partly transparent; put the image on a background first")]
    Transparent,
}

impl FormatError {
    /// The same error with the file it is about.
    pub(crate) fn in_file(self, path: &Path) -> DatasetError {
        DatasetError::Format { path: path.to_owned(), source: self }
    }
}

/// A number as people write it, large ones with an exponent.
fn shown(number: f64) -> String {
    if number.is_finite() && number.abs() >= 1e16 {
        format!("{number:e}")
    } else {
        number.to_string()
    }
}

fn kind_of(magic: u32) -> &'static str {
    match magic {
        0x801 => "IDX labels",
        0x803 => "IDX images",
        _ => "not IDX",
    }
}
