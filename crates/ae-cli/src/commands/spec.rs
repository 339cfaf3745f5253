//! `ae spec`

use std::path::Path;

use ae_experiment::{NetworkName, Spec, spec_reference};
use ae_files::write_atomic;

use super::set;
use crate::args::WriteSpec;
use crate::exit_status::Status;
use crate::output;

/// The name of the spec that `ae train` takes where nothing is said.
const TUTORIAL: &str = "tutorial";

pub(crate) fn run(args: &WriteSpec) -> anyhow::Result<Status> {
    let text = if args.keys { spec_reference() } else { commented(args)? };
    match args.out.as_deref() {
        Some(path) => write_atomic(path, text.as_bytes())?,
        None => output::text(&text)?,
    }
    Ok(Status::Done)
}

fn commented(args: &WriteSpec) -> anyhow::Result<String> {
    let mut spec = like(&args.like)?;
    if let Some(network) = args.network {
        spec = with_network(&spec, network, args.like == Path::new(TUTORIAL))?;
    }
    set(&mut spec, &args.set)?;
    Ok(spec.to_commented_toml()?)
}

/// Another spec's network replaced; without another spec, with the settings of the network's source.
fn with_network(spec: &Spec, network: NetworkName, is_tutorial: bool) -> anyhow::Result<Spec> {
    Ok(match is_tutorial {
        true => Spec::of_network(network)?,
        false => spec.with("model.network", &network.to_string())?,
    })
}

/// The tutorial's spec, that of a run, or one in a file.
fn like(path: &Path) -> anyhow::Result<Spec> {
    if path == Path::new(TUTORIAL) {
        return Ok(Spec::tutorial());
    }
    let of_run = path.join("spec.toml");
    Ok(Spec::read(if path.is_dir() { &of_run } else { path })?)
}
