//! Earlier spellings that are still understood.
//!
//! MODEL and DATA are positional, in this order. Earlier versions had `-m MODEL` behind the data, and `--data DATA`
//! with `evaluate` and `probe`. Scripts that have these spellings keep working: they are rewritten before clap sees
//! them, so that the rest of the program knows one spelling only.

use std::ffi::{OsStr, OsString};

/// The commands that apply a model to data.
const APPLYING: [&str; 11] = [
    "evaluate",
    "reconstruct",
    "denoise",
    "encode",
    "decode",
    "project",
    "interpolate",
    "probe",
    "compress",
    "decompress",
    "anomaly",
];
/// Common options that a value follows.
const WITH_VALUE: [&str; 3] = ["--threads", "--device", "--progress"];

/// The arguments of the program in today's spelling.
pub(crate) fn rewritten(arguments: Vec<OsString>) -> Vec<OsString> {
    let Some(start) = after_command(&arguments) else { return arguments };
    let (command, typed) = arguments.split_at(start);
    let end = typed.iter().position(|argument| argument == "--").unwrap_or(typed.len());
    let (typed, literal) = typed.split_at(end);
    let (typed, model) = taken(typed, &["--model", "-m"]);
    let (typed, data) = taken(&typed, &["--data"]);
    [command.to_vec(), model, typed, data, literal.to_vec()].concat()
}

/// The place behind the name of a command that applies a model.
fn after_command(arguments: &[OsString]) -> Option<usize> {
    let mut place = 1;
    while arguments.get(place)?.as_encoded_bytes().starts_with(b"-") {
        let has_value = WITH_VALUE.iter().any(|option| arguments[place] == *option);
        place += if has_value { 2 } else { 1 };
    }
    let command = arguments.get(place)?.to_str()?;
    let words = if command == "anomaly" { 2 } else { 1 };
    (APPLYING.contains(&command) && arguments.len() >= place + words).then_some(place + words)
}

/// The arguments without an option, and the option's values.
fn taken(arguments: &[OsString], names: &[&str]) -> (Vec<OsString>, Vec<OsString>) {
    let (mut others, mut values) = (Vec::new(), Vec::new());
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        if names.iter().any(|name| argument == *name) {
            match rest.next() {
                Some(value) => values.push(value.clone()),
                // clap says what is wrong with it.
                None => others.push(argument.clone()),
            }
        } else if let Some(value) = names.iter().find_map(|name| attached(argument, name)) {
            values.push(value);
        } else {
            others.push(argument.clone());
        }
    }
    (others, values)
}

/// The value within `--model=run`, `-m=run` or `-mrun`.
fn attached(argument: &OsStr, name: &str) -> Option<OsString> {
    let text = argument.to_str()?;
    let rest = text.strip_prefix(name)?;
    let value = match rest.strip_prefix('=') {
        Some(value) => value,
        None if name.starts_with("--") || rest.is_empty() => return None,
        None => rest,
    };
    Some(value.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(earlier: &str, today: &str) {
        let words = |text: &str| text.split(' ').map(OsString::from).collect::<Vec<_>>();
        assert_eq!(rewritten(words(earlier)), words(today), "{earlier}");
    }

    #[test]
    fn earlier_spellings_become_todays() {
        check("ae encode mnist -m run -o x.npy", "ae encode run mnist -o x.npy");
        check("ae -q --threads 2 encode mnist -m run", "ae -q --threads 2 encode run mnist");
        check("ae decode c.npy --model=run -o x", "ae decode run c.npy -o x");
        check("ae anomaly fit n/ -mrun", "ae anomaly fit run n/");
        check("ae interpolate a.png b.png -m run", "ae interpolate run a.png b.png");
        check("ae evaluate run --data mnist --json", "ae evaluate run --json mnist");
        check("ae denoise -m run --data x -- -y", "ae denoise run x -- -y");
        for today in [
            "ae",
            "ae --help",
            "ae encode run mnist -o x.npy",
            "ae encode run mnist -m",
            "ae train --data mnist",
            "ae data info --data x",
            "ae help anomaly",
            "ae anomaly",
        ] {
            check(today, today);
        }
    }
}
