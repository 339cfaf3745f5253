//! The roles of a table's columns: numbers for the model, classes, or left out.

use std::collections::{BTreeMap, BTreeSet};

use crate::{FormatError, MissingCells, ReadOptions, Scaling, TableInfo};

/// The role of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// The number at this index of the model's row.
    Number(usize),
    /// The class.
    Class,
    /// Not read.
    LeftOut,
}

/// The columns of a table. A *field* is a column's index in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Columns {
    /// The role of each field.
    pub(crate) roles: Vec<Role>,
    /// The header: one name for each field.
    header: Option<Vec<String>>,
    /// Whether the model's columns are in another order than the model's.
    pub(crate) reordered: bool,
}

impl Columns {
    /// The columns of a table for training.
    ///
    /// # Errors
    /// If the options name a column that does not exist, two columns have the same name, or no column is left.
    pub(crate) fn to_learn(
        header: Option<Vec<String>>,
        fields: usize,
        options: &ReadOptions,
    ) -> Result<Self, FormatError> {
        let find = |name: &String| find(header.as_deref(), fields, name);
        let label = options.label_column.as_ref().map(find).transpose()?;
        let left_out = dropped(header.as_deref().unwrap_or_default(), options);
        let left_out = left_out.iter().map(find).collect::<Result<Vec<_>, _>>()?;
        if let Some(label) = label.filter(|label| left_out.contains(label)) {
            return Err(FormatError::LabelLeftOut { column: described(header.as_deref(), label) });
        }
        let columns = Self { roles: roles(fields, label, &left_out), header, reordered: false };
        columns.check_names(|role| role != Role::LeftOut)?;
        if columns.count() == 0 {
            return Err(FormatError::NoColumns);
        }
        Ok(columns)
    }

    /// The columns of a table that a trained model is applied to. They are matched by name if the model and the table
    /// have names, otherwise by order.
    ///
    /// # Errors
    /// As [`to_learn`](Self::to_learn); also if a column of the model is missing, or if there is a column that the model
    /// does not know and that was not left out in training.
    pub(crate) fn to_apply(
        header: Option<Vec<String>>,
        fields: usize,
        options: &ReadOptions,
        scaling: &Scaling,
    ) -> Result<Self, FormatError> {
        match (header, scaling.names.as_deref()) {
            (Some(header), Some(names)) => Self::by_name(header, names, options, scaling),
            (header, _) => Self::by_place(header, fields, options, scaling),
        }
    }

    fn by_name(
        header: Vec<String>,
        names: &[String],
        options: &ReadOptions,
        scaling: &Scaling,
    ) -> Result<Self, FormatError> {
        let places: BTreeMap<&String, usize> = names.iter().zip(0..).collect();
        let place = |name: &String| places.get(name).copied();
        let present: BTreeSet<&String> = header.iter().collect();
        let missing: Vec<&str> =
            names.iter().filter(|name| !present.contains(name)).map(String::as_str).collect();
        if !missing.is_empty() {
            return Err(FormatError::MissingColumns {
                missing: quoted(&missing),
                found: shown(&header),
            });
        }
        let mut roles: Vec<Role> =
            header.iter().map(|name| place(name).map_or(Role::LeftOut, Role::Number)).collect();
        let wanted = |name: &String| match find(Some(&header), header.len(), name) {
            // A number may refer to another column than in the training table.
            Ok(found) => Ok(Some(found).filter(|&found| place(&header[found]).is_none())),
            Err(_) if scaling.left_out.contains(name) => Ok(None),
            Err(error) => Err(error),
        };
        let label = options.label_column.as_ref().map(wanted).transpose()?.flatten();
        // The table may lack what was left out in training.
        let known: Vec<String> = header.iter().chain(&scaling.left_out).cloned().collect();
        let asked = dropped(&known, options);
        let asked = asked.iter().map(wanted).collect::<Result<Vec<_>, _>>()?;
        let unknown: Vec<&str> = header
            .iter()
            .enumerate()
            .filter(|&(field, name)| {
                roles[field] == Role::LeftOut
                    && !scaling.left_out.contains(name)
                    && label != Some(field)
                    && !asked.contains(&Some(field))
            })
            .map(|(_, name)| name.as_str())
            .collect();
        if !unknown.is_empty() {
            return Err(FormatError::UnknownColumns { unknown: quoted(&unknown) });
        }
        if let Some(label) = label {
            roles[label] = Role::Class;
        }
        let places = roles.iter().filter_map(|role| match role {
            Role::Number(place) => Some(*place),
            _ => None,
        });
        let reordered = !places.is_sorted();
        let columns = Self { roles, header: Some(header), reordered };
        columns.check_names(|role| matches!(role, Role::Number(_)))?;
        Ok(columns)
    }

    fn by_place(
        header: Option<Vec<String>>,
        fields: usize,
        options: &ReadOptions,
        scaling: &Scaling,
    ) -> Result<Self, FormatError> {
        let expected = scaling.columns();
        let known = header.iter().flatten().chain(&scaling.left_out).cloned();
        let drop_columns = dropped(&known.collect::<Vec<_>>(), options);
        let asked = || options.label_column.iter().chain(&drop_columns);
        // The classes, and the columns that were left out in training, may be missing.
        if fields == expected && asked().all(|name| scaling.left_out.contains(name)) {
            return Ok(Self { roles: roles(fields, None, &[]), header, reordered: false });
        }
        let wanted = |name: &String| match find(header.as_deref(), fields, name) {
            Err(_) if scaling.left_out.contains(name) => Ok(None),
            found => found.map(Some),
        };
        let label = options.label_column.as_ref().map(wanted).transpose()?.flatten();
        let mut left_out = Vec::new();
        for name in &drop_columns {
            left_out.extend(wanted(name)?);
        }
        if label.is_none() && left_out.is_empty() && fields == expected + scaling.left_out.len() {
            let known = scaling.left_out.iter().filter_map(|name| wanted(name).ok().flatten());
            left_out.extend(known);
        }
        let columns = Self { roles: roles(fields, label, &left_out), header, reordered: false };
        match columns.count() {
            found if found == expected => Ok(columns),
            found => Err(FormatError::ColumnCount { expected, found }),
        }
    }

    /// The number of columns of numbers.
    pub(crate) fn count(&self) -> usize {
        self.roles.iter().filter(|role| matches!(role, Role::Number(_))).count()
    }

    /// The names of the columns of numbers, in the table's order, if there is a header.
    pub(crate) fn names(&self) -> Option<Vec<String>> {
        let header = self.header.as_ref()?;
        let fields = header.iter().zip(&self.roles);
        Some(
            fields
                .filter(|(_, role)| matches!(role, Role::Number(_)))
                .map(|(name, _)| name.clone())
                .collect(),
        )
    }

    /// The names of the columns with a role; their numbers if there is no header.
    pub(crate) fn with_role(&self, role: Role) -> Vec<String> {
        let fields = self.roles.iter().enumerate().filter(|(_, other)| **other == role);
        fields.map(|(field, _)| self.name(field)).collect()
    }

    /// "8 columns of numbers and 1 of text (column 1)".
    #[cfg(feature = "tables")]
    pub(crate) fn counted(&self, texts: &[bool]) -> String {
        let is_number = |field: usize| matches!(self.roles[field], Role::Number(_));
        let texts = texts.iter().zip(0..).filter(|&(&text, field)| text && is_number(field));
        let texts: Vec<usize> = texts.map(|(_, field)| field).collect();
        let numbers = self.count() - texts.len();
        let plural = if numbers == 1 { "" } else { "s" };
        let numbers = format!("{numbers} column{plural} of numbers");
        if texts.is_empty() {
            return numbers;
        }
        let named: Vec<String> = texts.iter().take(5).map(|&field| self.described(field)).collect();
        let more = if texts.len() > named.len() { ", ..." } else { "" };
        format!("{numbers} and {} of text ({}{more})", texts.len(), named.join(", "))
    }

    /// The columns that the model does not use, as later tables name them.
    pub(crate) fn left_out(&self) -> Vec<String> {
        [self.with_role(Role::LeftOut), self.with_role(Role::Class)].concat()
    }

    /// The columns with a role, in words: columns without a name have their number.
    pub(crate) fn shown(&self, role: Role) -> Vec<String> {
        let fields = self.roles.iter().enumerate().filter(|(_, other)| **other == role);
        let name = |(field, _)| Some(self.name(field)).filter(|name| !name.is_empty());
        fields.map(|at| name(at).unwrap_or_else(|| (at.0 + 1).to_string())).collect()
    }

    /// The arguments of `drop_columns` that leave out these fields and those that are left out already.
    #[cfg(feature = "tables")]
    pub(crate) fn arguments(&self, fields: &[usize]) -> String {
        let given = self.roles.iter().zip(0..).filter(|(role, _)| **role == Role::LeftOut);
        let all = given.map(|(_, field)| field).chain(fields.iter().copied());
        all.map(|field| self.argument(field)).collect::<Vec<_>>().join(",")
    }

    /// The name of a field; its number if there is no header.
    fn name(&self, field: usize) -> String {
        let names = self.header.as_deref().unwrap_or_default();
        names.get(field).cloned().unwrap_or_else(|| (field + 1).to_string())
    }

    /// "column 2 `pressure`".
    pub(crate) fn described(&self, field: usize) -> String {
        described(self.header.as_deref(), field)
    }

    /// The name of a field as an argument of `drop_columns`.
    pub(crate) fn argument(&self, field: usize) -> String {
        let names = self.header.as_deref().unwrap_or_default();
        match names.get(field) {
            Some(name) if !name.is_empty() && !name.contains([',', ' ', '"', '\'', '$']) => {
                name.clone()
            }
            _ => (field + 1).to_string(),
        }
    }

    /// The field of the model's first number.
    pub(crate) fn first(&self) -> Option<usize> {
        self.roles.iter().position(|role| *role == Role::Number(0))
    }

    /// Whether a field has the name that pandas gives to an index without a name.
    pub(crate) fn has_name_of_index(&self, field: usize) -> bool {
        let names = self.header.as_deref().unwrap_or_default();
        names.get(field).is_some_and(|name| name.is_empty() || name.starts_with("Unnamed: "))
    }

    /// The facts about the columns that a data set keeps.
    pub(crate) fn info(&self, missing: Vec<MissingCells>) -> TableInfo {
        let label = self.shown(Role::Class).into_iter().next();
        TableInfo { label, left_out: self.shown(Role::LeftOut), missing }
    }

    fn check_names(&self, counts: impl Fn(Role) -> bool) -> Result<(), FormatError> {
        let mut met = BTreeMap::new();
        for (field, name) in self.header.iter().flatten().enumerate() {
            if !counts(self.roles[field]) {
                continue;
            }
            if let Some(first) = met.insert(name, field) {
                let (first, second) = (first + 1, field + 1);
                return Err(FormatError::DuplicateColumn { name: name.clone(), first, second });
            }
        }
        Ok(())
    }
}

fn roles(fields: usize, label: Option<usize>, left_out: &[usize]) -> Vec<Role> {
    let mut places = 0..;
    (0..fields)
        .map(|field| match field {
            _ if Some(field) == label => Role::Class,
            _ if left_out.contains(&field) => Role::LeftOut,
            _ => Role::Number(places.next().unwrap_or_default()),
        })
        .collect()
}

/// The columns that are to be left out. The name of a list stands for the columns of all its numbers, `name[0]`, ..,
/// among the `known` names.
fn dropped(known: &[String], options: &ReadOptions) -> Vec<String> {
    let elements = |name: &String| {
        let all: Vec<String> =
            known.iter().filter(|other| is_element(other, name)).cloned().collect();
        if all.is_empty() || known.contains(name) { vec![name.clone()] } else { all }
    };
    options.drop_columns.iter().flat_map(elements).collect()
}

/// Whether a column is called `list[0]`, `list[1]`, ..
fn is_element(column: &str, list: &str) -> bool {
    let place = column.strip_prefix(list).and_then(|rest| rest.strip_prefix('['));
    let place = place.and_then(|rest| rest.strip_suffix(']'));
    place.is_some_and(|place| !place.is_empty() && place.bytes().all(|it| it.is_ascii_digit()))
}

/// The field of a column by its name or, if no column has this name, by its number.
fn find(header: Option<&[String]>, fields: usize, name: &str) -> Result<usize, FormatError> {
    let named = header.and_then(|header| header.iter().position(|other| other == name));
    let numbered = || {
        name.parse()
            .ok()
            .filter(|number| (1..=fields).contains(number))
            .map(|number: usize| number - 1)
    };
    named.or_else(numbered).ok_or_else(|| match header {
        Some(header) => FormatError::NoColumn { name: name.to_owned(), found: shown(header) },
        None => FormatError::NoHeader { name: name.to_owned(), columns: fields },
    })
}

fn described(header: Option<&[String]>, field: usize) -> String {
    let number = field + 1;
    match header.and_then(|header| header.get(field)).map(|name| shortened(name)) {
        Some(name) if name.is_empty() => format!("column {number} (without a name)"),
        Some(name) => format!("column {number} `{name}`"),
        None => format!("column {number}"),
    }
}

/// The first names of a header, for a message.
fn shown(header: &[String]) -> String {
    let names: Vec<String> = header.iter().take(20).map(|name| shortened(name)).collect();
    names.join(", ") + if header.len() > 20 { ", ..." } else { "" }
}

fn quoted(names: &[&str]) -> String {
    let first: Vec<String> =
        names.iter().take(10).map(|name| format!("`{}`", shortened(name))).collect();
    let more =
        if names.len() > 10 { format!(" and {} more", names.len() - 10) } else { String::new() };
    first.join(", ") + &more
}

/// Text from a file for a message: shortened, and without control characters.
pub(crate) fn shortened(text: &str) -> String {
    text.chars().take(40).flat_map(char::escape_debug).collect()
}

#[cfg(test)]
mod tests;
