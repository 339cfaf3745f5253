//! Errors in the bytes of a file.

use std::io;
use std::path::Path;

#[cfg(feature = "pictures")]
use crate::PictureId;
use crate::{DatasetError, ImageShape};

/// What is wrong with the contents of a file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    /// The file is of no kind that is read.
    #[error(
        "neither IDX, .npy nor a picture (PNG, JPEG, TIFF, WebP, BMP, PNM, GIF); tables are read too, and their names must end in .csv, .tsv or .parquet"
    )]
    Unrecognised,
    /// A single picture was given as a data set.
    #[error("a single picture, but a data set has many; name the folder that holds it")]
    SinglePicture,
    /// The file is not a picture.
    #[error("neither PNG nor JPEG, TIFF, WebP, BMP, PNM or GIF")]
    NotAPicture,
    /// The file is no Parquet file that can be read, or cannot be written as one.
    #[cfg(feature = "parquet")]
    #[error("not a Parquet file that can be read: {reason}")]
    Parquet {
        /// What is wrong, in the words of the parquet crate.
        reason: String,
    },
    /// A column of a Parquet file is of a type that is not read.
    #[cfg(feature = "parquet")]
    #[error(
        "the column `{name}` has values of {found}; expected one number (integer, float or double), truth value or text in \
         each row, or a list of numbers"
    )]
    ParquetColumn {
        /// The column.
        name: String,
        /// Its type.
        found: String,
    },
    /// A list in a Parquet file has another length than the first one.
    #[cfg(feature = "parquet")]
    #[error(
        "row {row}: the column `{column}` has a list of {found} numbers, expected {expected} as in its first list"
    )]
    ParquetList {
        /// The row, counted from 1.
        row: u64,
        /// The column.
        column: String,
        /// The length of the first list.
        expected: usize,
        /// The length of this one.
        found: usize,
    },
    /// Lists in a Parquet file have no numbers.
    #[cfg(feature = "parquet")]
    #[error(
        "the column `{column}` has lists without numbers; expected lists of one length in all rows"
    )]
    ParquetNoList {
        /// The column.
        column: String,
    },
    /// The table has no rows or no columns.
    #[error("holds no rows of numbers")]
    NoRows,
    /// The table has too many columns.
    #[error("{found} columns, more than the {limit} that are accepted")]
    TooManyColumns {
        /// The number that was found.
        found: usize,
        /// The largest accepted number.
        limit: usize,
    },
    /// A column is named, and the table has no header.
    #[error(
        "there is no column `{name}`: the table has no header (name a column by its number, from 1 to \
         {columns}, or use --header yes if the first line names the columns)"
    )]
    NoHeader {
        /// The name.
        name: String,
        /// The number of columns.
        columns: usize,
    },
    /// The named column does not exist.
    #[error("no column is named `{name}`; there are {found}")]
    NoColumn {
        /// The name.
        name: String,
        /// The first names of the table.
        found: String,
    },
    /// The label column is also left out.
    #[error("{column} is both the label column and one of --drop-columns; choose one")]
    LabelLeftOut {
        /// The column.
        column: String,
    },
    /// No column of numbers is left.
    #[error("no columns of numbers are left without the label column and --drop-columns")]
    NoColumns,
    /// Two columns have the same name.
    #[error("columns {first} and {second} are both named `{name}`; give each its own name")]
    DuplicateColumn {
        /// The name.
        name: String,
        /// The number of the first of them, counted from 1.
        first: usize,
        /// The number of the second.
        second: usize,
    },
    /// The table lacks columns of the model.
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
    /// The table has columns that the model does not know.
    #[error(
        "the model was not trained on the columns {unknown}; leave them out with --drop-columns, or name \
         the classes with --label-column"
    )]
    UnknownColumns {
        /// The names.
        unknown: String,
    },
    /// The table has another number of columns than the model.
    #[error(
        "{} of numbers, but the model takes {expected}; --drop-columns and --label-column leave out those \
         that the model does not have",
        ae_files::counted_as(*found, "column")
    )]
    ColumnCount {
        /// The model's number.
        expected: usize,
        /// The table's.
        found: usize,
    },
    /// The text is UTF-16.
    #[error("the text is UTF-16; save the table as UTF-8")]
    Utf16,
    /// A line is not UTF-8.
    #[error("line {line} is not UTF-8; save the table as UTF-8")]
    NotUtf8 {
        /// The line, counted from 1.
        line: u64,
    },
    /// The model takes images, and the input is a table.
    #[error("a table, but the model takes images of {shape}")]
    TableForImages {
        /// The model's images.
        shape: ImageShape,
    },
    /// The model takes rows of a table, and the input is something else.
    #[error(
        "no table, but the model takes rows of {columns} numbers (.csv, or .npy of shape (n, {columns}))"
    )]
    NotATable {
        /// The model's columns.
        columns: usize,
    },
    /// The table cannot be parsed.
    #[error("damaged table: {reason}")]
    Csv {
        /// The reason.
        reason: String,
    },
    /// The magic number of an IDX file is wrong.
    #[error(
        "magic number {found:#010x} ({}), expected {expected:#010x} ({})",
        idx_kind(*found), idx_kind(*expected)
    )]
    Magic {
        /// The expected magic number.
        expected: u32,
        /// The first four bytes.
        found: u32,
    },
    /// The file is shorter than its header, or than the header claims.
    #[error("cut short: {found} bytes, expected {expected}")]
    Truncated {
        /// The expected length in bytes, or a lower bound of it.
        expected: usize,
        /// The number that was found.
        found: usize,
    },
    /// The file is longer than its header claims.
    #[error("bytes after the end: {found} bytes, expected {expected}")]
    TrailingBytes {
        /// The expected length in bytes.
        expected: usize,
        /// The number that was found.
        found: usize,
    },
    /// The header claims a larger size than is accepted.
    #[error("claims {claimed} bytes, more than the {limit} that are accepted")]
    TooLarge {
        /// The claimed size in bytes.
        claimed: u128,
        /// The largest accepted size in bytes.
        limit: u64,
    },
    /// There are no images, or images without pixels.
    #[error("holds no images")]
    NoImages,
    /// The compressed data is truncated.
    #[error("the gzip data are cut short")]
    GzipTruncated,
    /// The compressed data is damaged or has a wrong checksum.
    #[error("damaged gzip data: {0}")]
    GzipDamaged(#[source] io::Error),
    /// The decompressed data is longer than the header in it claims.
    #[error("the gzip data hold more than the {expected} bytes that the header in them claims")]
    GzipTooLong {
        /// The expected length in bytes.
        expected: usize,
    },
    /// Other bytes follow the compressed data.
    #[error("{bytes} bytes after the end of the gzip data")]
    GzipTrailing {
        /// The number of bytes that follow.
        bytes: usize,
    },
    /// The file is not a `.npy` file.
    #[error("not a .npy file")]
    NotNpy,
    /// The header of a `.npy` file is incomplete.
    #[error("the .npy header lacks {missing}")]
    NpyHeader {
        /// What is missing.
        missing: &'static str,
    },
    /// The numbers of a `.npy` file have a type that is not read.
    #[error("numbers of type {found}, expected |u1, <f4 or <f8 (numpy: x.astype('<f4'))")]
    NpyType {
        /// The type in the header.
        found: String,
    },
    /// An array of other than two dimensions is stored in Fortran order.
    #[error(
        "stored in Fortran order, which is read in two dimensions only; expected C order (numpy: \
         np.ascontiguousarray(x))"
    )]
    NpyOrder,
    /// The array has a shape that is not accepted here.
    #[error("an array of shape {found:?}, expected {expected}")]
    NpyShape {
        /// The accepted shapes.
        expected: String,
        /// The shape of the array.
        found: Vec<usize>,
    },
    /// A number is out of range.
    #[error("{place} is {}, expected {expected}", shown(*found))]
    Value {
        /// Its place: "row 3, column 2", "image 1, row 3, column 2", counted from 1.
        place: String,
        /// The number.
        found: f64,
        /// The accepted range.
        expected: &'static str,
    },
    /// A picture cannot be decoded.
    #[cfg(feature = "pictures")]
    #[error("cannot be decoded as an image: {0}")]
    Picture(#[source] image::ImageError),
    /// A picture is truncated or has impossible bytes.
    #[error("damaged {format}: {reason}")]
    DamagedPicture {
        /// "PNG", "JPEG" or another one.
        format: &'static str,
        /// The damage.
        reason: String,
    },
    /// A picture has transparent pixels.
    #[error("partly transparent, and no background colour is given")]
    Transparent,
    /// A picture has more pixels than are read.
    #[error(
        "{height} x {width} pixels, above the limit of {side} a side and {pixels} in all; cut it into parts"
    )]
    TooManyPixels {
        /// Its rows.
        height: u32,
        /// Its columns.
        width: u32,
        /// The longest accepted side.
        side: u32,
        /// The largest accepted number of pixels.
        pixels: u64,
    },
    /// A picture claims more pixels than its bytes can hold.
    #[error("claims {height} x {width} pixels, which its {stored} bytes cannot hold")]
    Bomb {
        /// The bytes that are there.
        stored: u64,
        /// The claimed rows.
        height: u32,
        /// The claimed columns.
        width: u32,
    },
    /// A picture of a kind that is not read.
    #[error(
        "a {format} with {found}, which is not read; save it pixel by pixel as grey or RGB of 8 or 16 bits, compressed by LZW or not at all"
    )]
    Unsupported {
        /// "TIFF".
        format: &'static str,
        /// What it holds.
        found: String,
    },
}

impl FormatError {
    /// This error with the file that it is about.
    pub(crate) fn in_file(self, path: &Path) -> DatasetError {
        DatasetError::Format { path: path.to_owned(), source: self }
    }

    /// This error with the picture that it is about.
    #[cfg(feature = "pictures")]
    pub(crate) fn in_picture(self, picture: &PictureId) -> DatasetError {
        match picture.page {
            None => self.in_file(&picture.path),
            Some(page) => {
                let (path, number) = (picture.path.clone(), page.number);
                DatasetError::Page { path, number, source: self }
            }
        }
    }
}

/// A number in decimal notation, large ones with an exponent.
fn shown(number: f64) -> String {
    if number.is_finite() && number.abs() >= 1e16 {
        format!("{number:e}")
    } else {
        number.to_string()
    }
}

fn idx_kind(magic: u32) -> &'static str {
    match magic {
        0x801 => "IDX labels",
        0x803 => "IDX images",
        _ => "not IDX",
    }
}
