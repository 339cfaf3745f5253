//! The pages of a TIFF: the chain of its directories, of a bounded length and without circles.

use std::collections::HashSet;
use std::io::{self, Read, Seek, SeekFrom};

use crate::FormatError;
use crate::pictures::bounds;

/// The most directories of a file.
const MAX_DIRECTORIES: usize = 1 << 14;
/// The most entries of a directory that are looked at.
const MAX_ENTRIES: u64 = 4096;
/// The tag that says what a page is for.
const NEW_SUBFILE_TYPE: u16 = 254;
/// Its bit for a smaller picture of another page.
pub(super) const PREVIEW: u32 = 1;
/// Its bits for a preview and for a mask.
const NOT_A_PAGE: u32 = PREVIEW | 4;
/// The tags of a page's columns and rows.
const SIDES: [u16; 2] = [256, 257];

/// The widths of the numbers of a file.
#[derive(Clone, Copy)]
struct Numbers {
    is_little: bool,
    is_big_tiff: bool,
}

/// The bytes at which the directories of the pages begin, without previews and masks; if there is nothing else, that of
/// the first of these.
pub(crate) fn pages(reader: &mut (impl Read + Seek)) -> Result<Vec<u64>, FormatError> {
    walk(reader).map_err(in_words)
}

/// Refuses the page of a directory if it is too large. The decoder multiplies its sides, unchecked, before it can be
/// asked for them.
pub(super) fn check_sides(
    reader: &mut (impl Read + Seek),
    directory: u64,
) -> Result<(), FormatError> {
    let mut sides = || -> io::Result<_> {
        let numbers = Numbers::of(reader)?;
        reader.seek(SeekFrom::Start(directory))?;
        let entries = numbers.entries(reader)?;
        let longest = |tag: u16| {
            let entries = entries.chunks_exact(numbers.entry_bytes());
            let named = entries.filter(|entry| numbers.value(&entry[..2]) == u64::from(tag));
            named.map(|entry| numbers.side(entry)).max().unwrap_or_default()
        };
        Ok(SIDES.map(longest))
    };
    let [width, height] = sides().map_err(in_words)?;
    bounds::check_sides(height, width)
}

fn in_words(error: io::Error) -> FormatError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => bounds::cut_short("TIFF"),
        _ => FormatError::DamagedPicture { format: "TIFF", reason: error.to_string() },
    }
}

fn walk(reader: &mut (impl Read + Seek)) -> io::Result<Vec<u64>> {
    let numbers = Numbers::of(reader)?;
    let first = numbers.offset(reader)?;
    let mut next = first;
    let (mut seen, mut pages) = (HashSet::new(), Vec::new());
    while next != 0 {
        if !seen.insert(next) {
            return Err(io::Error::other("its pages lead in a circle"));
        }
        if seen.len() > MAX_DIRECTORIES {
            let reason = format!("more than the {MAX_DIRECTORIES} pages that are read");
            return Err(io::Error::other(reason));
        }
        reader.seek(SeekFrom::Start(next))?;
        let (purpose, after) = numbers.directory(reader)?;
        if purpose & NOT_A_PAGE == 0 {
            pages.push(next);
        }
        next = after;
    }
    if pages.is_empty() && first != 0 {
        pages.push(first);
    }
    Ok(pages)
}

impl Numbers {
    /// Those of a file, of which the place of the first directory is read next.
    fn of(reader: &mut (impl Read + Seek)) -> io::Result<Self> {
        reader.seek(SeekFrom::Start(0))?;
        let mut version = [0; 4];
        reader.read_exact(&mut version)?;
        let is_little = version[0] == b'I';
        let numbers = Self { is_little, is_big_tiff: version.contains(&43) };
        if numbers.is_big_tiff {
            reader.seek_relative(4)?;
        }
        Ok(numbers)
    }

    /// What a page is for, and the place of the next directory; 0 at the end.
    fn directory(self, reader: &mut (impl Read + Seek)) -> io::Result<(u32, u64)> {
        let entries = self.entries(reader)?;
        let tag = |entry: &&[u8]| self.value(&entry[..2]) == u64::from(NEW_SUBFILE_TYPE);
        let purpose = entries.chunks_exact(self.entry_bytes()).find(tag);
        let start = self.value_start();
        let purpose = purpose.map_or(0, |entry| self.value(&entry[start..start + 4]) as u32);
        Ok((purpose, self.offset(reader)?))
    }

    /// The entries of a directory, one after the other.
    fn entries(self, reader: &mut impl Read) -> io::Result<Vec<u8>> {
        let count = self.number(reader, if self.is_big_tiff { 8 } else { 2 })?;
        if count > MAX_ENTRIES {
            return Err(io::Error::other(format!("a directory of {count} entries")));
        }
        let mut entries = vec![0; count as usize * self.entry_bytes()];
        reader.read_exact(&mut entries)?;
        Ok(entries)
    }

    fn entry_bytes(self) -> usize {
        if self.is_big_tiff { 20 } else { 12 }
    }

    /// Where the value of an entry begins.
    fn value_start(self) -> usize {
        if self.is_big_tiff { 12 } else { 8 }
    }

    /// The length of a side by its entry; the longest if it is of a kind that does not fit into the entry.
    fn side(self, entry: &[u8]) -> u32 {
        let width = match self.value(&entry[2..4]) {
            1 => 1,
            3 => 2,
            4 | 13 => 4,
            _ if self.is_big_tiff => 8,
            _ => return u32::MAX,
        };
        let start = self.value_start();
        u32::try_from(self.value(&entry[start..start + width])).unwrap_or(u32::MAX)
    }

    fn offset(self, reader: &mut impl Read) -> io::Result<u64> {
        self.number(reader, if self.is_big_tiff { 8 } else { 4 })
    }

    fn number(self, reader: &mut impl Read, width: usize) -> io::Result<u64> {
        let mut bytes = [0; 8];
        reader.read_exact(&mut bytes[..width])?;
        Ok(self.value(&bytes[..width]))
    }

    fn value(self, bytes: &[u8]) -> u64 {
        let add = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
        match self.is_little {
            true => bytes.iter().rev().fold(0, add),
            false => bytes.iter().fold(0, add),
        }
    }
}
