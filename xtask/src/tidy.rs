//! The rules of `docs/style.md` that a program can check and no lint of the compiler or Clippy does.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::workspace::{Package, Purpose};

const MOST_LINES: usize = 400;

/// Where people write files; the rest of the repository is Cargo's or Git's.
const FOLDERS: &[&str] = &["crates", "docs", "tests", "xtask"];

// The needles below are cut in two so that this file passes its own examination.

/// Banned everywhere.
const BANNED: &[(&str, &str)] =
    &[(concat!("#[", "ignore"), "a test that does not run proves nothing")];

/// Banned outside tests. Clippy's `disallowed-methods` knows no such exception.
const BANNED_IN_CODE: &[(&str, &str)] = &[
    (concat!("fs::", "write("), "use ae_files::write_atomic: no reader may see half of a file"),
    (concat!("File::", "create("), "use ae_files::write_atomic: no reader may see half of a file"),
];

/// Dependencies that no source names, with the reason to have them.
const UNNAMED: &[(&str, &str)] = &[("gemm", "selects features of candle's matrix products")];

/// Beginnings of paths that exist on one machine only.
const MACHINE_PATHS: &[&str] =
    &[concat!("/ho", "me/"), concat!("/ro", "ot/"), concat!("/Use", "rs/"), concat!("/wo", "rk/")];

/// A text file of the repository.
struct Source {
    /// Relative to the workspace, with `/`.
    path: String,
    text: String,
}

/// What is untidy, one sentence each, beginning with the file.
pub(crate) fn problems(root: &Path, packages: &[Package]) -> Result<Vec<String>> {
    let mut sources = Vec::new();
    for folder in FOLDERS {
        collect(root, folder, &mut sources)?;
    }
    let mut problems: Vec<String> = sources.iter().flat_map(problems_of_source).collect();
    for package in packages {
        let manifest = fs::read_to_string(&package.manifest)
            .with_context(|| format!("cannot read {}", package.manifest.display()))?;
        problems.extend(problems_of_package(package, &manifest)?);
        problems.extend(unnamed_dependencies(package, root, &sources));
    }
    let page = "docs/architecture.md";
    let text =
        fs::read_to_string(root.join(page)).with_context(|| format!("cannot read {page}"))?;
    problems.extend(unnamed_packages(page, &text, packages));
    Ok(problems)
}

fn collect(root: &Path, folder: &str, sources: &mut Vec<Source>) -> Result<()> {
    let place = root.join(folder);
    let entries =
        fs::read_dir(&place).with_context(|| format!("cannot list {}", place.display()))?;
    for entry in entries {
        let entry = entry.with_context(|| format!("cannot list {}", place.display()))?;
        let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            collect(root, &path, sources)?;
        } else if [".rs", ".toml", ".md"].iter().any(|end| path.ends_with(end)) {
            let text = fs::read_to_string(entry.path())
                .with_context(|| format!("cannot read {}", entry.path().display()))?;
            sources.push(Source { path, text });
        }
    }
    Ok(())
}

fn problems_of_source(source: &Source) -> Vec<String> {
    let mut problems = Vec::new();
    for (number, line) in source.text.lines().enumerate() {
        for start in MACHINE_PATHS.iter().filter(|start| begins_a_path(line, start)) {
            problems.push(format!("line {}: {start} exists on one machine only", number + 1));
        }
    }
    if source.path.ends_with(".rs") {
        if !source.text.starts_with("//!") {
            problems.push("begin with a line that says what the file is for (`//!`)".to_owned());
        }
        let lines = source.text.lines().count();
        if lines > MOST_LINES {
            problems.push(format!("{lines} lines; split what is longer than {MOST_LINES}"));
        }
        // Examples in documentation may do what code may not.
        let is_code = |line: &&str| !line.trim_start().starts_with("//");
        let code: Vec<&str> = without_tests(source).lines().filter(is_code).collect();
        problems.extend(found(&source.text, BANNED));
        problems.extend(found(&code.join("\n"), BANNED_IN_CODE));
    }
    problems.iter().map(|problem| format!("{}: {problem}", source.path)).collect()
}

fn found(text: &str, banned: &[(&str, &str)]) -> Vec<String> {
    let is_found = |(needle, _): &&(&str, &str)| text.contains(needle);
    banned.iter().filter(is_found).map(|(needle, why)| format!("`{needle}`: {why}")).collect()
}

/// What stands before the module of tests at the end of a file; nothing of a file of tests.
fn without_tests(source: &Source) -> &str {
    if source.path.split('/').any(|part| part == "tests" || part == "tests.rs") {
        return "";
    }
    let attribute = "\n#[cfg(test)]\n";
    let is_module = |at: &usize| {
        let line = source.text[at + attribute.len()..].lines().next();
        line.is_some_and(|line| line.contains("mod ") && line.ends_with('{'))
    };
    let end = source.text.match_indices(attribute).map(|(at, _)| at).find(is_module);
    &source.text[..end.unwrap_or(source.text.len())]
}

fn begins_a_path(line: &str, start: &str) -> bool {
    let is_middle = |c: char| c.is_alphanumeric() || "_-./}".contains(c);
    line.match_indices(start).any(|(at, _)| !line[..at].ends_with(is_middle))
}

fn problems_of_package(package: &Package, manifest: &str) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    if package.description.is_none() {
        problems.push("has no description".to_owned());
    }
    if package.license.is_none() {
        problems.push("has no licence".to_owned());
    }
    let is_program = ["ae-cli", "xtask"].contains(&package.name.as_str());
    if !is_program && package.dependencies.iter().any(|other| other.name == "anyhow") {
        problems.push("uses anyhow; libraries have an error type of their own".to_owned());
    }
    let manifest: toml::Table =
        toml::from_str(manifest).with_context(|| package.manifest.display().to_string())?;
    for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
        for (name, value) in
            manifest.get(section).and_then(toml::Value::as_table).into_iter().flatten()
        {
            if value.get("workspace").and_then(toml::Value::as_bool) != Some(true) {
                problems.push(format!("{name}: versions stand in the workspace's Cargo.toml"));
            }
        }
    }
    Ok(problems.iter().map(|problem| format!("{}: {problem}", package.name)).collect())
}

/// Dependencies that the package's sources never name: they only make its users wait.
fn unnamed_dependencies(package: &Package, root: &Path, sources: &[Source]) -> Vec<String> {
    let folder = package.manifest.parent().and_then(|folder| folder.strip_prefix(root).ok());
    let Some(folder) = folder else { return Vec::new() };
    let prefix = format!("{}/src/", folder.display());
    let is_named = |name: &str| {
        let name = name.replace('-', "_");
        let mut own = sources.iter().filter(|source| source.path.starts_with(&prefix));
        own.any(|source| source.text.contains(&name))
    };
    let needed = package.dependencies.iter().filter(|other| other.purpose == Purpose::Use);
    needed
        .map(|other| other.name.as_str())
        .filter(|name| !UNNAMED.iter().any(|(known, _)| known == name) && !is_named(name))
        .map(|name| format!("{}: {name} is a dependency that no source names", package.name))
        .collect()
}

fn unnamed_packages(page: &str, text: &str, packages: &[Package]) -> Vec<String> {
    let names = packages.iter().map(|package| package.name.as_str());
    names
        .filter(|name| !text.contains(name))
        .map(|name| format!("{page}: names no {name}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace;

    #[test]
    fn the_workspace_is_tidy() {
        let root = workspace::root();
        let packages = workspace::packages(&root).unwrap();
        let problems = problems(&root, &packages).unwrap();
        assert!(problems.is_empty(), "untidy:\n{}", problems.join("\n"));
    }

    fn problems_of(path: &str, text: &str) -> Vec<String> {
        problems_of_source(&Source { path: path.to_owned(), text: text.to_owned() })
    }

    #[test]
    fn every_rule_finds_what_it_bans() {
        let long = format!("//! Long.\n{}", "\n".repeat(MOST_LINES));
        for (text, expected) in [
            ("fn main() {}", "begin with a line"),
            (long.as_str(), "401 lines"),
            (concat!("//! A.\n#[", "ignore]"), "a test that does not run"),
            (concat!("//! A.\n#[", "ignore = \"slow\"]"), "a test that does not run"),
            (concat!("//! A.\nfn f() { std::fs::", "write(a, b) }"), "write_atomic"),
            (concat!("//! A.\nfn f() { File::", "create(a) }"), "write_atomic"),
            (concat!("//! A.\nconst A: &str = \"/ho", "me/a\";"), "line 2: "),
        ] {
            let found = problems_of("crates/a/src/lib.rs", text);
            assert_eq!(found.len(), 1, "{text}: {found:?}");
            assert!(found[0].contains(expected), "{text}: {found:?}");
        }
        assert_eq!(problems_of("docs/a.md", concat!("see /wo", "rk/a")).len(), 1);
    }

    #[test]
    fn what_is_allowed_is_not_found() {
        let writes = concat!("//! A.\nfn f() { fs::", "write(a, b) }\n");
        let tested =
            concat!("//! A.\n\n#[cfg(test)]\nmod tests {\nfn f() { fs::", "write(a) }\n}\n");
        let inner = concat!("//! data/ho", "me/a {dir}/wo", "rk/b");
        for (path, text) in [
            ("crates/a/tests/a.rs", writes),
            ("crates/a/src/tests.rs", writes),
            ("crates/a/src/lib.rs", tested),
            ("crates/a/src/lib.rs", inner),
        ] {
            assert_eq!(problems_of(path, text), [""; 0], "{path}: {text}");
        }
    }

    #[test]
    fn manifests_are_complete_and_take_versions_from_the_workspace() {
        let package = Package::example("ae-new").with(Purpose::Use, &["anyhow"]);
        let manifest = "[dependencies]\nanyhow = \"1\"\nserde.workspace = true\n";
        let found = problems_of_package(&package, manifest).unwrap();
        assert_eq!(found.len(), 4, "{found:?}");
        assert_eq!(unnamed_packages("page", "ae-old", std::slice::from_ref(&package)).len(), 1);
        assert_eq!(unnamed_packages("page", "ae-new", &[package]), [""; 0]);
    }

    #[test]
    fn a_dependency_that_no_source_names_is_found() {
        let mut package = Package::example("ae-new").with(Purpose::Use, &["hf-hub", "gemm"]);
        package.manifest = "/r/crates/ae-new/Cargo.toml".into();
        let problems = |path: &str| {
            let source = Source { path: path.to_owned(), text: "use hf_hub::Api;".to_owned() };
            unnamed_dependencies(&package, Path::new("/r"), &[source])
        };
        assert_eq!(problems("crates/ae-new/src/lib.rs"), [""; 0]);
        let expected = "ae-new: hf-hub is a dependency that no source names";
        assert_eq!(problems("crates/ae-new-too/src/lib.rs"), [expected]);
    }
}
