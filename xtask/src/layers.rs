//! Which crate may depend on which: arrows point down only.

use std::collections::{BTreeMap, BTreeSet};

use crate::workspace::{Package, Purpose};

/// Every crate with the crates of the workspace that it may use, from the bottom to the top.
const LAYERS: &[(&str, &[&str])] = &[
    ("ae-files", &[]),
    ("ae-kernels", &[]),
    ("ae-random", &[]),
    ("ae-snapshot", &[]),
    ("ae-corruption", &["ae-random"]),
    ("ae-dataset", &["ae-files", "ae-random"]),
    ("ae-models", &["ae-files", "ae-kernels", "ae-random"]),
    (
        "ae-training",
        &["ae-corruption", "ae-dataset", "ae-files", "ae-kernels", "ae-models", "ae-random"],
    ),
    (
        "ae-analysis",
        &[
            "ae-corruption",
            "ae-dataset",
            "ae-files",
            "ae-kernels",
            "ae-models",
            "ae-random",
            "ae-training",
        ],
    ),
    ("ae-compression", &["ae-kernels"]),
    ("ae-report", &["ae-files", "ae-training"]),
    (
        "ae-apply",
        &[
            "ae-analysis",
            "ae-compression",
            "ae-corruption",
            "ae-dataset",
            "ae-files",
            "ae-models",
            "ae-random",
            "ae-training",
        ],
    ),
    (
        "ae-experiment",
        &[
            "ae-analysis",
            "ae-apply",
            "ae-corruption",
            "ae-dataset",
            "ae-files",
            "ae-models",
            "ae-random",
            "ae-report",
            "ae-training",
        ],
    ),
    (
        "ae-studies",
        &[
            "ae-analysis",
            "ae-apply",
            "ae-compression",
            "ae-corruption",
            "ae-dataset",
            "ae-experiment",
            "ae-files",
            "ae-models",
            "ae-random",
            "ae-report",
            "ae-training",
        ],
    ),
    (
        "ae-cli",
        &[
            "ae-analysis",
            "ae-apply",
            "ae-compression",
            "ae-corruption",
            "ae-dataset",
            "ae-experiment",
            "ae-files",
            "ae-models",
            "ae-random",
            "ae-report",
            "ae-studies",
            "ae-training",
        ],
    ),
    ("xtask", &[]),
];

/// What contradicts the table, one sentence each.
///
/// Tests may use any crate that does not, in turn, depend on theirs; those of xtask none.
pub(crate) fn problems(packages: &[Package]) -> Vec<String> {
    let table: BTreeMap<&str, &[&str]> = LAYERS.iter().copied().collect();
    let names: BTreeSet<&str> = packages.iter().map(|package| package.name.as_str()).collect();
    let mut problems = Vec::new();
    for name in table.keys().filter(|name| !names.contains(*name)) {
        problems.push(format!("the table names {name}, which does not exist"));
    }
    for package in packages {
        let Some(allowed) = table.get(package.name.as_str()) else {
            problems.push(format!("{} is not in the table; give it a layer", package.name));
            continue;
        };
        for dependency in package.dependencies.iter().filter(|d| names.contains(&*d.name)) {
            let name = dependency.name.as_str();
            if dependency.purpose == Purpose::Use && !allowed.contains(&name) {
                problems.push(format!("{} must not depend on {name}", package.name));
            }
            if dependency.purpose == Purpose::Development
                && (package.name == "xtask" || reaches(&table, name, &package.name))
            {
                problems.push(format!("tests of {} must not depend on {name}", package.name));
            }
        }
    }
    problems
}

/// Whether `from` is `to` or may depend on it, directly or not.
fn reaches(table: &BTreeMap<&str, &[&str]>, from: &str, to: &str) -> bool {
    let below = table.get(from).copied().unwrap_or_default();
    from == to || below.iter().any(|next| reaches(table, next, to))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::{self, Dependency};

    /// A crate for every row of the table, which depends on all that it may.
    fn packages() -> Vec<Package> {
        let package = |&(name, allowed): &(&str, &[&str])| Package {
            name: name.to_owned(),
            description: None,
            license: None,
            manifest: "Cargo.toml".into(),
            dependencies: allowed.iter().map(|name| depends(name, Purpose::Use)).collect(),
        };
        LAYERS.iter().map(package).collect()
    }

    fn depends(name: &str, purpose: Purpose) -> Dependency {
        Dependency { name: name.to_owned(), purpose }
    }

    fn problems_with(from: &str, to: &str, purpose: Purpose) -> Vec<String> {
        let mut packages = packages();
        let package = packages.iter_mut().find(|package| package.name == from).unwrap();
        package.dependencies.push(depends(to, purpose));
        problems(&packages)
    }

    #[test]
    fn the_workspace_keeps_to_the_table() {
        let packages = workspace::packages(&workspace::root()).unwrap();
        assert_eq!(problems(&packages), [""; 0]);
    }

    #[test]
    fn upward_sideways_and_foreign_edges_are_found() {
        for (from, to) in [
            ("ae-random", "ae-models"),
            ("ae-dataset", "ae-models"),
            ("xtask", "ae-files"),
            ("ae-cli", "ae-training"),
        ] {
            let found = problems_with(from, to, Purpose::Use);
            assert_eq!(found, [format!("{from} must not depend on {to}")]);
        }
        assert_eq!(problems_with("ae-random", "serde", Purpose::Use), [""; 0]);
    }

    #[test]
    fn tests_may_reach_sideways_but_not_upwards() {
        let dev = Purpose::Development;
        assert_eq!(problems_with("ae-models", "ae-dataset", dev), [""; 0]);
        assert_eq!(problems_with("ae-cli", "ae-snapshot", dev), [""; 0]);
        for (from, to) in
            [("ae-random", "ae-training"), ("ae-files", "ae-files"), ("xtask", "ae-files")]
        {
            let found = problems_with(from, to, dev);
            assert_eq!(found, [format!("tests of {from} must not depend on {to}")]);
        }
    }

    #[test]
    fn crates_and_rows_belong_together() {
        let mut packages = packages();
        packages[0].name = "ae-new".to_owned();
        let found = problems(&packages);
        assert!(found.contains(&"ae-new is not in the table; give it a layer".to_owned()));
        assert!(found.contains(&"the table names ae-files, which does not exist".to_owned()));
    }
}
