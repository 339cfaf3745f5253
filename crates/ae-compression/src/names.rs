//! The names of the images in a file, each as what differs from the one before it.

use crate::CompressionError;
use crate::byte_fields::{read_number, write_number, wrong};

/// The longest name that is read, in bytes: longer ones are no paths.
const LONGEST: usize = 4096;

/// Writes names: for each, as LEB128, how many bytes it shares with the beginning of the one before it and how many
/// follow; then these bytes.
pub(crate) fn write(names: &[String], bytes: &mut Vec<u8>) -> Result<(), CompressionError> {
    let mut before: &[u8] = &[];
    for name in names {
        let name = name.as_bytes();
        if name.len() > LONGEST {
            return Err(wrong(
                &format!("names of at most {LONGEST} bytes"),
                &name.len().to_string(),
            ));
        }
        let shared = before.iter().zip(name).take_while(|(a, b)| a == b).count();
        write_number(shared, bytes);
        write_number(name.len() - shared, bytes);
        bytes.extend(&name[shared..]);
        before = name;
    }
    Ok(())
}

/// Reads names one by one, so that they take no memory before they are asked for.
#[derive(Debug, Clone)]
pub struct Names<'a> {
    rest: &'a [u8],
    before: Vec<u8>,
    left: usize,
}

impl<'a> Names<'a> {
    /// So many names, and nothing behind them.
    pub(crate) fn open(bytes: &'a [u8], count: usize) -> Result<Self, CompressionError> {
        let names = Self { rest: bytes, before: Vec::new(), left: count };
        let mut checked = names.clone();
        while checked.left > 0 {
            checked.read()?;
        }
        match checked.rest {
            [] => Ok(names),
            rest => Err(wrong("nothing behind the last name", &format!("{} bytes", rest.len()))),
        }
    }

    fn read(&mut self) -> Result<String, CompressionError> {
        let (shared, length) = (read_number(&mut self.rest)?, read_number(&mut self.rest)?);
        if shared > self.before.len() || length > LONGEST - shared.min(LONGEST) {
            return Err(wrong("a name", &format!("{shared} and {length} bytes of one")));
        }
        let (own, rest) = self
            .rest
            .split_at_checked(length)
            .ok_or_else(|| wrong(&format!("a name of {length} bytes"), "fewer"))?;
        self.before.truncate(shared);
        self.before.extend(own);
        (self.rest, self.left) = (rest, self.left - 1);
        String::from_utf8(self.before.clone()).map_err(|_| wrong("a name in UTF-8", "other bytes"))
    }
}

impl Iterator for Names<'_> {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        // All names were read when the file was opened.
        if self.left == 0 { None } else { self.read().ok() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back_and_damage_is_found() {
        let names = ["cats/a.png", "cats/b.png", "dogs/a.png", "", "größe.png"].map(str::to_owned);
        let mut bytes = Vec::new();
        write(&names, &mut bytes).unwrap();
        let read = Names::open(&bytes, names.len()).unwrap();
        assert_eq!(read.collect::<Vec<_>>(), names);
        assert!(bytes.len() < names.concat().len() + 2 * names.len(), "the prefix is shared");
        for (bytes, count, word) in [
            (&bytes[..bytes.len() - 1], 5, "fewer"),
            (&bytes[..], 4, "nothing behind"),
            (&bytes[..], 6, "too few bytes"),
            (&[1, 1, b'a'], 1, "a name"),
            (&[0, 1, 0xff], 1, "UTF-8"),
            (&[0, 0x80, 0x7f], 1, "a name"),
        ] {
            let message = Names::open(bytes, count).unwrap_err().to_string();
            assert!(message.contains(word), "{message}");
        }
    }
}
