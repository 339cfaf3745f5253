//! Specs that are written, and keys that are set.

use std::path::PathBuf;
use std::str::FromStr;

use ae_experiment::NetworkName;
use clap::ValueHint;

use super::parse::{file_that_ends_with, one_of};
use super::{OutputKind, OutputPath, Overwrite};

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  ae spec -o mine.toml && ae train mine.toml
  ae spec --network conv -o conv.toml
  ae spec --like runs/regular --set training.epochs=100 -o longer.toml")]
pub(crate) struct WriteSpec {
    /// What to start from: tutorial, the folder of a run, or a spec
    #[arg(long, value_name = "tutorial|RUN|SPEC", default_value = "tutorial", value_hint = ValueHint::AnyPath)]
    pub(crate) like: PathBuf,
    /// The network: dense, conv, conv-denoiser, vae, conv-vae, denoiser or layers [default: that of --like]
    #[arg(long, value_name = "NETWORK", value_parser = one_of::<NetworkName>(NetworkName::ALL.map(NetworkName::as_str)), hide_possible_values = true)]
    pub(crate) network: Option<NetworkName>,
    /// Set a key, such as training.schedule.kind=cosine; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<Change>,
    /// List every key with its meaning, default and values, as a table in Markdown
    #[arg(long, conflicts_with_all = ["like", "set", "network"])]
    pub(crate) keys: bool,
    /// Where to write: .toml, or .md for --keys [default: stdout]
    #[arg(long, short, visible_alias = "output", value_name = "FILE", value_hint = ValueHint::FilePath, value_parser = toml_file)]
    pub(crate) out: Option<OutputPath>,
    #[command(flatten)]
    pub(crate) overwrite: Overwrite,
}

/// A key of a spec and its new value, as typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) key: String,
    pub(crate) value: String,
}

impl FromStr for Change {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('=') {
            Some((key, value)) if !key.trim().is_empty() => {
                Ok(Self { key: key.trim().to_owned(), value: value.trim().to_owned() })
            }
            _ => Err("expected KEY=VALUE, such as training.epochs=100"),
        }
    }
}

fn toml_file(text: &str) -> Result<OutputPath, String> {
    let path = file_that_ends_with(text, &["toml", "md"]);
    path.map(|path| OutputPath::new(path.to_path_buf(), OutputKind::File))
        .ok_or_else(|| "expected a file that ends with .toml (or .md)".to_owned())
}
