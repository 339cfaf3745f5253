//! A model behind a page and an HTTP API.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{ValueEnum, ValueHint};

use super::parse::whole;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  ae serve runs/denoising
  ae serve runs/denoising --port 0 --json
  ae serve runs/vae --bind 0.0.0.0 --token-file token.txt --allow-host lab.example")]
pub(crate) struct Serve {
    /// The folder of a run, or a weights file
    #[arg(value_name = "MODEL", value_hint = ValueHint::AnyPath)]
    pub(crate) model: PathBuf,
    /// The port; 0 chooses a free one
    #[arg(long, default_value = "8080", value_name = "PORT", value_parser = whole::<0, 65_535>)]
    pub(crate) port: usize,
    /// The address to listen on; any other than this machine's own needs --token-file
    #[arg(long, default_value = "127.0.0.1", value_name = "ADDRESS")]
    pub(crate) bind: IpAddr,
    /// A file with the token that clients must send, of 32 characters or more
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) token_file: Option<PathBuf>,
    /// A name by which clients may call this machine, beside localhost and addresses
    #[arg(long, value_name = "NAME", requires = "token_file")]
    pub(crate) allow_host: Vec<String>,
    /// Data for the page's examples and map of codes, or none [default: the held-out part of the run's data; none
    /// with another --bind]
    #[arg(long, value_name = "DATA", value_hint = ValueHint::AnyPath)]
    pub(crate) examples: Option<String>,
    /// Most items of a request
    #[arg(long, hide_short_help = true, default_value = "1024", value_name = "N", value_parser = whole::<1, 1_000_000>)]
    pub(crate) max_batch: usize,
    /// Largest body of a request in MiB
    #[arg(long, hide_short_help = true, default_value = "8", value_name = "MIB", value_parser = whole::<1, 1024>)]
    pub(crate) max_body: usize,
    /// Most requests that wait; further ones are told to ask again later
    #[arg(long, hide_short_help = true, default_value = "256", value_name = "N", value_parser = whole::<1, 65_536>)]
    pub(crate) queue: usize,
    /// Most open connections
    #[arg(long, hide_short_help = true, default_value = "512", value_name = "N", value_parser = whole::<1, 65_536>)]
    pub(crate) max_connections: usize,
    /// Longest time from a request to its answer in seconds
    #[arg(long, hide_short_help = true, default_value = "30", value_name = "SECONDS", value_parser = whole::<1, 3600>)]
    pub(crate) timeout: usize,
    /// How the log is written; -v logs every request
    #[arg(long, hide_short_help = true, value_enum, default_value_t = LogFormat::Text, value_name = "FORMAT")]
    pub(crate) log_format: LogFormat,
}

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// Lines for a person
    Text,
    /// A JSON object a line, with the time
    Json,
}
