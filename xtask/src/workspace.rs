//! Where the workspace is, and what Cargo says about its crates.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// A crate of the workspace.
#[derive(Debug, Clone)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    /// Whether it may be given to a registry.
    pub(crate) published: bool,
    pub(crate) description: Option<String>,
    pub(crate) license: Option<String>,
    pub(crate) manifest: PathBuf,
    pub(crate) dependencies: Vec<Dependency>,
}

/// A crate that another one names in its manifest.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    pub(crate) purpose: Purpose,
}

/// What a dependency is for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Purpose {
    /// The crate itself, or its build script.
    Use,
    /// Tests, benchmarks and examples.
    Development,
}

impl Package {
    /// The folder in its package: name and version.
    pub(crate) fn folder(&self) -> String {
        format!("{}-{}", self.name, self.version)
    }

    /// Those of these crates that it needs for this purpose.
    pub(crate) fn uses<'a>(
        &self,
        purpose: Purpose,
        among: &BTreeSet<&'a str>,
    ) -> BTreeSet<&'a str> {
        let needed = |name: &&&str| {
            let mut dependencies = self.dependencies.iter();
            dependencies.any(|other| other.name == **name && other.purpose == purpose)
        };
        among.iter().filter(needed).copied().collect()
    }

    /// A crate that depends on nothing.
    #[cfg(test)]
    pub(crate) fn example(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            version: "0.1.0".to_owned(),
            published: true,
            description: None,
            license: None,
            manifest: "Cargo.toml".into(),
            dependencies: Vec::new(),
        }
    }

    /// The same crate with more dependencies.
    #[cfg(test)]
    pub(crate) fn with(mut self, purpose: Purpose, names: &[&str]) -> Self {
        let dependency = |name: &&str| Dependency { name: (*name).to_owned(), purpose };
        self.dependencies.extend(names.iter().map(dependency));
        self
    }
}

/// The workspace's folder, whichever folder the command was started in.
pub(crate) fn root() -> PathBuf {
    // Cargo sets the variable for what it runs; the other is for a binary that is started directly.
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let mut folder = manifest.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")));
    folder.pop();
    folder
}

/// The Cargo that started this program, with the environment that a person's shell gives it.
///
/// What Cargo has told this program about itself (`CARGO_PKG_NAME`, ...) would make build scripts that
/// watch these variables run again, and minutes of compiling with them, at every change between
/// `cargo build` and `cargo xtask`.
pub(crate) fn cargo() -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let about_us =
        ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_", "CARGO_PRIMARY_"];
    for (name, _) in std::env::vars_os() {
        if about_us.iter().any(|prefix| name.to_string_lossy().starts_with(prefix)) {
            cargo.env_remove(name);
        }
    }
    cargo
}

/// Builds what the arguments choose in the release profile; the folder of the executables.
pub(crate) fn build(root: &Path, chosen: &[&str]) -> Result<PathBuf> {
    let mut command = cargo();
    command.args(["build", "--release", "--locked"]).args(chosen).arg("--manifest-path");
    let status = command.arg(root.join("Cargo.toml")).status().context("cannot start cargo")?;
    ensure!(
        status.success(),
        "{} could not be built; the compiler says why above",
        chosen.join(" ")
    );
    let target = metadata(root)?["target_directory"].as_str().map(PathBuf::from);
    Ok(target.context("cargo metadata names no target_directory")?.join("release"))
}

fn metadata(root: &Path) -> Result<Value> {
    let output = cargo()
        .args(["metadata", "--format-version", "1", "--no-deps", "--manifest-path"])
        .arg(root.join("Cargo.toml"))
        .output()
        .context("cannot start cargo metadata")?;
    ensure!(
        output.status.success(),
        "cargo metadata failed: {}",
        String::from_utf8_lossy(&output.stderr).trim()
    );
    serde_json::from_slice(&output.stdout).context("cargo metadata")
}

/// The workspace's crates, sorted by name.
pub(crate) fn packages(root: &Path) -> Result<Vec<Package>> {
    let metadata = metadata(root)?;
    let packages = metadata["packages"].as_array().context("cargo metadata lists no packages")?;
    let mut packages: Vec<Package> = packages.iter().map(package).collect();
    packages.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(packages)
}

fn package(value: &Value) -> Package {
    let text = |key: &str| value[key].as_str().map(str::to_owned);
    Package {
        name: text("name").unwrap_or_default(),
        version: text("version").unwrap_or_default(),
        // A list of registries, or nothing: all of them.
        published: value["publish"].as_array().is_none_or(|registries| !registries.is_empty()),
        description: text("description"),
        license: text("license"),
        manifest: text("manifest_path").unwrap_or_default().into(),
        dependencies: value["dependencies"]
            .as_array()
            .into_iter()
            .flatten()
            .map(dependency)
            .collect(),
    }
}

fn dependency(value: &Value) -> Dependency {
    let purpose = if value["kind"] == "dev" { Purpose::Development } else { Purpose::Use };
    Dependency { name: value["name"].as_str().unwrap_or_default().to_owned(), purpose }
}
