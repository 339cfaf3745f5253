//! Who is measured beside us, and what has to be installed for it.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use ae_files::write_atomic;
use anyhow::{Context, Result};
use clap::ValueEnum;
use serde::Deserialize;

use super::{name, process};
use crate::workspace::cargo;

/// Another implementation of the same work; its requirements file has its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Peer {
    KerasJax,
    KerasTensorflow,
    Pytorch,
    Jax,
    Candle,
    Burn,
    Onnxruntime,
}

/// How a peer is started: an executable and what comes before the work on its command line.
#[derive(Debug, Clone)]
pub(super) struct Program {
    pub(super) executable: PathBuf,
    pub(super) arguments: Vec<OsString>,
}

impl Peer {
    /// Installs it where it is not yet, and says how it is started.
    ///
    /// An error is the reason why it is missing from the results.
    pub(super) fn install(self, root: &Path) -> Result<Program> {
        let script = match self {
            Self::KerasJax | Self::KerasTensorflow => "keras_peer.py",
            Self::Pytorch => "torch_peer.py",
            Self::Jax => "jax_peer.py",
            Self::Onnxruntime => "onnx_peer.py",
            Self::Candle | Self::Burn => {
                return Ok(Program { executable: self.compile(root)?, arguments: vec![] });
            }
        };
        let script = root.join("xtask/peers").join(script);
        let executable = self.environment(root)?;
        // -B: the source folder stays as it is.
        Ok(Program { executable, arguments: vec!["-B".into(), script.into()] })
    }

    fn compile(self, root: &Path) -> Result<PathBuf> {
        let name = name(self);
        let target = root.join("target/peers").join(&name);
        eprintln!("building {name}");
        let mut command = cargo();
        command.args(["build", "--release", "--locked", "--quiet", "--manifest-path"]);
        command.arg(root.join("xtask/peers").join(&name).join("Cargo.toml"));
        command.arg("--target-dir").arg(&target);
        process::run(&mut command).context("cargo build")?;
        Ok(target.join("release").join(format!("{name}-peer")))
    }

    /// The Python of a virtual environment with what the requirements file pins.
    fn environment(self, root: &Path) -> Result<PathBuf> {
        let name = name(self);
        let folder = root.join("target/peers").join(&name);
        let python = folder.join("bin/python");
        let requirements = root.join("xtask/peers/requirements").join(format!("{name}.txt"));
        let wanted = fs::read_to_string(&requirements)
            .with_context(|| format!("cannot read {}", requirements.display()))?;
        // Written at the end: an environment that was interrupted is made again.
        let installed = folder.join("installed.txt");
        if fs::read_to_string(&installed).is_ok_and(|found| found == wanted) {
            return Ok(python);
        }
        eprintln!("installing {name}");
        let mut venv = Command::new("python3");
        process::run(venv.args(["-m", "venv", "--clear"]).arg(&folder))
            .context("python3 -m venv")?;
        let mut pip = Command::new(&python);
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"]);
        process::run(pip.arg(&requirements)).context("pip install")?;
        write_atomic(&installed, wanted.as_bytes())?;
        Ok(python)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace;

    #[test]
    fn every_python_peer_has_pinned_requirements_and_every_rust_peer_a_lock_file() {
        let peers = workspace::root().join("xtask/peers");
        for &peer in Peer::value_variants() {
            let name = name(peer);
            if matches!(peer, Peer::Candle | Peer::Burn) {
                assert!(peers.join(&name).join("Cargo.lock").is_file(), "{name}");
                continue;
            }
            let file = peers.join("requirements").join(format!("{name}.txt"));
            let text = fs::read_to_string(file).unwrap();
            assert!(text.lines().all(|line| line.contains("==")), "{name}: {text}");
        }
    }
}
