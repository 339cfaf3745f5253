//! What a folder of any contents holds, and what keeps it from being a data set of pictures.

mod report;
mod walk;

use std::path::Path;

use crate::{DatasetError, Progress};
pub use report::{
    ClassCount, FolderSurvey, KindCount, SizeCount, SkipReason, SkippedFiles, TrainingNeed,
};

/// The most files and folders that are looked at.
const MAX_ENTRIES: usize = 1 << 20;

/// Looks at all files of a folder and reports their kinds, the sizes and colours of the pictures, the classes, and what
/// would not be read. Only headers are read, of at most 1 048 576 files.
///
/// Unlike [`load`](crate::load), it accepts pictures of different sizes, damaged files, and pictures beside subfolders of
/// pictures; [`FolderSurvey::needs`] says what to do about them.
///
/// # Errors
/// If the folder itself cannot be listed.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use ae_dataset::{TrainingNeed, survey_folder};
///
/// let folder = tempfile::tempdir()?;
/// std::fs::write(folder.path().join("notes.txt"), "no picture")?;
/// let survey = survey_folder(folder.path(), &mut ())?;
/// assert_eq!((survey.files, survey.pictures), (1, 0));
/// assert_eq!(survey.needs(), [TrainingNeed::Pictures]);
/// # Ok(())
/// # }
/// ```
pub fn survey_folder(
    folder: &Path,
    progress: &mut dyn Progress,
) -> Result<FolderSurvey, DatasetError> {
    walk::survey(folder, MAX_ENTRIES, progress)
}
