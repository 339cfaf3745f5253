//! The warning about items that were left out.

use std::path::Path;

/// Warns once of items that were left out, if there are any.
pub(crate) fn warn_of_skipped(path: &Path, items: &str, skipped: usize, total: usize) {
    let path = path.display();
    if 2 * skipped > total {
        tracing::warn!("{path}: {skipped} of {total} {items} left out, more than half of them");
    } else if skipped > 0 {
        tracing::warn!("{path}: {skipped} of {total} {items} left out");
    }
}
