//! The question of a spec that nobody wrote one for.

use super::Spec;

/// That of images.
pub(super) const ABOUT_IMAGES: &str = "How well does this autoencoder reconstruct these images?";
/// That of a table.
const ABOUT_ROWS: &str = "How well does this autoencoder reconstruct these rows?";

impl Spec {
    /// Asks about rows, unless a question was written.
    pub(crate) fn ask_about_rows(&mut self) {
        if self.question == ABOUT_IMAGES {
            ABOUT_ROWS.clone_into(&mut self.question);
        }
    }
}
