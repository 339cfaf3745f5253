//! Files of compressed images joined to one, without the model: blocks are copied as they are.

use crate::CompressionError;
use crate::archive::{BLOCK, MAGIC, VERSION, VERSION_OF_PICTURES, VERSION_WITH_NAMES};
use crate::byte_fields::{DIGEST, add_checksum, checked, read_number, take, write_number, wrong};
use crate::names::{self, Names};
use crate::tiled;

/// A file that is joined.
struct Part<'a> {
    version: u8,
    mode_and_quality: [u8; 2],
    fingerprint: [u8; DIGEST],
    shape: [usize; 3],
    count: usize,
    lengths: Vec<usize>,
    blocks: &'a [u8],
    pictures: Vec<[usize; 3]>,
    names: Vec<String>,
}

/// Joins files of compressed images of one model, one quality and one mode, in this order. The result has the bytes of all
/// images compressed at once.
///
/// Images are compressed in blocks of 16, so every file but the last must have a multiple of 16 images, or of tiles.
///
/// # Errors
/// [`CompressionError::Archive`] if there is no file, if one is damaged, if they do not belong together, or if a block of
/// a file but the last is not full.
pub fn join_archives(parts: &[&[u8]]) -> Result<Vec<u8>, CompressionError> {
    let read = parts.iter().map(|bytes| Part::read(bytes)).collect::<Result<Vec<_>, _>>()?;
    let [first, others @ ..] = read.as_slice() else {
        return Err(wrong("files of compressed images", "none"));
    };
    if let Some(other) = others.iter().find(|other| !first.belongs_with(other)) {
        let told = |part: &Part<'_>| {
            let Part { version, mode_and_quality: [mode, quality], shape, .. } = part;
            format!("version {version}, mode {mode}, quality {quality}, images of {shape:?}")
        };
        let (expected, mut found) = (told(first), told(other));
        if other.fingerprint != first.fingerprint {
            found.push_str(", of another model");
        }
        return Err(wrong(&expected, &found));
    }
    let [full @ .., _] = read.as_slice() else { return Ok(Vec::new()) };
    if let Some(part) = full.iter().find(|part| !part.count.is_multiple_of(BLOCK)) {
        let expected = format!("a multiple of {BLOCK} images or tiles in all files but the last");
        return Err(wrong(&expected, &part.count.to_string()));
    }
    Ok(write(first, &read))
}

fn write(first: &Part<'_>, parts: &[Part<'_>]) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.push(first.version);
    bytes.extend(first.mode_and_quality);
    bytes.extend(first.fingerprint);
    let count = parts.iter().map(|part| part.count).sum();
    let lengths = parts.iter().flat_map(|part| part.lengths.iter().copied());
    for number in [count].into_iter().chain(first.shape).chain(lengths) {
        write_number(number, &mut bytes);
    }
    parts.iter().for_each(|part| bytes.extend(part.blocks));
    if first.version == VERSION_OF_PICTURES {
        let pictures: Vec<_> = parts.iter().flat_map(|part| part.pictures.clone()).collect();
        tiled::write(&pictures, &mut bytes);
    }
    let all: Vec<String> = parts.iter().flat_map(|part| part.names.clone()).collect();
    // Names that were read are not too long.
    let _ = names::write(&all, &mut bytes);
    add_checksum(&mut bytes);
    bytes
}

impl<'a> Part<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, CompressionError> {
        if !bytes.starts_with(&MAGIC) {
            return Err(wrong("images compressed by `ae compress`", "something else"));
        }
        let mut rest = checked(bytes, "compressed images")?;
        take::<{ MAGIC.len() }>(&mut rest)?;
        let [version] = take::<1>(&mut rest)?;
        if ![VERSION, VERSION_WITH_NAMES, VERSION_OF_PICTURES].contains(&version) {
            return Err(wrong("version 1 to 3", &format!("version {version}, of a later program")));
        }
        let (mode_and_quality, fingerprint) = (take::<2>(&mut rest)?, take::<DIGEST>(&mut rest)?);
        let count = read_number(&mut rest)?;
        let shape = [read_number(&mut rest)?, read_number(&mut rest)?, read_number(&mut rest)?];
        let blocks = count.div_ceil(BLOCK);
        if count == 0 || blocks > rest.len() {
            return Err(wrong("as many images as there are blocks", &count.to_string()));
        }
        let lengths = (0..blocks).map(|_| read_number(&mut rest)).collect::<Result<Vec<_>, _>>()?;
        let all = lengths.iter().fold(0_usize, |all, &length| all.saturating_add(length));
        let (blocks, mut rest) = rest
            .split_at_checked(all)
            .ok_or_else(|| wrong(&format!("blocks of {all} bytes"), "fewer"))?;
        let pictures = match version {
            VERSION_OF_PICTURES => tiled::read(&mut rest, shape, count)?,
            _ => Vec::new(),
        };
        let named = if version == VERSION_OF_PICTURES { pictures.len() } else { count };
        let names = match version {
            VERSION if !rest.is_empty() => {
                return Err(wrong("nothing behind the last block", "more bytes"));
            }
            VERSION => Vec::new(),
            _ => Names::open(rest, named)?.collect(),
        };
        let pictures = pictures.iter().map(|picture| picture.shape).collect();
        Ok(Self {
            version,
            mode_and_quality,
            fingerprint,
            shape,
            count,
            lengths,
            blocks,
            pictures,
            names,
        })
    }

    fn belongs_with(&self, other: &Self) -> bool {
        let all = |part: &Self| (part.version, part.mode_and_quality, part.fingerprint, part.shape);
        all(self) == all(other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_archive_is_refused() {
        let told = |parts: &[&[u8]]| join_archives(parts).unwrap_err().to_string();
        assert!(told(&[]).contains("none"), "{}", told(&[]));
        assert!(told(&[b"no archive"]).contains("something else"));
        let mut bytes = MAGIC.to_vec();
        assert!(told(&[&bytes]).contains("cut"));
        // Of a later version, with no image, and with blocks that are not there.
        for (rest, word) in [(&[9_u8][..], "version"), (&[1, 0, 5], "too few bytes")] {
            let mut bytes = [&MAGIC, rest].concat();
            add_checksum(&mut bytes);
            assert!(told(&[&bytes]).contains(word), "{}", told(&[&bytes]));
        }
        bytes.extend([1, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0]);
        for (count, word) in [(0, "as many images"), (17, "blocks of 400 bytes")] {
            let mut bytes = bytes.clone();
            [count, 1, 2, 2, 200, 200].iter().for_each(|&number| write_number(number, &mut bytes));
            add_checksum(&mut bytes);
            assert!(told(&[&bytes]).contains(word), "{}", told(&[&bytes]));
        }
    }
}
