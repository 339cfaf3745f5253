//! File names for the names that people give to classes and models.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

/// The longest name that stays as it is, in bytes.
const MAX_PLAIN: usize = 64;
/// The number of a name's bytes that are kept before a digest.
const KEPT: usize = 40;
/// The number of hexadecimal digits of a digest.
const DIGITS: usize = 8;
/// The names of devices on Windows, with any extension.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];

/// File names without an extension for the names of classes, models and the like, in the same order.
///
/// A name of ASCII letters, digits, `.`, `_` and `-` that begins with a letter or a digit stays as it is. In any other
/// name, the other characters become `-`, and a digest of the whole name is appended: `n/a` becomes `n-a-a683c5c5`. So
/// every name is one file directly in its folder, no file is hidden, and different names are different files, also where
/// upper and lower case are the same.
///
/// ```
/// assert_eq!(ae_files::file_names(["cat", "n/a"]), ["cat", "n-a-a683c5c5"]);
/// ```
pub fn file_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut taken = BTreeSet::new();
    let free = |name: &'a str| {
        let mut file = if is_plain(name) { name.to_owned() } else { with_digest(name, 0) };
        let mut attempt = 0;
        while !taken.insert(file.to_lowercase()) {
            file = with_digest(name, attempt);
            attempt += 1;
        }
        file
    };
    names.into_iter().map(free).collect()
}

fn is_plain(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let stem = name.split('.').next().unwrap_or_default().to_ascii_lowercase();
    let numbered = stem.strip_suffix(|c: char| c.is_ascii_digit());
    let is_device = DEVICES.contains(&stem.as_str())
        || numbered.is_some_and(|port| port == "com" || port == "lpt");
    name.len() <= MAX_PLAIN
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(plain)
        && !is_device
}

/// The readable part of a name, and a digest of it that differs between attempts.
fn with_digest(name: &str, attempt: u32) -> String {
    // Letters of all languages stay. The digest distinguishes names that a file system treats as equal.
    let plain = |c: char| if c.is_alphanumeric() || "._-".contains(c) { c } else { '-' };
    let mut readable = String::new();
    for c in name.chars().map(plain).skip_while(|c| !c.is_alphanumeric()) {
        if readable.len() + c.len_utf8() > KEPT {
            break;
        }
        readable.push(c);
    }
    if readable.is_empty() {
        readable.push_str("unnamed");
    }
    let mut hasher = Sha256::new_with_prefix(name);
    if attempt > 0 {
        hasher.update(attempt.to_le_bytes());
    }
    let digest = crate::hexadecimal(&hasher.finalize());
    format!("{readable}-{}", &digest[..DIGITS])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_names_stay_and_others_stay_readable() {
        let names = ["0-0", "denoising-gaussian", "784-32", "masking-0.3-0", "A.b_c"];
        assert_eq!(file_names(names), names);
        // Digits as of `printf n/a | sha256sum`.
        assert_eq!(file_names(["n/a"]), ["n-a-a683c5c5"]);
    }

    #[test]
    fn no_name_leaves_its_folder_or_is_hidden() {
        let long = "x".repeat(5000);
        let names = [
            "../../x",
            "/etc/passwd",
            "..",
            ".",
            "",
            ".hidden",
            "-o",
            "a/b",
            "a\\b",
            "c:x",
            "n/a",
            "new\nline",
            "\u{1b}[31mred",
            "con",
            "NUL.txt",
            "com1",
            "été",
            "猫",
            "\u{202e}gpj",
            &long,
        ];
        let files = file_names(names);
        for (name, file) in names.iter().zip(&files) {
            assert!(file.len() <= MAX_PLAIN && !file.is_empty(), "{name}: {file}");
            assert!(file.starts_with(char::is_alphanumeric), "{name}: {file}");
            let safe = |c: char| c.is_alphanumeric() || "._-".contains(c);
            assert!(file.chars().all(safe), "{name}: {file}");
            assert_eq!(std::path::Path::new(file).components().count(), 1);
        }
        assert!(files[16].starts_with("été-") && files[17].starts_with("猫-"), "{files:?}");
        let distinct: BTreeSet<&String> = files.iter().collect();
        assert_eq!(distinct.len(), files.len());
    }

    #[test]
    fn names_that_differ_are_files_that_differ() {
        // In case alone, where the safe form is the same, and one that looks like another's safe form.
        let other = with_digest("n/a", 0);
        let names = [
            "State",
            "state",
            "STATE",
            "n/a",
            "n-a",
            "n:a",
            other.as_str(),
            "n/a",
            "\u{212b}",
            "\u{c5}",
        ];
        let files = file_names(names);
        let folded: BTreeSet<String> = files.iter().map(|file| file.to_lowercase()).collect();
        assert_eq!(folded.len(), names.len(), "{files:?}");
        assert_eq!(files, file_names(names), "the same every time");
        assert_eq!(files[0], "State");
    }
}
