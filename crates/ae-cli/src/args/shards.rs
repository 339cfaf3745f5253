//! Shards of an input, and their outputs joined.

use std::path::PathBuf;

use ae_dataset::Shard;
use clap::ValueHint;

use super::parse::file_or_folder;
use super::{OutputPath, Overwrite};

/// Which part of the items a command is applied to.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct ShardFlag {
    /// Apply to part I of N of the items alone, such as 2/8 (see `ae join`)
    ///
    /// The items are divided into N parts, each in order.
    ///
    /// Beside the output FILE stands FILE.part.json (in a folder .part.json), which says what it is. `ae join` puts
    /// the outputs of all shards together to what one run writes, byte for byte. A shard that failed is run again with
    /// the same command; one that is there already is not computed again.
    #[arg(long, value_name = "I/N", value_parser = str::parse::<Shard>)]
    pub(crate) shard: Option<Shard>,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  ae join part-1.npy part-2.npy part-3.npy -o codes.npy
  ae join part-1/ part-2/ -o clean/")]
pub(crate) struct Join {
    /// The outputs of all shards of a command with --shard, in any order
    #[arg(value_name = "PART", required = true, value_hint = ValueHint::AnyPath)]
    pub(crate) parts: Vec<PathBuf>,
    /// Where to write: a file with the ending of the parts, or a folder/ for folders
    #[arg(long, short, visible_alias = "output", value_name = "FILE", value_hint = ValueHint::AnyPath, value_parser = joined)]
    pub(crate) out: OutputPath,
    #[command(flatten)]
    pub(crate) overwrite: Overwrite,
}

fn joined(text: &str) -> Result<OutputPath, String> {
    file_or_folder(text, &["npy", "csv", "json", "aez", "parquet"]).ok_or_else(|| {
        "expected a file that ends with .npy, .csv, .json, .aez or .parquet, or a folder, such as clean/"
            .to_owned()
    })
}
