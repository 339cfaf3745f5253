//! Every crate builds from its package alone, as a user of crates.io gets it.
//!
//! `cargo package` writes the packages. They are unpacked into a workspace of their own, whose profiles and lock
//! file are ours, so that the compiled dependencies of the other steps serve again.

use std::fs;
use std::path::Path;
use std::process::Command;

use ae_files::write_atomic;
use anyhow::{Context, Result, ensure};
use toml::{Table, Value};

use super::{Ending, finish, report};
use crate::workspace::{self, Package, cargo};

/// Where `cargo package` leaves the packages, and where they are unpacked.
const PACKAGES: &str = "target/package";
const UNPACKED: &str = "target/package/unpacked";

/// What a package of a library or program holds beside its sources.
const FILES: [&str; 3] = ["LICENSE-MIT", "LICENSE-APACHE", "README.md"];

/// Packages all crates that can be published, unpacks them and checks them.
pub(super) fn check(root: &Path) -> Result<Ending> {
    let packages = workspace::packages(root)?;
    let published: Vec<&Package> = packages.iter().filter(|package| package.published).collect();
    let unpacked = root.join(UNPACKED);
    if unpacked.exists() {
        fs::remove_dir_all(&unpacked).with_context(|| unpacked.display().to_string())?;
    }
    fs::create_dir_all(&unpacked).with_context(|| unpacked.display().to_string())?;
    // What can be packaged is what is tracked or new; an uncommitted change is checked too.
    let mut command = cargo();
    command.current_dir(root).args(["package", "--quiet", "--offline", "--no-verify"]);
    command.args(["--allow-dirty", "--no-metadata"]);
    for package in &published {
        command.args(["--package", &package.name]);
    }
    if let Ending::Failed = finish(&mut command)? {
        return Ok(Ending::Failed);
    }
    let mut missing = Vec::new();
    for package in &published {
        unpack(root, package)?;
        let folder = unpacked.join(package.folder());
        let absent = FILES.iter().filter(|file| !folder.join(file).is_file());
        missing.extend(absent.map(|file| format!("{}: {file} is not packaged", package.name)));
    }
    let manifest = fs::read_to_string(root.join("Cargo.toml")).context("Cargo.toml")?;
    let manifest = workspace_of_packages(&manifest, &published)?;
    write_atomic(&unpacked.join("Cargo.toml"), manifest.as_bytes())?;
    fs::copy(root.join("Cargo.lock"), unpacked.join("Cargo.lock")).context("Cargo.lock")?;
    let mut command = cargo();
    command.current_dir(&unpacked).args(["check", "--offline", "--workspace", "--examples"]);
    command.args(["--lib", "--bins", "--target-dir"]).arg(root.join("target"));
    match finish(&mut command)? {
        Ending::Passed => Ok(report(&missing)),
        ending => Ok(ending),
    }
}

fn unpack(root: &Path, package: &Package) -> Result<()> {
    let file = root.join(PACKAGES).join(format!("{}.crate", package.folder()));
    let mut tar = Command::new("tar");
    // -m: with the times of the packages, which are all the same, cargo would take changed files for unchanged ones.
    tar.arg("-xzmf").arg(&file).arg("-C").arg(root.join(UNPACKED));
    let status = tar.status().context("cannot start tar")?;
    ensure!(status.success(), "tar could not unpack {}", file.display());
    Ok(())
}

/// A manifest with our profiles, in which the packages find each other.
fn workspace_of_packages(manifest: &str, packages: &[&Package]) -> Result<String> {
    let ours: Table = toml::from_str(manifest).context("Cargo.toml")?;
    let path = |package: &&Package| {
        let path = Table::from_iter([("path".to_owned(), Value::from(package.folder()))]);
        (package.name.clone(), Value::from(path))
    };
    let mut result: Table =
        toml::from_str("workspace = { resolver = \"3\", members = [\"ae-*\"] }")?;
    let patch = Table::from_iter(packages.iter().map(path));
    result.insert(
        "patch".to_owned(),
        Table::from_iter([("crates-io".to_owned(), patch.into())]).into(),
    );
    result.extend(ours.into_iter().filter(|(key, _)| key == "profile"));
    Ok(toml::to_string(&result)?)
}
