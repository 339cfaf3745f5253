//! The classes of a table.

use crate::DatasetError;
use crate::images::MAX_CLASSES;

/// Classes by name to labels by the sorted names, as numbers if all are.
pub(crate) fn label(classes: &[String]) -> Result<(Vec<u8>, Vec<String>), DatasetError> {
    let mut names = classes.to_vec();
    names.sort_by(|a, b| match (a.parse::<f64>(), b.parse::<f64>()) {
        (Ok(x), Ok(y)) => x.total_cmp(&y).then_with(|| a.cmp(b)),
        // Numbers before words.
        (Ok(_), Err(_)) => std::cmp::Ordering::Less,
        (Err(_), Ok(_)) => std::cmp::Ordering::Greater,
        (Err(_), Err(_)) => a.cmp(b),
    });
    names.dedup();
    if names.len() > MAX_CLASSES {
        return Err(DatasetError::TooManyClasses { found: names.len() });
    }
    let places: std::collections::BTreeMap<&String, u8> = names.iter().zip(0..=u8::MAX).collect();
    let labels = classes.iter().filter_map(|class| places.get(class).copied()).collect();
    Ok((labels, names))
}
