//! Where the workspace is, and what Cargo says about its crates.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::json::Node;

/// A crate of the workspace.
#[derive(Debug, Clone)]
pub(crate) struct Package {
    pub(crate) name: String,
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

/// Builds `ae` for use, with Cargo's progress on standard error, and says where Cargo has put it.
pub(crate) fn build_ae(root: &Path) -> Result<PathBuf> {
    build(root, &["--package", "ae-cli"], "ae")
}

/// Builds what the arguments choose in the release profile, and says where this target of it is.
pub(crate) fn build(root: &Path, chosen: &[&str], target: &str) -> Result<PathBuf> {
    let output = cargo()
        .args(["build", "--release", "--locked"])
        .args(chosen)
        .args(["--message-format", "json-render-diagnostics", "--manifest-path"])
        .arg(root.join("Cargo.toml"))
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start cargo build")?;
    ensure!(output.status.success(), "{target} could not be built; the compiler says why above");
    executable(&String::from_utf8_lossy(&output.stdout), target)
        .with_context(|| format!("cargo build names no executable {target}"))
}

/// The path of a target in Cargo's messages, one JSON object a line.
fn executable(messages: &str, target: &str) -> Option<PathBuf> {
    messages.lines().find_map(|line| {
        let message = serde_json::from_str(line).ok()?;
        let message = Node::root(&message);
        let name = message.optional("target")?.field("name").ok()?.text().ok()?;
        let path = message.optional("executable")?.text().ok()?;
        (name == target).then(|| path.into())
    })
}

/// The workspace's crates, sorted by name.
pub(crate) fn packages(root: &Path) -> Result<Vec<Package>> {
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
    let metadata = serde_json::from_slice(&output.stdout).context("cargo metadata")?;
    let mut packages = Node::root(&metadata).field("packages")?.list(package)?;
    packages.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(packages)
}

fn package(node: &Node<'_>) -> Result<Package> {
    let text = |key: &str| node.optional(key).map(|value| value.text()).transpose();
    Ok(Package {
        name: node.field("name")?.text()?,
        description: text("description")?,
        license: text("license")?,
        manifest: node.field("manifest_path")?.text()?.into(),
        dependencies: node.field("dependencies")?.list(dependency)?,
    })
}

fn dependency(node: &Node<'_>) -> Result<Dependency> {
    let kind = node.optional("kind").map(|kind| kind.text()).transpose()?;
    let purpose = if kind.as_deref() == Some("dev") { Purpose::Development } else { Purpose::Use };
    Ok(Dependency { name: node.field("name")?.text()?, purpose })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_s_messages_name_the_executable() {
        let messages = r#"{"reason":"compiler-artifact","target":{"name":"ae"},"executable":null}
{"reason":"compiler-artifact","target":{"name":"other"},"executable":"/t/other"}
{"reason":"compiler-artifact","target":{"name":"ae"},"executable":"/t/release/ae"}
{"reason":"build-finished","success":true}
"#;
        assert_eq!(executable(messages, "ae"), Some("/t/release/ae".into()));
        assert_eq!(executable("not json", "ae"), None);
    }
}
