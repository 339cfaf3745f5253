//! The report of a survey.

use std::fmt;
use std::path::PathBuf;

use crate::FileKind;
use crate::limits::MAX_CLASSES;

/// What a folder holds; made by [`survey_folder`](crate::survey_folder).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct FolderSurvey {
    /// The number of files, in all subfolders, without hidden ones.
    pub files: usize,
    /// Whether all files were looked at. If not, there are more than the survey accepts.
    pub is_complete: bool,
    /// The kinds of files, the most frequent first.
    pub kinds: Vec<KindCount>,
    /// The number of pictures that would be read: files with a readable header; of a TIFF with several pages, the first.
    pub pictures: usize,
    /// The sizes of these pictures, the most frequent first.
    pub sizes: Vec<SizeCount>,
    /// The number of grey pictures.
    pub grey: usize,
    /// The number of coloured pictures.
    pub coloured: usize,
    /// The number of pictures with 16 bits per value.
    pub of_16_bits: usize,
    /// The number of pictures with an opacity, which may be opaque everywhere.
    pub with_opacity: usize,
    /// The subfolders with pictures, sorted by name: each is a class.
    pub classes: Vec<ClassCount>,
    /// The number of pictures directly in the folder, or directly in one of its parts: they have no class.
    pub without_class: usize,
    /// The subfolders `train` and `val` or `test`, if the folder has such parts. Their subfolders are the classes.
    pub parts: Vec<ClassCount>,
    /// What would not be read, by reason.
    pub skipped: Vec<SkippedFiles>,
}

/// The number of files of a kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KindCount {
    /// The kind.
    pub kind: FileKind,
    /// The number of files.
    pub files: usize,
}

/// The number of pictures of a size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SizeCount {
    /// Rows of the upright picture.
    pub height: usize,
    /// Columns of the upright picture.
    pub width: usize,
    /// The number of pictures.
    pub pictures: usize,
}

/// The number of pictures in a subfolder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassCount {
    /// The name of the subfolder.
    pub name: String,
    /// The number of pictures in it and below it.
    pub pictures: usize,
}

/// Files or folders that would not be read for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkippedFiles {
    /// The reason.
    pub reason: SkipReason,
    /// The number of files or folders.
    pub count: usize,
    /// The first of them, at most 5, relative to the folder.
    pub first: Vec<PathBuf>,
}

/// Why a file or folder would not be read. As text it is a phrase such as "hidden".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum SkipReason {
    /// A picture whose header cannot be read, or another file with a picture's name.
    DamagedPicture,
    /// A picture whose name does not end as that of a picture does.
    OtherEnding,
    /// A table, an array or an IDX file: a data set of its own.
    DataFile,
    /// Any other file.
    NotAPicture,
    /// A file or folder that cannot be opened.
    Unreadable,
    /// A pipe, a device or a link that leads nowhere.
    NotAFile,
    /// Its name begins with a dot.
    Hidden,
    /// A link to a folder.
    LinkToFolder,
    /// A folder without pictures in it or below it.
    FolderWithoutPictures,
    /// An entry beside the subfolders `train` and `val` or `test`.
    BesideParts,
}

/// What to do before a folder can be loaded as a data set of pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TrainingNeed {
    /// There are no pictures, and no other data: add pictures.
    Pictures,
    /// There are no pictures, but files that are data sets of their own: name one of these files instead of the folder.
    NameOneFile,
    /// There is one picture, and a data set needs two or more.
    MorePictures,
    /// Pictures are beside subfolders of pictures: move all into subfolders, or none.
    SeparatePictures {
        /// The number of pictures that are in no subfolder.
        without_class: usize,
    },
    /// There are more than 256 classes: merge some.
    FewerClasses {
        /// The number of classes.
        classes: usize,
    },
    /// The pictures have several sizes: set [`LoadOptions::size`](crate::LoadOptions::size) and
    /// [`ReadOptions::resize`](crate::ReadOptions::resize).
    Resize {
        /// The most frequent size.
        most_frequent: SizeCount,
        /// The number of pictures of other sizes.
        others: usize,
    },
    /// Some pictures are grey and some coloured: set [`LoadOptions::channels`](crate::LoadOptions::channels) to 1 or 3.
    /// Without it, all are read like the first one.
    Channels {
        /// The number of grey pictures.
        grey: usize,
        /// The number of coloured pictures.
        coloured: usize,
    },
    /// Some pictures may be transparent: set [`ReadOptions::background`](crate::ReadOptions::background).
    Background {
        /// The number of pictures with an opacity.
        with_opacity: usize,
    },
    /// Some pictures cannot be read: remove them, or set [`ReadOptions::bad`](crate::ReadOptions::bad) to
    /// [`BadItems::Skip`](crate::BadItems::Skip).
    SkipBad {
        /// The number of these pictures.
        damaged: usize,
    },
}

impl FolderSurvey {
    /// What to do before the folder can be loaded as a data set of pictures, the most important first. Empty if it can
    /// be loaded as it is.
    ///
    /// The survey reads headers only, so a picture with a sound header and damaged pixels is not counted.
    pub fn needs(&self) -> Vec<TrainingNeed> {
        if self.pictures == 0 {
            let has_data = self.skipped_for(SkipReason::DataFile) > 0;
            return vec![if has_data { TrainingNeed::NameOneFile } else { TrainingNeed::Pictures }];
        }
        let mut needs = Vec::new();
        if self.pictures == 1 && self.parts.is_empty() {
            needs.push(TrainingNeed::MorePictures);
        }
        if self.without_class > 0 && !self.classes.is_empty() {
            needs.push(TrainingNeed::SeparatePictures { without_class: self.without_class });
        }
        if self.classes.len() > MAX_CLASSES {
            needs.push(TrainingNeed::FewerClasses { classes: self.classes.len() });
        }
        if let [most_frequent, _, ..] = *self.sizes.as_slice() {
            let others = self.pictures - most_frequent.pictures;
            needs.push(TrainingNeed::Resize { most_frequent, others });
        }
        if self.grey > 0 && self.coloured > 0 {
            needs.push(TrainingNeed::Channels { grey: self.grey, coloured: self.coloured });
        }
        if self.with_opacity > 0 {
            needs.push(TrainingNeed::Background { with_opacity: self.with_opacity });
        }
        let damaged = self.skipped_for(SkipReason::DamagedPicture);
        if damaged > 0 {
            needs.push(TrainingNeed::SkipBad { damaged });
        }
        needs
    }

    /// The number of files or folders that would not be read for a reason.
    pub fn skipped_for(&self, reason: SkipReason) -> usize {
        let mut entries = self.skipped.iter().filter(|entry| entry.reason == reason);
        entries.next().map_or(0, |entry| entry.count)
    }
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DamagedPicture => {
                "damaged, of a kind that is not read, or not the picture that its name says"
            }
            Self::OtherEnding => {
                "picture whose name does not end in .png, .jpg, .tif, .webp, .bmp, .pgm or .gif"
            }
            Self::DataFile => "table, array or IDX file",
            Self::NotAPicture => "not a picture",
            Self::Unreadable => "cannot be opened",
            Self::NotAFile => "pipe, device or broken link",
            Self::Hidden => "hidden",
            Self::LinkToFolder => "link to a folder",
            Self::FolderWithoutPictures => "folder without pictures",
            Self::BesideParts => "beside the subfolders for training and testing",
        })
    }
}
