//! Columns by name or by number, and the errors about columns that do not fit.

use super::*;

fn header(names: &[&str]) -> Option<Vec<String>> {
    Some(names.iter().map(|&name| name.to_owned()).collect())
}

fn options(label: Option<&str>, drop: &[&str]) -> ReadOptions {
    ReadOptions {
        label_column: label.map(str::to_owned),
        drop_columns: drop.iter().map(|&name| name.to_owned()).collect(),
        ..ReadOptions::default()
    }
}

fn scaling(names: Option<Vec<String>>, columns: usize, left_out: &[&str]) -> Scaling {
    Scaling {
        names,
        minimum: vec![0.0; columns],
        maximum: vec![1.0; columns],
        left_out: left_out.iter().map(|&name| name.to_owned()).collect(),
        ..Scaling::default()
    }
}

const NUMBERS: [Role; 3] = [Role::Number(0), Role::Number(1), Role::Number(2)];

#[test]
fn columns_are_named_by_name_or_number() {
    let columns = Columns::to_learn(header(&["", "x", "c"]), 3, &options(Some("c"), &["1"]));
    assert_eq!(columns.unwrap().roles, [Role::LeftOut, Role::Number(0), Role::Class]);
    let columns = Columns::to_learn(None, 3, &options(Some("3"), &["1"])).unwrap();
    assert_eq!(columns.roles, [Role::LeftOut, Role::Number(0), Role::Class]);
    assert_eq!(columns.with_role(Role::LeftOut), ["1"]);
    let told = |header, options| {
        Columns::to_learn(header, 3, &options).map(|_| ()).unwrap_err().to_string()
    };
    let names = ["x", "y", "x"];
    assert_eq!(
        told(header(&names), options(None, &[])),
        "columns 1 and 3 are both named `x`; give each its own name"
    );
    assert_eq!(
        told(header(&["x", "y", "c"]), options(Some("k"), &[])),
        "no column is named `k`; there are x, y, c"
    );
    assert!(told(None, options(Some("k"), &[])).contains("no column `k`"));
    assert!(told(None, options(Some("4"), &[])).contains("no column `4`"));
    assert!(told(None, options(Some("1"), &["1"])).contains("column 1 is both"));
    assert!(told(None, options(Some("1"), &["2", "3"])).contains("no columns of numbers are left"));
    // Columns that are left out may share a name.
    Columns::to_learn(header(&names), 3, &options(None, &["3"])).unwrap();
}

#[test]
fn a_list_is_left_out_by_its_name_also_where_it_is_missing() {
    let drop = || options(None, &["v"]);
    let columns = Columns::to_learn(header(&["v[0]", "x", "v[1]", "v[x]"]), 4, &drop()).unwrap();
    assert_eq!(columns.with_role(Role::LeftOut), ["v[0]", "v[1]"]);
    // A column of this name is meant before a list.
    let columns = Columns::to_learn(header(&["v[0]", "v"]), 2, &drop()).unwrap();
    assert_eq!(columns.with_role(Role::LeftOut), ["v"]);
    let model = scaling(header(&["x"]), 1, &["v[0]", "v[1]"]);
    for names in [&["x"][..], &["v[1]", "x", "v[0]"]] {
        let columns = Columns::to_apply(header(names), names.len(), &drop(), &model).unwrap();
        assert_eq!(columns.count(), 1);
    }
    let told = Columns::to_learn(header(&["x", "y"]), 2, &drop()).unwrap_err().to_string();
    assert_eq!(told, "no column is named `v`; there are x, y");
}

#[test]
fn columns_are_put_into_the_models_order() {
    let model = scaling(header(&["x", "y"]), 2, &["c", ""]);
    let of = |names: &[&str], options: ReadOptions| {
        Columns::to_apply(header(names), names.len(), &options, &model).map_err(|e| e.to_string())
    };
    let columns = of(&["y", "c", "x"], options(Some("c"), &[])).unwrap();
    assert_eq!(columns.roles, [Role::Number(1), Role::Class, Role::Number(0)]);
    assert!(columns.reordered);
    // The first column of the training table was left out by its number.
    let columns = of(&["x", "y"], options(Some("c"), &["1"])).unwrap();
    assert_eq!((columns.roles.as_slice(), columns.reordered), (&NUMBERS[..2], false));
    let columns = of(&["", "x", "y"], options(None, &[])).unwrap();
    assert_eq!(columns.roles, [Role::LeftOut, Role::Number(0), Role::Number(1)]);
    let missing = of(&["y", "z"], options(None, &[])).unwrap_err();
    assert!(missing.contains("`x`"), "{missing}");
    let unknown = of(&["x", "z", "y"], options(None, &[])).unwrap_err();
    assert!(unknown.contains("`z`") && unknown.contains("--drop-columns"), "{unknown}");
    of(&["x", "z", "y"], options(None, &["z"])).unwrap();
    assert!(of(&["x", "y", "x"], options(None, &[])).unwrap_err().contains("both named `x`"));
}

#[test]
fn without_names_the_order_decides() {
    let model = scaling(None, 2, &["3"]);
    let of = |fields, options: ReadOptions| {
        Columns::to_apply(None, fields, &options, &model).map(|columns| columns.roles)
    };
    assert_eq!(of(2, options(Some("3"), &[])).unwrap(), NUMBERS[..2]);
    let labelled = [Role::Number(0), Role::Number(1), Role::Class];
    assert_eq!(of(3, options(Some("3"), &[])).unwrap(), labelled);
    assert_eq!(of(3, options(None, &[])).unwrap()[2], Role::LeftOut);
    let error = of(4, options(None, &[])).unwrap_err().to_string();
    assert!(error.starts_with("4 columns of numbers, but the model takes 2"), "{error}");
    assert!(of(2, options(Some("9"), &[])).is_err());
}
