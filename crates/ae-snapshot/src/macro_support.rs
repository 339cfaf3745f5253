//! What the macro expands to; no part of the interface.

pub use insta;

use insta::Settings;

use crate::comparator::ThousandthsComparator;
use crate::{PictureError, Pictures};

/// The snapshot's text.
///
/// # Panics
/// If the images cannot be pictures.
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
pub fn settings(tolerance: f64) -> Settings {
    assert!(
        (0.001..=1.0).contains(&tolerance),
        "expected a tolerance from 0.001, the unit of the snapshots, to 1, found {tolerance}"
    );
    let mut settings = Settings::clone_current();
    settings.set_comparator(Box::new(ThousandthsComparator::new(tolerance)));
    settings
}
