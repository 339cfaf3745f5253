//! Which crate uses which: the arrows point down only, and the table says exactly which there are.

use std::collections::{BTreeMap, BTreeSet};

use crate::workspace::{Package, Purpose};

/// Every crate with the crates of the workspace that it uses, from the bottom to the top.
const LAYERS: &str = "
ae-files:
ae-kernels:
ae-random:
ae-report:
ae-snapshot:
ae-compression: ae-kernels
ae-corruption: ae-random
ae-analysis: ae-corruption ae-kernels
ae-dataset: ae-files ae-random
ae-mpi: ae-kernels
ae-models: ae-files ae-kernels ae-random
ae-training: ae-corruption ae-dataset ae-files ae-kernels ae-models ae-random
ae-apply: ae-analysis ae-compression ae-corruption ae-dataset ae-files ae-models ae-random ae-training
ae-experiment: ae-analysis ae-apply ae-corruption ae-dataset ae-files ae-models ae-random ae-report ae-training
ae-serve: ae-analysis ae-apply ae-corruption ae-dataset ae-files ae-models ae-random ae-report
ae-playground: ae-apply ae-models ae-serve
ae-studies: ae-analysis ae-apply ae-compression ae-corruption ae-dataset ae-experiment ae-files ae-models ae-random ae-report ae-training
ae-cli: ae-analysis ae-apply ae-compression ae-corruption ae-dataset ae-experiment ae-files ae-models ae-mpi ae-random ae-report ae-serve ae-studies ae-training
xtask: ae-files
";

/// The rows of the table: a crate, and those that it uses.
fn layers() -> Vec<(&'static str, BTreeSet<&'static str>)> {
    let rows = LAYERS.lines().filter_map(|line| line.split_once(':'));
    rows.map(|(name, used)| (name, used.split_whitespace().collect())).collect()
}

/// What contradicts the table, one sentence each.
///
/// Tests may use any crate that does not, in turn, depend on theirs; those of xtask no further one.
pub(crate) fn problems(packages: &[Package]) -> Vec<String> {
    let table = BTreeMap::from_iter(layers());
    let names: BTreeSet<&str> = packages.iter().map(|package| package.name.as_str()).collect();
    let mut problems = Vec::new();
    for name in table.keys().filter(|name| !names.contains(*name)) {
        problems.push(format!("the table names {name}, which does not exist"));
    }
    for package in packages {
        let name = &package.name;
        let Some(listed) = table.get(name.as_str()) else {
            problems.push(format!("{name} is not in the table; give it a layer"));
            continue;
        };
        let used = package.uses(Purpose::Use, &names);
        for other in used.difference(listed) {
            problems.push(format!("{name} uses {other}, which its layer does not list"));
        }
        for other in listed.difference(&used) {
            problems.push(format!("{name} does not use {other}, which its layer lists"));
        }
        for other in package.uses(Purpose::Development, &names) {
            if name == "xtask" || reaches(&table, other, name) {
                problems.push(format!("tests of {name} must not use {other}"));
            }
        }
    }
    problems
}

/// Whether `from` is `to` or uses it, directly or not.
fn reaches(table: &BTreeMap<&str, BTreeSet<&str>>, from: &str, to: &str) -> bool {
    let mut below = table.get(from).into_iter().flatten();
    from == to || below.any(|next| reaches(table, next, to))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace;

    /// A crate for every row of the table.
    fn packages() -> Vec<Package> {
        let package = |(name, used): (&str, BTreeSet<&str>)| {
            Package::example(name).with(Purpose::Use, &Vec::from_iter(used))
        };
        layers().into_iter().map(package).collect()
    }

    fn problems_with(from: &str, to: &str, purpose: Purpose) -> Vec<String> {
        let mut packages = packages();
        let package = packages.iter_mut().find(|package| package.name == from).unwrap();
        *package = package.clone().with(purpose, &[to]);
        problems(&packages)
    }

    #[test]
    fn the_workspace_is_as_the_table_says() {
        let packages = workspace::packages(&workspace::root()).unwrap();
        assert_eq!(problems(&packages), [""; 0]);
    }

    #[test]
    fn a_row_of_the_table_names_only_rows_above_it() {
        let mut above = BTreeSet::new();
        for (name, used) in layers() {
            assert!(used.is_subset(&above), "{name}");
            above.insert(name);
        }
    }

    #[test]
    fn an_edge_that_the_table_does_not_list_is_found() {
        for (from, to) in
            [("ae-random", "ae-models"), ("ae-dataset", "ae-models"), ("xtask", "ae-report")]
        {
            let found = problems_with(from, to, Purpose::Use);
            assert_eq!(found, [format!("{from} uses {to}, which its layer does not list")]);
        }
        assert_eq!(problems_with("ae-random", "serde", Purpose::Use), [""; 0]);
    }

    #[test]
    fn an_edge_that_is_listed_and_not_used_is_found() {
        let mut packages = packages();
        let package = packages.iter_mut().find(|package| package.name == "ae-dataset").unwrap();
        package.dependencies.retain(|dependency| dependency.name != "ae-files");
        let expected = "ae-dataset does not use ae-files, which its layer lists";
        assert_eq!(problems(&packages), [expected]);
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
            assert_eq!(found, [format!("tests of {from} must not use {to}")]);
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
