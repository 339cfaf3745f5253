//! Command lines: those that are run, and how a person would type them.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use super::experiments::Experiment;
use super::record::Dataset;
use crate::arguments::Reproduce;

/// The arguments with which `ae` runs an experiment.
///
/// Where an earlier run found that other data stands in, this one takes the same: the search for the
/// data, with its waiting for the network, and the warning are not repeated.
pub(crate) fn run(
    options: &Reproduce,
    experiment: &Experiment,
    folder: &Path,
    stands_in: Option<&Dataset>,
) -> Vec<OsString> {
    let mut arguments: Vec<OsString> =
        vec![experiment.kind.command().into(), (&experiment.spec).into()];
    arguments.extend(["--out".into(), folder.into(), "--force".into(), "--json".into()]);
    match stands_in {
        Some(Dataset { name, substituted: Some(reason), .. }) => {
            let options = Reproduce { data: Some(name.into()), ..options.clone() };
            arguments.extend(passed_on(&options));
            arguments.extend(["--substituted".into(), reason.into()]);
        }
        _ => arguments.extend(passed_on(options)),
    }
    arguments
}

/// The command that was typed, with its options in the order of the help text.
pub(crate) fn reproduce(options: &Reproduce) -> String {
    let mut arguments: Vec<OsString> = vec!["xtask".into(), "reproduce".into()];
    arguments.extend(passed_on(options));
    if let Some(out) = &options.out {
        arguments.extend(["--out".into(), out.into()]);
    }
    if options.all {
        arguments.push("--all".into());
    }
    arguments.extend(options.only.iter().flat_map(|name| ["--only".into(), name.into()]));
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
    if options.offline {
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
    use super::super::experiments::Kind;
    use super::*;
    use std::num::NonZeroU32;

    fn experiment(name: &str) -> Experiment {
        Experiment { name: name.to_owned(), spec: format!("{name}.toml").into(), kind: Kind::Train }
    }

    #[test]
    fn what_is_passed_on_is_what_was_given_and_nothing_else() {
        let mut options = Reproduce::default();
        let train = |options: &Reproduce| {
            line("ae", &run(options, &experiment("regular"), Path::new("runs/regular"), None))
        };
        let plain = "ae train regular.toml --out runs/regular --force --json";
        assert_eq!(train(&options), plain);
        assert_eq!(reproduce(&options), "cargo xtask reproduce");

        options.data = Some("my data/it's".into());
        options.out = Some("o".into());
        options.only = vec!["regular".into()];
        options.epochs = NonZeroU32::new(2);
        options.seed = Some(7);
        options.threads = NonZeroU32::new(1);
        options.offline = true;
        let passed = r"--data 'my data/it'\''s' --epochs 2 --seed 7 --threads 1 --offline";
        assert_eq!(train(&options), format!("{plain} {passed}"));
        let typed = format!("cargo xtask reproduce {passed} --out o --only regular");
        assert_eq!(reproduce(&options), typed);
    }

    #[test]
    fn data_that_stands_in_is_taken_again_and_its_reason_passed_on() {
        let data = Dataset {
            name: "digits".to_owned(),
            location: String::new(),
            train_images: 60_000,
            test_images: 10_000,
            height: 28,
            width: 28,
            files: Vec::new(),
            substituted: Some("MNIST is away".to_owned()),
        };
        let train = |data: &Dataset| {
            let options = Reproduce { seed: Some(7), ..Reproduce::default() };
            line("ae", &run(&options, &experiment("a"), Path::new("a"), Some(data)))
        };
        let plain = "ae train a.toml --out a --force --json";
        let taken = format!("{plain} --data digits --seed 7 --substituted 'MNIST is away'");
        assert_eq!(train(&data), taken);
        let asked_for = Dataset { substituted: None, ..data };
        assert_eq!(train(&asked_for), format!("{plain} --seed 7"));
    }
}
