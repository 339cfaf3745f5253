//! The compiler that makes WebAssembly: that of the installed Rust, or Debian's.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::workspace::cargo;

const TARGET: &str = "wasm32-unknown-unknown";
/// The profile in the workspace's Cargo.toml.
const PROFILE: &str = "playground";
/// Every browser since 2023 has 128-bit vectors.
const FLAGS: &str = "-C target-feature=+simd128";
/// Where Debian's packages are.
const DEBIAN_BIN: &str = "/usr/bin";
const DEBIAN_SOURCE: &str = "/usr/lib/rustlib/src/rust/library/std";

/// A compiler with what it needs beside.
pub(super) enum Toolchain {
    /// The Rust that runs this program, with the standard library of the target.
    Installed,
    /// Debian's, which compiles the standard library from its source, and links with this folder's rust-lld.
    Debian { linker: PathBuf },
}

impl Toolchain {
    /// The one that is there.
    ///
    /// # Errors
    /// What to install, if there is none.
    pub(super) fn find() -> Result<Self> {
        let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let library = printed(Command::new(&rustc).args(["--target", TARGET]), "target-libdir");
        if library.is_some_and(|folder| folder.is_dir()) {
            return Ok(Self::Installed);
        }
        let has = |name: &str| Path::new(DEBIAN_BIN).join(name).is_file();
        if has("rustc") && has("cargo") && Path::new(DEBIAN_SOURCE).is_dir() {
            let folder =
                printed(&mut Command::new(&rustc), "target-libdir").map(|it| it.join("../bin"));
            if let Some(linker) = folder.filter(|folder| folder.join("rust-lld").is_file()) {
                return Ok(Self::Debian { linker });
            }
        }
        bail!(
            "no compiler for {TARGET} was found: run `rustup target add {TARGET}`; where only Debian's packages can be had, \
             `apt-get install --no-install-recommends rustc-web cargo-web rust-web-src` beside a Rust of rustup, whose \
             rust-lld links"
        )
    }

    /// Compiles ae-playground; the path of the module.
    pub(super) fn compile(&self, root: &Path) -> Result<PathBuf> {
        let folder = root.join("target/playground");
        let mut command = match self {
            Self::Installed => cargo(),
            Self::Debian { linker } => debian(linker)?,
        };
        command.args(["rustc", "--lib", "--crate-type", "cdylib", "--package", "ae-playground"]);
        command.args(["--locked", "--profile", PROFILE, "--target", TARGET, "--target-dir"]);
        command.arg(&folder).current_dir(root).env("RUSTFLAGS", FLAGS);
        let status = command.status().context("cannot start cargo")?;
        ensure!(
            status.success(),
            "ae-playground could not be compiled; the compiler says why above"
        );
        Ok(folder.join(TARGET).join(PROFILE).join("ae_playground.wasm"))
    }
}

/// Debian's Cargo, with its compiler.
fn debian(linker: &Path) -> Result<Command> {
    let bin = Path::new(DEBIAN_BIN);
    let mut command = Command::new(bin.join("cargo"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(linker.to_owned()).chain(std::env::split_paths(&path));
    command.env("PATH", std::env::join_paths(folders)?).env("RUSTC", bin.join("rustc"));
    // Compiling the standard library counts as unstable.
    command.env("RUSTC_BOOTSTRAP", "1").arg("-Zbuild-std=std,panic_abort");
    Ok(command)
}

/// A path that the compiler prints.
fn printed(rustc: &mut Command, what: &str) -> Option<PathBuf> {
    let output = rustc.args(["--print", what]).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| PathBuf::from(text.trim()))
}

impl fmt::Display for Toolchain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Installed => "the installed Rust",
            Self::Debian { .. } => "Debian's Rust",
        })
    }
}
