//! Command lines: those that are run, and how a person would type them.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use crate::arguments::{Network, Reproduce, Selection};

/// The arguments with which `ae` trains an experiment.
pub(crate) fn train(options: &Reproduce, spec: &Path, folder: &Path) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = vec!["train".into(), spec.into()];
    arguments.extend(["--out".into(), folder.into(), "--force".into(), "--json".into()]);
    arguments.extend(passed_on(options));
    arguments
}

/// The command that was typed, with its options in the order of the help text.
pub(crate) fn reproduce(options: &Reproduce) -> String {
    let mut arguments: Vec<OsString> = vec!["xtask".into(), "reproduce".into()];
    arguments.extend(passed_on(options));
    if let Some(out) = &options.out {
        arguments.extend(["--out".into(), out.into()]);
    }
    match &options.selection {
        Selection::Tutorial => {}
        Selection::All => arguments.push("--all".into()),
        Selection::Only(names) => {
            arguments.extend(names.iter().flat_map(|name| ["--only".into(), name.into()]));
        }
    }
    line("cargo", &arguments)
}

/// A command as one types it into a shell.
pub(crate) fn line(program: &str, arguments: &[OsString]) -> String {
    let quoted = arguments.iter().map(|argument| quote(argument));
    std::iter::once(program.to_owned()).chain(quoted).collect::<Vec<_>>().join(" ")
}

fn passed_on(options: &Reproduce) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = Vec::new();
    let mut push = |name: &str, value: OsString| arguments.extend([name.into(), value]);
    if let Some(data) = &options.data {
        push("--data", data.clone());
    }
    if let Some(epochs) = options.epochs {
        push("--epochs", epochs.to_string().into());
    }
    if let Some(seed) = options.seed {
        push("--seed", seed.to_string().into());
    }
    if let Some(threads) = options.threads {
        push("--threads", threads.to_string().into());
    }
    if options.network == Network::Offline {
        arguments.push("--offline".into());
    }
    arguments
}

fn quote(argument: &OsStr) -> String {
    let text = argument.to_string_lossy();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=,+".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        text.into_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::num::NonZeroU32;

    #[test]
    fn what_is_passed_on_is_what_was_given_and_nothing_else() {
        let mut options = Reproduce::default();
        let train = |options: &Reproduce| {
            line("ae", &train(options, Path::new("regular.toml"), Path::new("runs/regular")))
        };
        let plain = "ae train regular.toml --out runs/regular --force --json";
        assert_eq!(train(&options), plain);
        assert_eq!(reproduce(&options), "cargo xtask reproduce");

        options.data = Some("my data/it's".into());
        options.out = Some("o".into());
        options.selection = Selection::Only(vec!["regular".into()]);
        options.epochs = NonZeroU32::new(2);
        options.seed = Some(7);
        options.threads = NonZeroU32::new(1);
        options.network = Network::Offline;
        let passed = r"--data 'my data/it'\''s' --epochs 2 --seed 7 --threads 1 --offline";
        assert_eq!(train(&options), format!("{plain} {passed}"));
        let typed = format!("cargo xtask reproduce {passed} --out o --only regular");
        assert_eq!(reproduce(&options), typed);
    }
}
