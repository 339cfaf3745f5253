//! The arguments of `ae report`.

use std::path::PathBuf;

use clap::ValueHint;

use super::parse::file_that_ends_with;
use super::{OutputPath, Overwrite};

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  ae report runs/regular
  ae report runs -o for-a-colleague.html")]
pub(crate) struct Report {
    /// The folder of a run, of a study, or of the results of `ae reproduce`
    #[arg(value_name = "RUN", value_hint = ValueHint::DirPath)]
    pub(crate) run: PathBuf,
    /// Where to write the page [default: report.html in the folder]
    #[arg(long, short, visible_alias = "output", value_name = "FILE", value_hint = ValueHint::FilePath, value_parser = page_file)]
    pub(crate) out: Option<OutputPath>,
    #[command(flatten)]
    pub(crate) overwrite: Overwrite,
}

fn page_file(text: &str) -> Result<OutputPath, String> {
    file_that_ends_with(text, &["html", "htm"])
        .ok_or_else(|| "expected a file that ends with .html".to_owned())
}
