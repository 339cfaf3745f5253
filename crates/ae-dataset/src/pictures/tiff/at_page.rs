//! A file whose header leads to another page than the first. The decoder itself finds a page only by reading all before it.

use std::io::{self, Read, Seek, SeekFrom};

/// A TIFF of which the first page is the one whose directory begins at a chosen byte.
pub(crate) struct AtPage<R> {
    file: R,
    /// The bytes up to and with the place of the first directory.
    header: Vec<u8>,
    /// The place of the next byte that is read.
    at: u64,
}

impl<R: Read + Seek> AtPage<R> {
    /// The file with its own first page, or with the page whose directory is at `place`.
    pub(super) fn new(mut file: R, place: Option<u64>) -> io::Result<Self> {
        let mut header = Vec::new();
        if let Some(place) = place {
            file.seek(SeekFrom::Start(0))?;
            file.by_ref().take(16).read_to_end(&mut header)?;
            let is_little = header.starts_with(b"I");
            let is_big_tiff = header.get(2..4).is_some_and(|version| version.contains(&43));
            let (from, width) = if is_big_tiff { (8, 8) } else { (4, 4) };
            header.truncate(from);
            match is_little {
                true => header.extend(&place.to_le_bytes()[..width]),
                false => header.extend(&place.to_be_bytes()[8 - width..]),
            }
        }
        file.seek(SeekFrom::Start(0))?;
        Ok(Self { file, header, at: 0 })
    }
}

impl<R: Read + Seek> Read for AtPage<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let rest = self.header.get(self.at as usize..).unwrap_or_default();
        let count = match rest.len().min(bytes.len()) {
            0 => self.file.read(bytes)?,
            count => {
                bytes[..count].copy_from_slice(&rest[..count]);
                self.file.seek(SeekFrom::Start(self.at + count as u64))?;
                count
            }
        };
        self.at += count as u64;
        Ok(count)
    }
}

impl<R: Seek> Seek for AtPage<R> {
    fn seek(&mut self, place: SeekFrom) -> io::Result<u64> {
        // The file's own place is always the same, so that a relative one means the same.
        self.at = self.file.seek(place)?;
        Ok(self.at)
    }
}
