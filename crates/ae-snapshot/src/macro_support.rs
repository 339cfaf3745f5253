//! What the macro expands to; not part of the interface.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

pub use insta;

use insta::Settings;

pub use crate::comparator::Finding;
use crate::comparator::ThousandthsComparator;
use crate::{PictureError, Pictures};

/// The snapshot's text.
///
/// # Panics
/// If the images cannot be compared.
pub fn text_of<I>(images: I) -> String
where
    Pictures: TryFrom<I, Error = PictureError>,
{
    match Pictures::try_from(images) {
        Ok(pictures) => crate::text::write(&pictures),
        Err(error) => panic!("no snapshot can be made: {error}"),
    }
}

/// The caller's settings of insta, with our comparison.
///
/// # Panics
/// If the tolerance is not a number from 0.001 to 1.
pub fn settings(tolerance: f64, finding: &Finding) -> Settings {
    assert!(
        (0.001..=1.0).contains(&tolerance),
        "expected a tolerance from 0.001, the unit of the snapshots, to 1, found {tolerance}"
    );
    let mut settings = Settings::clone_current();
    settings.set_comparator(Box::new(ThousandthsComparator::new(tolerance, finding.clone())));
    settings
}

/// Runs insta's assertion. If it fails because of a comparison, the sentence about it is returned.
///
/// # Panics
/// If the assertion fails for another reason, as it does.
pub fn failure(finding: &Finding, assertion: impl FnOnce()) -> Option<String> {
    let panic = catch_unwind(AssertUnwindSafe(assertion)).err()?;
    match finding.sentence() {
        Some(sentence) => Some(format!("{}: {sentence}", message(panic.as_ref()))),
        None => resume_unwind(panic),
    }
}

fn message(panic: &dyn Any) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("snapshot assertion failed")
}
