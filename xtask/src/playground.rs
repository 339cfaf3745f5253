//! `cargo xtask playground`: the page of `ae serve` as a folder of static files, with the model inside.
//!
//! ```text
//! compile ae-playground to wasm32 -> train or take a model -> ask `ae serve` for its examples -> write the folder
//! ```

mod folder;
mod served;
mod toolchain;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::{Outcome, print, workspace};
use folder::Folder;
use toolchain::Toolchain;

/// The options of `playground`.
#[derive(Debug, PartialEq, clap::Args)]
#[command(after_help = "\
The folder works from any file server. Compiling to WebAssembly needs `rustup target add wasm32-unknown-unknown`, or
Debian's packages rustc-web, cargo-web and rust-web-src.

Example:
  cargo xtask playground runs/mine --out playground
  python3 -m http.server --directory playground
")]
pub(crate) struct Playground {
    /// The folder of a run or its model.safetensors [default: a denoiser of digits, trained for this]
    model: Option<PathBuf>,
    /// The folder to write; it may hold an earlier playground
    #[arg(long, value_name = "DIR", default_value = "playground")]
    out: PathBuf,
    /// The examples of the page, as `ae serve --examples`; `none` shows nothing of the data [default: the run's data]
    #[arg(long, value_name = "SOURCE")]
    examples: Option<String>,
    /// This program `ae` [default: it is built]
    #[arg(long, value_name = "PROGRAM")]
    ae: Option<PathBuf>,
}

/// Builds everything and writes the folder.
pub(crate) fn playground(options: &Playground) -> Result<Outcome> {
    let root = workspace::root();
    let folder = Folder::new(&options.out)?;
    let given = options.model.as_deref().map(weights_file).transpose()?;
    let toolchain = Toolchain::find()?;
    eprintln!("compiling ae-playground to WebAssembly with {toolchain}");
    let module = toolchain.compile(&root)?;
    let ae = match &options.ae {
        Some(ae) => ae.clone(),
        None => workspace::build(&root, &["--package", "ae-cli"])?.join("ae"),
    };
    let weights = match given {
        Some(weights) => weights,
        None => train(&ae, &root.join("target/playground/denoiser"))?,
    };
    let model = options.model.as_deref().unwrap_or(&weights);
    let about = served::about(&ae, model, options.examples.as_deref())?;
    if let Some(why) = about["examples"]["why"].as_str() {
        eprintln!("the page has no examples: {why}");
    }
    let sizes = folder.write(&root, &module, &weights, &about)?;
    print(&format!("{sizes}\npython3 -m http.server --directory {}\n", options.out.display()))?;
    Ok(Outcome::Held)
}

/// The weights file that a path means.
fn weights_file(model: &Path) -> Result<PathBuf> {
    let file = if model.is_dir() { model.join("model.safetensors") } else { model.to_owned() };
    let found = || format!("{}: expected a run's folder or its model.safetensors", model.display());
    ensure!(file.is_file(), found());
    Ok(file)
}

/// The tutorial's denoiser on the procedural digits; the file of its weights.
fn train(ae: &Path, run: &Path) -> Result<PathBuf> {
    eprintln!("training a denoiser of digits");
    let mut command = Command::new(ae);
    command.args(["train", "--data", "digits", "--noise", "gaussian:0.5", "--epochs", "20"]);
    command.args(["--quiet", "--offline", "--force", "--out"]).arg(run);
    let status = command.status().with_context(|| format!("cannot start {}", ae.display()))?;
    ensure!(status.success(), "the denoiser could not be trained ({status})");
    Ok(run.join("model.safetensors"))
}
