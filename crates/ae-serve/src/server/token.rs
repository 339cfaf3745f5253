//! The secret that a client of another machine has to know.

use std::fmt;
use std::path::Path;

use ae_files::read_bounded;
use subtle::ConstantTimeEq as _;

use crate::ServeError;

/// The fewest characters: 128 bits as hexadecimal digits.
const LEAST: usize = 32;
/// The most characters.
const MOST: usize = 512;

/// A bearer token. It is never printed, and compared in a time that does not tell how much of it is right.
#[derive(Clone)]
pub struct Token(Vec<u8>);

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

impl Token {
    /// Reads a token from a file of one line.
    ///
    /// # Errors
    /// If the file cannot be read, or holds anything but 32 to 512 visible ASCII characters; a shorter token could be guessed.
    pub fn read(path: &Path) -> Result<Self, ServeError> {
        let bytes = read_bounded(path, 2 * MOST as u64)?;
        let text = bytes.trim_ascii();
        let refused = |found: String| ServeError::Token {
            path: path.to_owned(),
            least: LEAST,
            most: MOST,
            found,
        };
        if !text.iter().all(u8::is_ascii_graphic) {
            return Err(refused("spaces, lines or other characters".to_owned()));
        }
        match text.len() {
            LEAST..=MOST => Ok(Self(text.to_vec())),
            found => Err(refused(format!("{found} characters"))),
        }
    }

    /// Whether this is the token. The time depends on the length alone.
    pub fn is(&self, candidate: &[u8]) -> bool {
        self.0.as_slice().ct_eq(candidate).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(contents: &str) -> Result<Token, ServeError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        std::fs::write(&path, contents).unwrap();
        Token::read(&path)
    }

    #[test]
    fn a_token_is_a_long_line() {
        let long = "0123456789abcdef".repeat(2);
        let token = read(&format!("{long}\n")).unwrap();
        assert!(token.is(long.as_bytes()));
        assert!(
            !token.is(&long.as_bytes()[1..])
                && !token.is(b"")
                && !token.is(long.replace('a', "b").as_bytes())
        );
        assert_eq!(format!("{token:?}"), "Token(..)");
    }

    #[test]
    fn what_could_be_guessed_is_refused_and_not_repeated() {
        for bad in
            ["", "secret", &"a".repeat(31), &"a ".repeat(32), &"ä".repeat(40), &"a".repeat(513)]
        {
            let error = read(bad).unwrap_err().to_string();
            assert!(error.contains("32 to 512") && error.contains("token"), "{error}");
            assert!(bad.is_empty() || !error.contains(bad), "{error}");
        }
    }
}
